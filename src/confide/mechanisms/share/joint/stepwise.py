"""Logistic regression and k-means with noise in every step, of rows that several parties hold.

One vector is opened in each of as many steps as the plan has, whatever the data: an end that came early would
tell of them. What follows from an opened vector is a function of it, and costs nothing more.

*Statement (logistic).* A record is divided by the bounds of its columns; x is a one before it, shortened to
the length C at most. With its gradient g = (t - p) x and its Hessian H = p (1 - p) x x', of which numbers off
the diagonal count twice, the vector (g / C, w H / C^2) with w = ((1 + sqrt 5) / 2)^(5/2) = 3.33 has a length
of at most 1.

*Proof.* Let q = |t - p|, so that p (1 - p) = q (1 - q), and |x| <= C. The square of the length is at most
q^2 + w^2 q^2 (1 - q)^2. It is at most 1 if w^2 <= (1 + q) / (q^2 (1 - q)) for all q below 1, which is least
where q + q^2 = 1: there it is the fifth power of the golden ratio. So the Hessian costs no noise beside that
of the gradient.

*Statement (k-means).* A record is moved and divided so that the bounds of each of d columns become -1 and 1.
It adds a one to the size of one cluster, and itself to its sums: a vector of length sqrt(1 + d) at most.
"""

from __future__ import annotations

import math

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint.fitting import scales, start
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import Totals

STEPS = 6
"""By itself: each more step takes a part of the budget from the others."""
CURVATURE = ((1 + math.sqrt(5)) / 2) ** 2.5
"""w of the statement."""
FLOOR = 0.5
"""Of curvature, in parts of the largest that noise alone shows: on Adult a half did best of .5, 1 and 2."""
SMALLEST = 3.0
"""Of a cluster that moves, in deviations of the noise on its size."""


def steps_of(plan: JointPlan) -> int:
    """How many vectors are opened."""
    return int(plan.setting("steps", STEPS))


def logistic_vector(plan: JointPlan) -> tuple[int, float]:
    """Numbers in a step's vector, and how far a record moves it."""
    width = len(plan.columns)
    return width + width * (width + 1) // 2, 1.0


def k_means_vector(plan: JointPlan) -> tuple[int, float]:
    """Numbers in a step's vector, and how far a record moves it."""
    return int(plan.setting("clusters", 2)) * (1 + len(plan.columns)), math.sqrt(1 + len(plan.columns))


async def logistic(
    rows: Floats | None, plan: JointPlan, totals: Totals, deviation: float
) -> dict[str, Floats]:
    """Logistic regression by Newton's method with noise in every gradient and Hessian; the target is 0 or 1.

    Curvature that the noise could have made is raised to half of what noise alone shows at most, which makes
    every Hessian definite and bounds what a step takes from the noise. The coefficients are those of the last
    step, whether it was the end or not.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds, and the settings "steps", "penalty" and "length", that of the longest record.
        totals: that add up, with noise.
        deviation: of the noise on each number.

    Raises:
        DataError: if the target has other values.
    """
    reach = scales(plan)[:-1]
    width, upper = len(reach) + 1, np.triu_indices(len(reach) + 1)
    twice = np.where(upper[0] == upper[1], 1.0, math.sqrt(2))
    ridge = np.concatenate([[0.0], plan.setting("penalty", 0.0) / reach**2])
    length = longest(plan)
    noise = length**2 / CURVATURE * deviation
    floor = FLOOR * noise * math.sqrt(2 * width)  # the largest eigenvalue of noise alone
    design, target = np.empty((0, width)), np.empty(0)
    if rows is not None:
        design, target = shortened(rows[:, :-1] / reach, length), rows[:, -1]
        if not np.isin(target, (0, 1)).all():
            raise DataError(f"the target {plan.columns[-1].name!r:.60} has other values than 0 and 1.")
    beta = np.zeros(width)
    for _ in range(steps_of(plan)):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design
        gradient = design.T @ (target - chance)
        mine = np.concatenate([gradient / length, hessian[upper] * twice * (CURVATURE / length**2)])
        total = await totals(None if rows is None else mine, np.full(len(mine), float(plan.rows)))
        curve = np.zeros((width, width))
        curve[upper] = total[width:] / twice * (length**2 / CURVATURE)
        curve = curve + np.triu(curve, 1).T + np.diag(ridge)
        values, axes = np.linalg.eigh(curve)
        downhill = total[:width] * length - ridge * beta
        beta = beta + axes @ ((axes.T @ downhill) / np.maximum(values, floor))
    return {"coefficients": beta * np.concatenate([[1.0], 1 / reach])}


def longest(plan: JointPlan) -> float:
    """C: the length of a record with its one at most. By itself no record is shortened."""
    whole = math.sqrt(len(plan.columns))
    return min(plan.setting("length", whole), whole)


def shortened(scaled: Floats, length: float) -> Floats:
    """Records with a one before each, shortened to this length; the one stays.

    Args:
        scaled: float64[n, d].
        length: above 1.

    >>> shortened(np.array([[3.0, 4.0], [0.3, 0.4]]), math.sqrt(2)).round(6).tolist()
    [[1.0, 0.6, 0.8], [1.0, 0.3, 0.4]]
    """
    sizes = np.linalg.norm(scaled, axis=1)
    most = math.sqrt(length**2 - 1)
    part = np.minimum(1.0, most / np.maximum(sizes, most))
    return np.column_stack([np.ones(len(scaled)), scaled * part[:, None]])


async def k_means(
    rows: Floats | None, plan: JointPlan, totals: Totals, deviation: float
) -> dict[str, Floats]:
    """Lloyd's algorithm from a public start, with noise in all sizes and sums of every step.

    A cluster whose size is not clearly above the noise stays where it is. Centres keep within the bounds.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds, and the settings "clusters", "steps" and "start".
        totals: that add up, with noise.
        deviation: of the noise on each number.
    """
    low, high = (np.array([getattr(c, end) for c in plan.columns]) for end in ("low", "high"))
    middle, half = (low + high) / 2, (high - low) / 2
    centres = start(plan)
    clusters, sizes = len(centres), np.zeros(len(centres))
    words, _ = k_means_vector(plan)
    for _ in range(steps_of(plan)):
        mine = None
        if rows is not None:
            nearest = ((rows[:, None, :] - centres) ** 2).sum(2).argmin(1)
            member = (nearest[:, None] == np.arange(clusters)).astype(np.float64)
            scaled = np.clip((rows - middle) / half, -1, 1)
            mine = np.concatenate([member.sum(0), (member.T @ scaled).ravel()])
        total = await totals(mine, np.full(words, float(plan.rows)))
        sizes, sums = total[:clusters], total[clusters:].reshape(clusters, -1)
        moves = sizes > max(SMALLEST * deviation, 1)
        places = np.clip(sums / np.where(moves, sizes, 1)[:, None], -1, 1)
        centres = np.where(moves[:, None], middle + half * places, centres)
    return {"centres": centres, "sizes": sizes}
