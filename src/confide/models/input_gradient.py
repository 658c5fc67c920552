"""Gradients of a model's loss in its input: what an adversary climbs to make a picture of a class."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from confide.core.arrays import Array, Batch, Floats


@runtime_checkable
class HasInputGradient(Protocol):
    """A model that can say how its loss changes with its input."""

    def input_gradient(self, x: Batch, y: Array) -> tuple[Floats, Floats]:
        """The loss of each record, float64[n], and its gradient in the record, float64 shaped as `x`.

        Raises:
            KnowledgeError: if the model takes no numbers, or does not show it.
        """
        ...
