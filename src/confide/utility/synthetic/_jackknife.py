"""Infinitesimal jackknife: the variance of a mean of margin distances from the effect of each row on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.core.estimate import Estimate
from confide.measure.special import normal_quantile
from confide.utility.synthetic._binned import Margin
from confide.utility.synthetic.distances import MarginDistances

PRIOR = 2.0
"""Rows with an effect of 1, the largest, that a file's variance is averaged with: one row has no spread."""


@dataclass(frozen=True, slots=True)
class Averaged:
    """The mean of several drawn distances of one margin, and the variance of that mean."""

    value: float
    chance: float

    @classmethod
    def of(cls, truth: Margin, drawn: Sequence[Floats]) -> Averaged:
        """Of the margins of several files, from the real one."""
        each = np.array([apart(truth.share, share) for share in drawn])
        return cls(float(each.mean()), float(each.var(ddof=1)) / len(each))


def apart(one: Floats, other: Floats) -> float:
    """The total variation distance of two margins."""
    return float(np.abs(one - other).sum() / 2)


class Distances:
    """Distances of one margin after another, and the effect of each row of the files on all of them."""

    __slots__ = ("_each", "_spread", "_total")

    def __init__(self) -> None:
        self._each: list[float] = []
        self._spread: list[float] = []
        self._total: list[RowEffects] = []

    def add(self, distance: float, *effects: tuple[Margin, Floats]) -> None:
        """Add a margin.

        Args:
            distance: half a sum over cells.
            effects: of each file, its margin and the effect of each cell on that sum, float64[cells].
        """
        self._total = self._total or [RowEffects(margin) for margin, _ in effects]
        for total, (margin, effect) in zip(self._total, effects, strict=True):
            total.add(effect, margin.cells)
        self._each.append(distance)
        self._spread.append(sum(variance_of_cells(effect, margin) for margin, effect in effects) / 4)

    def found(
        self,
        columns: tuple[tuple[str, ...], ...],
        *,
        confidence: float,
        minus: Sequence[Averaged] = (),
        chance: Sequence[Averaged] = (),
    ) -> MarginDistances:
        """All distances with their intervals.

        Args:
            columns: of each margin.
            confidence: of the intervals.
            minus: what is subtracted from each, with its variance.
            chance: what each was averaged from, for its variance.
        """
        each, spread = np.array(self._each), np.array(self._spread)
        total = sum(rows.variance(len(each)) for rows in self._total) / 4
        for drawn in (minus, chance):
            if drawn:
                luck = np.array([one.chance for one in drawn])
                spread = spread + luck
                # The margins of one drawn file may move together: their mean is as uncertain as one of them.
                total += float(luck.mean())
        if minus:
            each = each - np.array([one.value for one in minus])
        value, half = float(each.mean()), float(normal_quantile((1 + confidence) / 2)) * sqrt(total)
        mean = Estimate(value, value - half, value + half, confidence)
        return MarginDistances(columns, each, np.sqrt(spread), mean)


class RowEffects:
    """The sum over margins of each row's effect on their distances, float32[n] for the n rows of a file."""

    __slots__ = ("_people", "_total")

    def __init__(self, first: Margin) -> None:
        self._people = first.people
        self._total: NDArray[np.float32] = np.zeros(len(first.cells), np.float32)

    def add(self, effect: Floats, cells: Ints) -> None:
        """Add the effect of the cell that each row is in."""
        self._total += np.take(effect.astype(np.float32), cells)

    def variance(self, margins: int) -> float:
        """The variance of the effects on a mean over this many margins."""
        return _variance(self._total / margins, self._people)


def variance_of_cells(effect: Floats, margin: Margin) -> float:
    """The variance of the mean effect of one margin's rows, from the effect of each of its cells."""
    if margin.people is not None:
        return _variance(effect[margin.cells], margin.people)
    mean = float(margin.share @ effect)
    return _averaged(max(float(margin.share @ effect**2) - mean**2, 0.0), len(margin.cells))


def _variance(effects: Array, people: Ints | None) -> float:
    """The variance of a mean of effects over n rows; the rows of one person count together."""
    n = len(effects)
    if people is None:
        return _averaged(float(effects.var(dtype=np.float64)), n)
    number = np.unique(people, return_inverse=True)[1]
    off = np.bincount(number, weights=effects - effects.mean(dtype=np.float64))
    return _averaged(float(off @ off) / n, n)


def _averaged(spread: float, n: int) -> float:
    return (n * spread + PRIOR) / (n + PRIOR) / n
