"""Access to a model as a type: label-only, black-box and white-box views.

An attack names the view that it needs in the annotation of its `case`; a game shows a view. `LabelOnly` shows
the least, `WhiteBox` the most. Each view below also does everything that the views above it do::

    LabelOnly   the winning class of each query
    BlackBox    the same, and the scores of all classes
    WhiteBox    the same, and the parameters, every layer's outputs, losses and gradients

A release of records is seen as a whole: its view is the records (`Interactions`, `Traces`, `Pictures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from confide.core.arrays import Array, Batch, Floats
from confide.core.language import later

# The task decides what `predict` means: logits of classes, or values.
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
        """The scores: logits float64[n, C] in classification, values float64[n, 1] in regression.

        A model that gives probabilities p answers with `log(p + 1e-45)`. A logit differs from a
        log-probability by one constant in each row, so everything computed from it is the same.
        """
        ...


@runtime_checkable
class WhiteBox(BlackBox, Protocol):
    """A model whose parameters are published.

    Its p parameters belong to L layers. Each part of the model that owns parameters is a layer. Parameters
    that several parts share belong to the first of them. Layers stand in the order of the parameters.
    All gradients are those of the training loss of one record, without any penalty on the parameters.
    """

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the L layers."""
        ...

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        """Earlier states of the same training run that are published too, oldest first; usually none."""
        ...

    def weights(self) -> tuple[Floats, ...]:
        """The parameters of each layer, flattened: L arrays float64[p_l]."""
        ...

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The gradient of the penalty that training added to the loss, up to one factor, shaped as `weights`.

        With the usual weight decay it equals the weights. It is 0 for a parameter without penalty.
        """
        ...

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]."""
        ...

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """Each record's gradient in the parameters of these layers (all by default), float64[n, p].

        Raises:
            KnowledgeError: if a layer does not exist; the message lists those that do.
        """
        ...

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        ...

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (shaped as `weights`), by layer: float64[n, L]."""
        ...

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n]."""
        ...

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """The outputs of these layers (all by default) for each record, flattened: float64[n, f_l] each."""
        ...


@runtime_checkable
class Softenable(Protocol):
    """A white box that can compute its gradients at a temperature."""

    def softened(self, temperature: float) -> WhiteBox:
        """The same model with the training loss computed from logits / temperature.

        In a well-fitted model the gradients at temperature 1 are tiny and irregular. At a higher
        temperature they resemble the gradients that trained the model.

        Raises:
            KnowledgeError: if the model cannot do this.
        """
        ...


# From the most to the least: `access_of` takes the first that fits, and a white box is a black box too.
LADDER: tuple[tuple[str, type], ...] = (
    (later("white-box"), WhiteBox),
    (later("black-box"), BlackBox),
    (later("label-only"), LabelOnly),
    (later("blind"), object),
)
"""Each kind of access by its name, from the most to the least."""


def access_of(view: object) -> str:
    """The name of the strongest access that a view gives: 'white-box' ... 'blind'."""
    # `object` is the last rung, so that every view gets a name.
    return next(name for name, kind in LADDER if isinstance(view, kind))
