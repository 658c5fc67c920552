"""Local training: what a party of a collaboration does with the model that it received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from confide.core.access import BlackBox
from confide.core.arrays import Array, Rng
from confide.views.records import Records


class LocalLearner(Protocol):
    """A learner whose models are flat vectors of p parameters, which can be sent, clipped and summed."""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the parameters, in the order in which they stand in a vector."""
        ...

    def start(self, *, rng: Rng) -> Array:
        """The parameters of an untrained model, float32[p]."""
        ...

    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        """Train one model from each vector of parameters, each on records of its own.

        Args:
            starts: float32[K, p].
            records: of each of the K parties; none is empty.
            rngs: all randomness of each, so that a party's model does not depend on who trains beside it.

        Returns:
            the trained parameters, float32[K, p].
        """
        ...

    def gradients(self, starts: Array, records: Sequence[Records]) -> Array:
        """The gradient of the mean loss of each party's records at its parameters, float32[K, p]."""
        ...

    def model(self, parameters: Array) -> BlackBox:
        """The model with these parameters, float[p]."""
        ...


@runtime_checkable
class PlainDescent(Protocol):
    """A local learner that can say how it descends: what a party knows who reads updates for records."""

    def steps(self, records: int) -> int:
        """How many steps it takes on this many records."""
        ...

    @property
    def rate(self) -> float | None:
        """The learning rate of plain gradient descent; None for any other way of training."""
        ...
