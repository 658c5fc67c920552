"""The power of an audit: the weakest leak that it would have noticed."""

from __future__ import annotations

from math import exp, log1p

import numpy as np

from confide.measure.special import beta_quantile, binomial_tail, normal_cdf, normal_quantile
from confide.report.finding import Finding

POWER = 0.9
"""The probability with which the leak that is named would have been noticed."""


def detectable(h: Finding, *, fpr: float | None) -> float | None:
    """The smallest share of members that is noticed in 90 of 100 audits, at a false-positive rate.

    Noticed is a rate whose low end is above the false-positive rate f. Two kinds of adversary are asked, and
    the larger share is returned:

    - One that is sure of some members and guesses about all others: it has a flat ROC, and the threshold
      hardly matters. The low end is above f from a smallest number of found members on.
    - One whose scores are shifted for all members, N(d, 1) against N(0, 1): with a steep ROC, the
      threshold's own noise adds to the noise of the rate.

    Returns:
        None where nothing could be noticed, and where people of several worlds depend on each other, for
        their interval is another one.
    """
    resolved = {at.fpr: at for at in h.risk.tpr_at if at.rate is not None}
    point, n = None if fpr is None else resolved.get(fpr), h.risk.exposed_count
    # One world for all, or one for each person: otherwise the people of a world share its noise.
    independent = h.risk.worlds in (1, h.risk.rows)
    if point is None or n < 1 or not independent:
        return None
    error = (1 - h.risk.confidence) / 2
    flat = _of_a_sure_one(point.fpr, n, point.controls, error)
    return None if flat is None else max(flat, _of_a_shifted_one(point.fpr, n, point.controls, error))


def _of_a_sure_one(fpr: float, n: int, controls: int, error: float) -> float | None:
    # The threshold may be above every score: then nothing counts.
    above_all = exp(controls * log1p(-fpr)) / 2
    k = np.arange(1, n + 1)
    enough = above_all + (1 - above_all) * binomial_tail(k, n, fpr) < error
    if not enough.any():
        return None
    fewest = int(k[enough][0])
    # P[Bin(n, x) >= fewest] = POWER
    return float(beta_quantile(POWER, fewest, n - fewest + 1))


def _of_a_shifted_one(fpr: float, n: int, controls: int, error: float) -> float:
    # In the middle of its noise, the low end is this many standard errors below the rate.
    sure = -float(normal_quantile(error)) + float(normal_quantile(POWER))
    shift = np.linspace(0, 8, 801)
    at = -float(normal_quantile(fpr))
    rate = normal_cdf(shift - at)
    slope = np.exp(shift * at - shift**2 / 2)
    noise = np.sqrt(rate * (1 - rate) / n + slope**2 * fpr * (1 - fpr) / controls)
    noticed = rate - sure * noise > fpr
    return float(rate[noticed][0]) if noticed.any() else 1.0
