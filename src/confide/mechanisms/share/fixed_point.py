"""Fixed-point numbers with stochastic rounding: floats as whole numbers whose sum cannot overflow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.words import BITS, Words, secure_words
from confide.mechanisms.share.plan import RING

FINEST = 2.0**62
"""Steps in a unit at most: beyond, a float has no digits left to round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPoint:
    """Stochastic rounding to a grid: up or down by chance, so that the expected value is the number.

    Args:
        limit: the largest absolute value of a number; others are refused, as clipping is the learner's.
        steps: of the grid in a unit.

    Raises:
        PromiseError: if the grid cannot be used.

    >>> grid = FixedPoint.for_clients(100, limit=1.0)
    >>> grid.steps, grid.bound * 100 < 2**31
    (16777216.0, True)
    >>> whole = grid.rounded(np.array([0.5, -0.25]))
    >>> grid.floats(whole)
    array([ 0.5 , -0.25])
    """

    limit: float
    steps: float

    def __post_init__(self) -> None:
        if not (0 < self.limit < math.inf and 0 < self.steps <= FINEST and self.limit * self.steps >= 1):
            raise PromiseError(
                f"numbers up to {self.limit:g} in {self.steps:g} steps a unit: give a limit above 0, and "
                "steps so that it is at least one step."
            )

    @classmethod
    def for_clients(cls, clients: int, *, limit: float) -> FixedPoint:
        """The finest grid, of 2^k steps a unit, on which the sum of all clients fits 32 bits.

        Raises:
            PromiseError: if there is none.
        """
        most = (RING // 2 - 1) // max(clients, 1) - 1  # one step for rounding up
        if not 0 < limit < math.inf or most < 1:
            raise PromiseError(f"numbers up to {limit:g} of {clients:,} clients do not fit 32 bits.")
        return cls(limit=limit, steps=2.0 ** math.floor(math.log2(most / limit)))

    @property
    def bound(self) -> int:
        """The largest whole number that rounding can give: the bound of a `SumPlan`."""
        return math.ceil(self.limit * self.steps)

    def rounded(self, values: Array, *, words: Words = secure_words) -> Ints:
        """The numbers on the grid, int64[n]: each is one of its two neighbours, and itself on average.

        Args:
            values: float[n].
            words: the source of chance.

        Raises:
            DataError: if a number is not finite, or beyond the limit.
        """
        given = np.asarray(values, np.float64)
        if given.ndim != 1:
            raise DataError(f"numbers of shape {given.shape}: give one vector.")
        wrong = np.flatnonzero(~(np.abs(given) <= self.limit))  # written so that NaN is wrong too
        if wrong.size:
            raise DataError(
                f"{wrong.size:,} of {given.size:,} numbers are beyond {self.limit:g} or not finite, the "
                f"first is {given[wrong[0]]:g}, at {wrong[0]}: clip them first, and look for NaN in training."
            )
        scaled = given * self.steps
        low = np.floor(scaled)
        up = words(given.size) < (scaled - low) * 2.0**BITS
        return low.astype(np.int64) + up

    def floats(self, whole: Array) -> Floats:
        """Whole numbers, or sums of them, as floats again."""
        return np.asarray(whole, np.float64) / self.steps
