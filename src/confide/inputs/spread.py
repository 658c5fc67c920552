"""Rows spread over a whole column, for what cannot be looked at in full."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Ints

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, modulo 1, are spread evenly and follow no period that a table may have."""


def spread(rows: int, most: int) -> Ints:
    """Choose at most `most` rows from all over a column: always the same ones, in rising order.

    The first rows would show one part of a sorted table, and every k-th row one of a person's k rows. All
    rows are chosen where there are no more than `most`; two choices that meet in one row leave fewer.

    >>> spread(3, 5).tolist(), len(spread(10_000, 100))
    ([0, 1, 2], 100)
    """
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    return np.unique((np.arange(1, most + 1) * GOLDEN % 1 * rows).astype(np.int64))
