"""Distances of targets to their nearest rows, worked out once for all attacks that ask."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from confide.core.arrays import Floats
from confide.views.table import Table
from confide.views.table_nearest import Packed

NEIGHBOURS = 5
"""As many are found for the attack that asks first, so that the others need not search again."""

CLOSEST = 1e-3
"""Rows that are nearer count as equal: a thousandth of one column."""

_INDEXED: WeakKeyDictionary[Table, tuple[Floats, Packed]] = WeakKeyDictionary()
_FOUND: WeakKeyDictionary[Table, WeakKeyDictionary[Table, tuple[Floats, Floats]]] = WeakKeyDictionary()


def distances(targets: Table, rows: Table, units: Floats, *, count: int = 1) -> Floats:
    """The distances of each target to its `count` nearest rows, rising: float64[t, count].

    The distance of Gower (1971), summed over the d columns: 0 or 1 for a category, and for a number the
    difference over the range of the column, at most 1. Where there are fewer rows than asked for, those that
    are missing are d away.

    Args:
        targets: precise.
        rows: precise, under the same domains.
        units: float64[d], the range of each column, by `ranges` of rows that the adversary holds: a
            target's own number must not set the scale.
    """
    known = _FOUND.setdefault(targets, WeakKeyDictionary()).get(rows)
    if known is not None and known[1].shape[1] >= count and (known[0] == units).all():
        return known[1][:, :count]
    most = max(count, NEIGHBOURS)
    far = np.full((len(targets), most), float(len(rows.domains)))
    if len(rows):
        _, found = _index(rows, units).nearest(targets, count=most)
        far[:, : found.shape[1]] = found
    _FOUND[targets][rows] = units, far
    return far[:, :count]


def _index(rows: Table, units: Floats) -> Packed:
    known = _INDEXED.get(rows)
    if known is None or (known[0] != units).any():
        known = _INDEXED[rows] = units, Packed.of(rows, units=units)
    return known[1]
