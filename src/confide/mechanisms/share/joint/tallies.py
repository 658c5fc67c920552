"""Sums, means, variances, histograms and contingency tables of rows that several parties hold."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import Totals

MOST_CELLS = 1_000_000
"""Cells of a table at most."""


async def moments(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Count, sums, means and variances of each column; only the count and the first two moments are opened.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds.
        totals: that add up.

    Raises:
        DataError: if there are fewer than two rows altogether.
    """
    low, high = _bounds(plan)
    middle, half = (low + high) / 2, (high - low) / 2
    bounds = np.concatenate([[1.0], half, half**2]) * plan.rows
    mine = None
    if rows is not None:
        centred = rows - middle
        mine = np.concatenate([[len(rows)], centred.sum(0), (centred**2).sum(0)])
    total = await totals(mine, bounds)
    count, first, second = total[0], *np.split(total[1:], 2)
    if count < 2:
        raise DataError(f"{count:.0f} rows of all parties together: a variance needs two.")
    variance = np.maximum((second - first**2 / count) / (count - 1), 0)
    mean = middle + first / count
    return {"count": np.array([count]), "sum": mean * count, "mean": mean, "variance": variance}


async def histogram(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Counts of each column in bins of equal width between its bounds: float64[columns, bins], exact.

    The number of bins is the plan's setting "bins", 10 if it has none. The last bin holds its upper end.
    """
    bins = int(plan.setting("bins", 10))
    low, high = _bounds(plan)
    mine = None
    if rows is not None:
        place = np.clip(((rows - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
        mine = np.concatenate([np.bincount(column, minlength=bins) for column in place.T]).astype(np.float64)
    total = await totals(mine, np.full(bins * len(low), float(plan.rows)))
    return {"counts": total.reshape(len(low), bins)}


async def table(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """The contingency table of columns of whole codes, from the lower to the upper bound of each, exact.

    Raises:
        DataError: if a value is no whole number, or there are too many cells.
    """
    low, high = _bounds(plan)
    shape = tuple(int(width) for width in high - low + 1)
    cells = int(np.prod(shape, dtype=object))
    if cells > MOST_CELLS:
        raise DataError(
            f"a table of {cells:,} cells: {MOST_CELLS:,} is the most; take fewer columns or codes."
        )
    mine = None
    if rows is not None:
        codes = rows - low
        if (codes != np.rint(codes)).any():
            raise DataError("a table needs whole codes: number the values of each column first.")
        flat = np.ravel_multi_index(tuple(codes.astype(np.int64).T), shape)
        mine = np.bincount(flat, minlength=cells).astype(np.float64)
    return {"counts": (await totals(mine, np.full(cells, float(plan.rows)))).reshape(shape)}


def _bounds(plan: JointPlan) -> tuple[Floats, Floats]:
    return np.array([c.low for c in plan.columns]), np.array([c.high for c in plan.columns])
