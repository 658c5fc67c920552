"""What published contingency tables are still good for: how far counts are off, and how many are hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.estimate import Measured
from confide.core.language import later
from confide.views.crosstabs import Crosstabs

ERROR, EXACT = later("relative error"), later("counts shown exactly")


def accuracy(releases: Sequence[tuple[Crosstabs, Crosstabs]]) -> Measured:
    """How close published counts are to the true ones, over all cells of all blocks.

    A reader takes a hidden or rounded count for the middle of what it may be.

    Args:
        releases: the published tables of each block, and the same with the true counts.

    Returns:
        relative error: the sum of the absolute errors of all cells, divided by the sum of the true counts;
        counts shown exactly: the share of cells that show the true count.

    >>> from confide.views.table import Domain, Table
    >>> sex = Domain("sex", ("f", "m"))
    >>> true = Crosstabs.of(Table.of([sex], np.array([[0], [0], [1]])), [["sex"]])
    >>> accuracy([(true.hiding(4), true)])
    {'relative error': 0.3333333333333333, 'counts shown exactly': 0.0}
    """
    off, total, exact, cells = 0.0, 0, 0, 0
    for view, true in releases:
        for shown, counted in zip(view.tables, true.tables, strict=True):
            off += float(np.abs((shown.low + shown.high) / 2 - counted.low).sum())
            total += int(counted.low.sum())
            exact += int((~shown.hidden & (shown.low == counted.low)).sum())
            cells += len(shown)
    return {ERROR: off / max(total, 1), EXACT: exact / max(cells, 1)}
