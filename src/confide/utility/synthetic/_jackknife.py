"""Infinitesimal jackknife: the variance of a mean of margin distances from the effect of each row on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.utility.synthetic._binned import Binned

PRIOR = 2.0
"""Rows with an effect of 1, the largest, that a file's variance is averaged with: one row has no spread."""


class RowEffects:
    """The sum over margins of each row's effect on their distances, float32[n] for the n rows of a file."""

    __slots__ = ("file", "total")

    def __init__(self, file: Binned) -> None:
        self.file = file
        self.total: NDArray[np.float32] = np.zeros(len(file), np.float32)

    def add(self, effect: Floats, cells: Ints) -> None:
        """Add the effect of the cell that each row is in."""
        self.total += np.take(effect.astype(np.float32), cells)


def variance(effects: Array, people: Ints | None) -> float:
    """The variance of a mean of effects over n rows; the rows of one person count together."""
    n = len(effects)
    if people is None:
        spread = float(effects.var(dtype=np.float64)) if n else 0.0
        return _averaged(spread, n)
    number = np.unique(people, return_inverse=True)[1]
    off = np.bincount(number, weights=effects - effects.mean(dtype=np.float64))
    return _averaged(float(off @ off) / n, n)


def variance_of_cells(effect: Floats, cells: Ints, share: Floats, people: Ints | None) -> float:
    """The same for one margin: the effect of each of its cells, and the share of rows that are there."""
    if people is not None:
        return variance(effect[cells], people)
    mean = float(share @ effect)
    return _averaged(max(float(share @ effect**2) - mean**2, 0.0), len(cells))


def _averaged(spread: float, n: int) -> float:
    return (n * spread + PRIOR) / (n + PRIOR) / n
