"""Sums, means, variances, histograms and contingency tables of rows that several parties hold."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint.exactness import covariance_errors, moment_errors
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import SharedFindingError, Totals, errors

MOST_CELLS = 1_000_000
"""Cells of a table at most."""


async def sums(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Sums of each column; nothing else is opened.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds.
        totals: that add up.
    """
    reach = np.array([column.reach for column in plan.columns])
    return {"sum": await totals(None if rows is None else rows.sum(0), reach * plan.rows)}


async def means(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Count, sums and means of each column; only the count and the sums are opened.

    Raises:
        SharedFindingError: if there is less than one row altogether.
    """
    count, centred, _ = await _moments(rows, plan, totals, orders=1)
    mean = _middle(plan) + centred / count
    return {"count": np.array([count]), "sum": mean * count, "mean": mean}


async def moments(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Count, sums, means and variances of each column; only the count and the first two moments are opened.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds.
        totals: that add up.

    Raises:
        SharedFindingError: if there are fewer than two rows altogether.
    """
    count, centred, squares = await _moments(rows, plan, totals, orders=2)
    mean = _middle(plan) + centred / count
    variance = np.maximum((squares - centred**2 / count) / (count - 1), 0)
    found = {"count": np.array([count]), "sum": mean * count, "mean": mean, "variance": variance}
    if plan.epsilon is not None:
        return found
    return {**found, "error": _variance_errors(count, centred, squares, plan)}


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


async def _moments(
    rows: Floats | None, plan: JointPlan, totals: Totals, *, orders: int
) -> tuple[float, Floats, Floats]:
    """The count, and the sums of powers of the columns less the middle of their bounds, up to this order."""
    low, high = _bounds(plan)
    powers = np.arange(1, orders + 1)[:, None]
    mine = None
    if rows is not None:
        centred = rows - _middle(plan)
        mine = np.concatenate([[len(rows)], *((centred**power).sum(0) for power in powers)])
    bounds = np.concatenate([[1.0], (((high - low) / 2) ** powers).ravel()]) * plan.rows
    total = await totals(mine, bounds)
    if total[0] < orders:
        raise SharedFindingError(
            f"{total[0]:.0f} rows of all parties together: "
            f"{'a variance needs two' if orders == 2 else 'a mean needs one'}."
        )
    return float(total[0]), total[1 : 1 + len(low)], total[1 + len(low) :]


def _variance_errors(count: float, centred: Floats, squares: Floats, plan: JointPlan) -> Floats:
    """Bounds on the errors of variances, of which each column is looked at by itself."""
    low, high = _bounds(plan)
    half = (high - low) / 2
    words = np.concatenate([np.ones(1), half, half**2]) * plan.rows
    grid = errors(words, len(plan.owners))
    found: list[float] = []
    for place in range(len(half)):
        gram = np.array([[count, centred[place]], [centred[place], squares[place]]])
        off = moment_errors(gram, grid=0.0)
        off[0, 1] += grid[1 + place]
        off[1, 1] += grid[1 + len(half) + place]
        found.append(float(covariance_errors(gram, off)[0, 0]))
    return np.array(found)


def _bounds(plan: JointPlan) -> tuple[Floats, Floats]:
    return np.array([c.low for c in plan.columns]), np.array([c.high for c in plan.columns])


def _middle(plan: JointPlan) -> Floats:
    low, high = _bounds(plan)
    return (low + high) / 2
