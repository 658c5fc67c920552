"""Infinitesimal jackknife: the variance of a mean of margin distances from the effect of each row on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

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


def effect_through_the_shuffle(truth: Floats, mixed: Sequence[Floats], shape: Sequence[int]) -> Floats:
    """The effect of a real row's cell on the distance of shuffled columns, float64[cells].

    A row moves the real margin itself, and by its value in each column the shuffled margins, which are the
    product of the columns' own shares.

    Args:
        truth: float64[cells], the real margin.
        mixed: the same margin of each shuffled file.
        shape: bins of each column.
    """
    margin = truth.reshape(shape)
    axes = range(len(shape))
    alone = [margin.sum(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    sign = np.mean([np.sign(truth - other) for other in mixed], axis=0).reshape(shape)
    effect = sign.copy()
    for axis in axes:
        others = [alone[a] for a in axes if a != axis]
        weight = reduce(np.multiply.outer, others) if others else np.ones(())
        through = np.moveaxis(sign, axis, 0).reshape(shape[axis], -1) @ weight.reshape(-1)
        effect -= through.reshape([-1 if a == axis else 1 for a in axes])
    return effect.reshape(-1)
