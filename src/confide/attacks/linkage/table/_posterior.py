"""The posterior of a row among all rows of a release, and against that the person has none."""

from __future__ import annotations

import numpy as np

from confide.attacks.linkage.table._cells import Cells, Column


def log_odds(log_ratio: Column, best: int, cells: Cells, present: float) -> float:
    """log(posterior / (1 - posterior)) of one row like `best`: against all other rows, and against none.

    Args:
        log_ratio: float32[q], of each distinct row.
        best: one of these.
        cells: the release.
        present: the chance that the person has a row at all.
    """
    top = log_ratio[best]
    ratio = np.exp(log_ratio - top) * cells.count
    others = present / cells.people * (ratio.sum() - 1) + (1 - present) * np.exp(-top)
    return float(np.log(present / cells.people) - np.log(others))
