"""What a release shows: access is a type.

An attack asks for a view by the annotation of its `case`; a game shows one. `LabelOnly` shows least,
`WhiteBox` most, and each view can do all that the one above it can::

    LabelOnly   the winning class of each query
    BlackBox    ... and the scores of all classes
    WhiteBox    ... and the inside: losses and gradients in the parameters
"""

from __future__ import annotations

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
    """A model whose parameters are published."""

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]."""
        ...

    def gradient(self, x: Batch, y: Array) -> Floats:
        """The gradient of each record's loss in all parameters, float64[n, p]."""
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
