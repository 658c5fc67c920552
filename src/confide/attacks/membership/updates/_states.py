"""A model with its earlier states, whatever kind of white box it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.access import Softenable, Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep


@dataclass(frozen=True, slots=True, eq=False)
class WithStates:
    """A white box that shows these earlier states, oldest first.

    Args:
        model: the last state.
        snapshots: the earlier ones.
    """

    model: WhiteBox
    snapshots: tuple[WhiteBox, ...]

    @property
    def task(self) -> Task:
        return self.model.task

    @property
    def layers(self) -> tuple[str, ...]:
        return self.model.layers

    def predict(self, x: Batch) -> Floats:
        return self.model.predict(x)

    def labels(self, x: Batch) -> Array:
        return self.model.labels(x)

    def weights(self) -> tuple[Floats, ...]:
        return self.model.weights()

    def penalty_gradient(self) -> tuple[Floats, ...]:
        return self.model.penalty_gradient()

    def loss(self, x: Batch, y: Array) -> Floats:
        return self.model.loss(x, y)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self.model.gradient(x, y, layers=layers)

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        return self.model.gradient_norms(x, y)

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        return self.model.gradient_along(x, y, direction)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self.model.gradient_gram(x, y, layers=layers)

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        return self.model.layer_outputs(x, layers=layers)

    def softened(self, temperature: float) -> WhiteBox:
        """The same states with gradients at a temperature."""
        if not isinstance(self.model, Softenable):
            raise KnowledgeError(
                keep("this model shows no gradients at a temperature: ask at temperature 1.")
            )
        return WithStates(self.model.softened(temperature), self.snapshots)
