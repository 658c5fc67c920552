"""Smooth upper bounds on the privacy loss of cast votes (Nissim, Raskhodnikova, Smith 2007, definition 2.1).

The loss of the votes that were cast is a function of them, and one moved vote may change it much. A bound
that is above it, and whose logarithm no teacher changes by more than beta, can be published under noise.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.mechanisms.federate.gnmax_cost import MOVED, log_outvoted, renyi_of_answer, renyi_with_check

_STEP, _POINTS = 1 / 256, 32 * 256
"""The grid of sqrt(ln(1/q)); a chance below its last point, about e^-1024, is taken for that."""


def log_smooth_cost(
    counts: Ints, *, threshold: int, check: int, answer: int, order: int, beta: float
) -> float:
    """The logarithm F of a beta-smooth upper bound on the Renyi divergence of all queries, at one order.

    *Statement.* e^F is at least the divergence, at this order and in both directions, between labels of these
    votes and of any that differ in one teacher. For the votes of such neighbours |F - F'| <= beta.

    *Proof.* Let c_d(n) be `cost_within` of a query with counts n: for d = 0 at least its divergence, rising
    with d, and c_d(n') <= c_{d+1}(n) for n' with one vote moved. e^F is the maximum over d >= 0 of
    e^(-beta d) times the sum of c_d over all queries; d = 0 is the first part. One teacher moves one vote of
    each query. So for the other votes the maximum is at most that over d of e^(-beta d) times the sum of
    c_{d+1}(n): at most e^beta times the maximum for the votes themselves. The other way round it is the same.

    No c_d is above what holds for any votes; so d ends where e^(-beta d) times that is below what was found.

    Args:
        counts: of all public records that may be looked at, int64[m, C], m >= 1.
        threshold, check, answer: of the mechanism; the last two are the deviations of the noise.
        order: above 1.
        beta: above 0.

    >>> given = {"threshold": 200, "check": 80, "answer": 30, "order": 16, "beta": 0.02}
    >>> here, there = (log_smooth_cost(np.array([[v, 250 - v]]), **given) for v in (230, 229))
    >>> 0 < there - here <= 0.02
    True
    """
    different, times = np.unique(np.sort(counts, axis=1), axis=0, return_counts=True)
    most = math.log(1.01 * len(counts) * order * (1 / (2 * check**2) + 1 / answer**2))
    best, distance = -math.inf, 0
    while most - beta * distance > best:
        found = cost_within(different, distance, threshold=threshold, check=check, answer=answer, order=order)
        best = max(best, math.log(float(times @ found)) - beta * distance)
        distance += 1
    return best


def cost_within(
    counts: Ints, distance: int, *, threshold: int, check: int, answer: int, order: int
) -> Floats:
    """A bound on the Renyi divergence of one query, at any counts within this many moved votes, float64[m].

    The largest count moves by `distance` at most, and its gap to each other count by twice that. What an
    answer costs is read from a table that rises with q; its grid point above q is a bound for q as well,
    since `renyi_of_answer` holds for a chance of q *at most*.

    Args:
        counts: int64[m, C].
        distance: d, how many votes may move.
        threshold, check, answer, order: as of `log_smooth_cost`.
    """
    log_q = log_outvoted(counts, answer, moved=MOVED * (1 + distance))
    place = np.minimum(np.sqrt(-log_q) / _STEP, _POINTS - 1).astype(np.int64)
    of_answer = np.repeat(_of_answers(answer, order)[place], 2 * distance + 1)[:, None]
    most = counts.max(axis=1)[:, None] + np.arange(-distance, distance + 1)
    found = renyi_with_check(
        most.ravel(), of_answer, threshold=threshold, check=check, orders=np.array([order])
    )
    return found.reshape(most.shape).max(axis=1)


@cache
def _of_answers(answer: int, order: int) -> Floats:
    """What an answer costs that is another than the likely one with chance q, for each point of the grid."""
    log_q: Floats = -np.square(_STEP * np.arange(_POINTS, dtype=np.float64))
    found = renyi_of_answer(log_q, answer, np.array([order]))[:, 0]
    # From the smallest chance on, so that a larger one never costs less.
    return np.maximum.accumulate(found[::-1])[::-1]
