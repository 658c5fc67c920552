"""Residuals of margins: what a set of columns adds to the margins of its subsets (analysis of variance)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Floats

Columns: TypeAlias = tuple[int, ...]
"""By position, rising."""


def below(columns: Columns) -> list[Columns]:
    """All subsets, from the empty one to the set itself."""
    return [part for k in range(len(columns) + 1) for part in combinations(columns, k)]


def spread(sizes: Sequence[int], part: Columns, columns: Columns) -> int:
    """The cells of a margin of `columns` that are one cell of `part`."""
    return math.prod(int(sizes[c]) for c in columns if c not in part)


def residual(counts: Floats, columns: Columns, part: Columns) -> Floats:
    """What `part` adds to its subsets: the margin, summed over the other columns, centred along each axis."""
    found = np.asarray(counts, np.float64).sum(axis=tuple(i for i, c in enumerate(columns) if c not in part))
    for axis in range(len(part)):
        found = found - found.mean(axis=axis, keepdims=True)
    return found


def assembled(sizes: Sequence[int], columns: Columns, residuals: Mapping[Columns, Floats]) -> Floats:
    """The margin of these columns: the sum of the residuals below it, each spread evenly."""
    found = np.zeros([sizes[c] for c in columns])
    for part in below(columns):
        if part in residuals:
            shape = [sizes[c] if c in part else 1 for c in columns]
            found += residuals[part].reshape(shape) / spread(sizes, part, columns)
    return found


def clipped(margin: Floats, total: float) -> Floats:
    """The nearest margin of this total without a cell below 0, in the Euclidean norm."""
    flat = margin.reshape(-1)
    if flat.min() >= 0:
        return margin
    falling = np.sort(flat)[::-1]
    excess = (np.cumsum(falling) - max(total, 0.0)) / np.arange(1, flat.size + 1)
    return np.maximum(margin - excess[np.flatnonzero(falling >= excess)[-1]], 0.0)
