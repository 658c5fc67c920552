"""Models of several rounds as one white box, with earlier states, whatever kind of white box they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from confide.core.access import Softenable, Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """A white box of several models: it answers as the last, and their gradients stand one behind the other.

    Args:
        models: at least one, oldest first.
        snapshots: earlier states of the same, oldest first.
    """

    models: tuple[WhiteBox, ...]
    snapshots: tuple[WhiteBox, ...] = ()

    @property
    def task(self) -> Task:
        return self.models[-1].task

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(name for k in range(len(self.models)) for name in self._named(k))

    def predict(self, x: Batch) -> Floats:
        return self.models[-1].predict(x)

    def labels(self, x: Batch) -> Array:
        return self.models[-1].labels(x)

    def weights(self) -> tuple[Floats, ...]:
        return tuple(part for model in self.models for part in model.weights())

    def penalty_gradient(self) -> tuple[Floats, ...]:
        return tuple(part for model in self.models for part in model.penalty_gradient())

    def loss(self, x: Batch, y: Array) -> Floats:
        return self.models[-1].loss(x, y)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        parts = self._asked(layers, lambda model, names: model.gradient(x, y, layers=names))
        return np.concatenate(parts, axis=1)

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        return np.concatenate([model.gradient_norms(x, y) for model in self.models], axis=1)

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        ends = np.cumsum([len(model.layers) for model in self.models])
        parts = [
            model.gradient_along(x, y, direction[end - len(model.layers) : end])
            for model, end in zip(self.models, ends, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        parts = self._asked(layers, lambda model, names: model.gradient_gram(x, y, layers=names))
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        return total

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        parts = self._asked(layers, lambda model, names: model.layer_outputs(x, layers=names))
        return tuple(one for part in parts for one in part)

    def softened(self, temperature: float) -> WhiteBox:
        """The same models with gradients at a temperature."""
        soft = [model.softened(temperature) for model in self.models if isinstance(model, Softenable)]
        if len(soft) < len(self.models):
            raise KnowledgeError(
                keep("this model shows no gradients at a temperature: ask at temperature 1.")
            )
        return SideBySide(tuple(soft), self.snapshots)

    def _named(self, k: int) -> tuple[str, ...]:
        """The names of the layers of a model among those of all."""
        own = self.models[k].layers
        return own if len(self.models) == 1 else tuple(f"{k}/{name}" for name in own)

    def _asked(
        self, layers: Sequence[str] | None, ask: Callable[[WhiteBox, Sequence[str] | None], T]
    ) -> list[T]:
        """The answer of each model that has one of these layers, about those of its own."""
        found: list[T] = []
        for k, model in enumerate(self.models):
            own = dict(zip(self._named(k), model.layers, strict=True))
            wanted = None if layers is None else [own[name] for name in layers if name in own]
            if wanted is None or wanted:
                found.append(ask(model, wanted))
        return found
