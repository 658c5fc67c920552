"""The posterior of a row among all rows of a release, and against that the person has none."""

from __future__ import annotations

import numpy as np

from confide.attacks.linkage.table._cells import Column
from confide.core.arrays import Array, Floats


def log_odds(log_ratio: Column | Floats, count: Array, people: int, present: float) -> float:
    """log(posterior / (1 - posterior)) of one of the best rows: against all other rows, and against none.

    Args:
        log_ratio: [q], of rows that are told apart.
        count: int64[q], how many released rows are like each.
        people: all released rows.
        present: the chance that the person has a row at all.
    """
    top = log_ratio.max()
    ratio = np.exp(log_ratio - top) * count
    others = present / people * (ratio.sum() - 1) + (1 - present) * np.exp(-top)
    return float(np.log(present / people) - np.log(others))
