"""What a release shows: access is a type.

An attack asks for a view by the annotation of its `case`; a game shows one. `LabelOnly` shows least,
`WhiteBox` most, and each view can do all that the one above it can::

    LabelOnly   the winning class of each query
    BlackBox    ... and the scores of all classes
    WhiteBox    ... and the inside: the parameters, every layer's outputs, losses and gradients

A release of records is seen whole: its view is the records themselves (`Interactions`, `Traces`, `Pictures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from confide.core.arrays import Array, Batch, Floats

Task: TypeAlias = Literal["classification", "regression"]


@runtime_checkable
class LabelOnly(Protocol):
    """A model that answers each query with a class and nothing else."""

    def labels(self, x: Batch) -> Array:
        """The predicted class code, int64[n]."""
        ...


@runtime_checkable
class BlackBox(LabelOnly, Protocol):
    """A model that answers queries with scores."""

    @property
    def task(self) -> Task:
        """Whether `predict` answers with class scores or with values."""
        ...

    def predict(self, x: Batch) -> Floats:
        """Classification: logits float64[n, C]; regression: values float64[n, 1].

        A model that gives probabilities answers with `log(p + 1e-45)`: a logit is a log-probability
        up to one constant a row, so everything computed from it downstream is the same.
        """
        ...


@runtime_checkable
class WhiteBox(BlackBox, Protocol):
    """A model whose parameters are published.

    Its p parameters belong to L layers: whatever part of the model owns parameters is a layer, parameters
    that several parts share belong to the first, and layers come in the order of the parameters. All
    gradients are of the training loss of one record, without any penalty on the parameters.
    """

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the L layers."""
        ...

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        """Earlier states of the same training run that are published too, oldest first; mostly none."""
        ...

    def weights(self) -> tuple[Floats, ...]:
        """The parameters of each layer, flattened: L arrays float64[p_l]."""
        ...

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The gradient of the penalty that training added to the loss, up to one factor: as `weights`.

        With the usual weight decay these are the weights; a parameter that was not penalised has 0.
        """
        ...

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]."""
        ...

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """Each record's gradient in the parameters of these layers (all by default), float64[n, p].

        Raises:
            KnowledgeError: for a layer that does not exist; those that do are listed.
        """
        ...

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        ...

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (given as `weights` are), by layer: float64[n, L]."""
        ...

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n]."""
        ...

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """What these layers (all by default) answer for each record, flattened: float64[n, f_l] each."""
        ...


@runtime_checkable
class Softenable(Protocol):
    """A white box that can show its gradients at a temperature."""

    def softened(self, temperature: float) -> WhiteBox:
        """The same model, its training loss taken of logits / temperature: in a well fitted model the
        gradients of now are tiny and ragged, and those at a temperature look like the ones that trained it.

        Raises:
            KnowledgeError: if the model cannot.
        """
        ...


LADDER: tuple[tuple[str, type], ...] = (
    ("white-box", WhiteBox),
    ("black-box", BlackBox),
    ("label-only", LabelOnly),
    ("blind", object),
)
"""Every access by its name, from the most to the least."""


def access_of(view: object) -> str:
    """The name of the strongest access that a view gives: 'white-box' ... 'blind'."""
    return next(name for name, kind in LADDER if isinstance(view, kind))
