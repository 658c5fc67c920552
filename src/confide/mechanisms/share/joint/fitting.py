"""Least squares, ridge, logistic regression and k-means of rows that several parties hold, from opened sums.

What is opened beside the result: for least squares the moments; for logistic regression the summed gradient
and Hessian, for k-means the sums and sizes of clusters, of every step. Each is a statistic of all parties
together. Features are divided by their bounds first, so that no width depends on the data; coefficients are
in the units of the columns. The last column of the plan is the target.
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint.exactness import covariance_errors, moment_errors, solution_errors
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import SharedFindingError, Totals, errors

NEWTON_STEPS = 12
LLOYD_STEPS = 20
SINGULAR = 1e-13
"""The least eigenvalue relative to the largest below which columns determine each other in float64."""
UNFINISHED = 1e-6
"""Of the size of the coefficients: a last step of Newton's above it has not come to the end."""
DEPENDENT = "columns of the regression determine each other: leave one out, or set a penalty."
SEPARATED = (
    "the columns determine each other, or the target: there are no coefficients. Leave a column out, or set "
    "a penalty."
)


async def least_squares(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Least squares, or ridge with the plan's setting "penalty", by the normal equations.

    Raises:
        SharedFindingError: if columns determine each other.
    """
    gram = await moments(rows, plan, totals)
    return {**solved(gram, plan, grid=grid_of(plan)), "count": gram[:1, 0]}


async def covariance(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Count, means and covariances of the columns.

    Raises:
        SharedFindingError: if there are fewer than two rows altogether.
    """
    return covariances(await moments(rows, plan, totals), plan, grid=grid_of(plan))


async def moments(rows: Floats | None, plan: JointPlan, totals: Totals) -> Floats:
    """Sums of products of a column of ones and the scaled columns: float64[columns + 1, columns + 1].

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds.
        totals: that add up.
    """
    reach = scales(plan)
    width = len(reach) + 1
    upper = np.triu_indices(width)
    mine = None
    if rows is not None:
        design = np.column_stack([np.ones(len(rows)), rows / reach])
        mine = (design.T @ design)[upper]
    gram = np.zeros((width, width))
    gram[upper] = await totals(mine, np.full(len(upper[0]), float(plan.rows)))
    return gram + np.triu(gram, 1).T


def grid_of(plan: JointPlan) -> float:
    """The error of a moment on its grid."""
    words = (len(plan.columns) + 1) * (len(plan.columns) + 2) // 2
    return float(errors(np.full(words, float(plan.rows)), len(plan.owners))[0])


def covariances(gram: Floats, plan: JointPlan, *, grid: float) -> dict[str, Floats]:
    """Count, means and covariances from the moments of the scaled columns; without noise, errors too.

    Args:
        gram: float64[columns + 1, columns + 1], of a column of ones and the columns.
        plan: with bounds.
        grid: the error of a moment.

    Raises:
        SharedFindingError: if there are fewer than two rows altogether.
    """
    reach, count = scales(plan), float(gram[0, 0])
    if count < 2:
        raise SharedFindingError(f"{count:.0f} rows of all parties together: a covariance needs two.")
    mean = gram[0, 1:] / count
    spread = (gram[1:, 1:] - count * np.outer(mean, mean)) / (count - 1)
    np.fill_diagonal(spread, np.maximum(np.diag(spread), 0))  # rounding and noise reach below a variance of 0
    found = {
        "count": np.array([count]),
        "mean": mean * reach,
        "covariance": spread * np.outer(reach, reach),
    }
    if plan.epsilon is not None:
        return found
    off = covariance_errors(gram, moment_errors(gram, grid=grid))
    return {**found, "error": off * np.outer(reach, reach)}


def solved(gram: Floats, plan: JointPlan, *, grid: float) -> dict[str, Floats]:
    """The coefficients, intercept first, from the moments of the scaled columns: float64[columns].

    Without noise, bounds on their errors too.

    Args:
        gram: float64[columns + 1, columns + 1], of a column of ones, the features and the target.
        plan: with bounds and penalty.
        grid: the error of a moment.

    Raises:
        SharedFindingError: if columns determine each other.
    """
    reach = scales(plan)
    penalty = plan.setting("penalty", 0.0)
    system = gram[:-1, :-1] + np.diag([0.0, *(penalty / reach[:-1] ** 2)])
    size = np.sqrt(np.maximum(np.diag(system), 0))
    eigenvalues = np.linalg.eigvalsh(system / np.outer(size, size)) if size.all() else np.zeros(1)
    if not eigenvalues[0] > SINGULAR * eigenvalues[-1]:
        if plan.epsilon is not None:
            raise SharedFindingError(
                "the noise drowns the moments of this regression, and no coefficients follow from them: give "
                "more epsilon, closer bounds, or a larger penalty by ridge."
            )
        raise SharedFindingError(DEPENDENT)
    units = np.concatenate([[1.0], 1 / reach[:-1]]) * reach[-1]
    scaled = np.linalg.solve(system / np.outer(size, size), gram[:-1, -1] / size) / size
    if plan.epsilon is not None:
        return {"coefficients": scaled * units}
    off = moment_errors(gram, grid=grid)
    error = solution_errors(system, gram[:-1, -1], off[:-1, :-1], off[:-1, -1])
    if not np.isfinite(error).all():
        raise SharedFindingError(DEPENDENT)
    return {"coefficients": scaled * units, "error": error * units}


async def logistic(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Logistic regression by Newton's method; the target is 0 or 1.

    The number of steps is the plan's setting "steps", and not a matter of convergence, so that no two parties
    can differ about it. "penalty" is added to the squares of all coefficients but the intercept.

    Raises:
        DataError: if the target has other values.
        SharedFindingError: if there are no coefficients, or the steps did not reach them.
    """
    reach = scales(plan)[:-1]
    width, penalty = len(reach) + 1, plan.setting("penalty", 0.0)
    upper = np.triu_indices(width)
    bounds = np.concatenate([np.ones(width), np.full(len(upper[0]), 0.25)]) * plan.rows
    ridge = np.concatenate([[0.0], penalty / reach**2])
    design, target = np.empty((0, width)), np.empty(0)
    if rows is not None:
        design, target = np.column_stack([np.ones(len(rows)), rows[:, :-1] / reach]), rows[:, -1]
        if not np.isin(target, (0, 1)).all():
            raise DataError(f"the target {plan.columns[-1].name!r:.60} has other values than 0 and 1.")
    beta = step = np.zeros(width)
    for _ in range(int(plan.setting("steps", NEWTON_STEPS))):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design
        mine = None if rows is None else np.concatenate([design.T @ (target - chance), hessian[upper]])
        total = await totals(mine, bounds)
        curve = np.zeros((width, width))
        curve[upper] = total[width:]
        curve = curve + np.triu(curve, 1).T + np.diag(ridge)
        gradient = total[:width] - ridge * beta
        size = np.sqrt(np.maximum(np.diag(curve), 0))
        try:
            step = np.linalg.solve(curve / np.outer(size, size), gradient / size) / size
        except np.linalg.LinAlgError:
            step = np.full(width, np.nan)
        if not np.isfinite(step).all():
            raise SharedFindingError(SEPARATED)
        beta = beta + step
    units = np.concatenate([[1.0], 1 / reach])
    if plan.epsilon is None and np.abs(step).max() > UNFINISHED * (1 + np.abs(beta).max()):
        raise SharedFindingError(
            f"after {int(plan.setting('steps', NEWTON_STEPS))} steps the coefficients still move by "
            f"{np.abs(step).max() / (1 + np.abs(beta).max()):.1g} of their size: the columns may determine "
            "the target. Set a penalty, or more steps."
        )
    return {"coefficients": beta * units, "last step": np.abs(step) * units}


async def k_means(rows: Floats | None, plan: JointPlan, totals: Totals) -> dict[str, Floats]:
    """Lloyd's algorithm from a public start within the bounds.

    The plan's settings are "clusters", "steps" and "start", the seed of the start.
    """
    clusters, width = int(plan.setting("clusters", 2)), len(plan.columns)
    centres = start(plan)
    bounds = np.concatenate([np.ones(clusters), np.tile(scales(plan), clusters)]) * plan.rows
    sizes = np.zeros(clusters)
    for _ in range(int(plan.setting("steps", LLOYD_STEPS))):
        mine = None
        if rows is not None:
            nearest = ((rows[:, None, :] - centres) ** 2).sum(2).argmin(1)
            member = (nearest[:, None] == np.arange(clusters)).astype(np.float64)
            mine = np.concatenate([member.sum(0), (member.T @ rows).ravel()])
        total = await totals(mine, bounds)
        sizes, sums = total[:clusters], total[clusters:].reshape(clusters, width)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return {"centres": centres, "sizes": sizes}


def start(plan: JointPlan) -> Floats:
    """Where k-means begins: public, the same at every party, and not a function of any record."""
    low, high = (np.array([getattr(c, end) for c in plan.columns]) for end in ("low", "high"))
    rng = np.random.default_rng(int(plan.setting("start", 0)))
    return low + (high - low) * rng.random((int(plan.setting("clusters", 2)), len(low)))


def scales(plan: JointPlan) -> Floats:
    """What columns are divided by: the largest absolute value that each may have."""
    return np.array([column.reach for column in plan.columns])
