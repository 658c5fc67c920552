"""The power of an audit: the weakest leak that it would have noticed."""

from __future__ import annotations

import numpy as np

from confide.measure.special import binomial_tail
from confide.report.finding import Finding
from confide.report.rates import guessing


def detectable(h: Finding) -> float | None:
    """The smallest share of members, found at the headline's false-positive rate, that is not guessing.

    With k of n members found, the lower Clopper-Pearson end is above g, the most that guessing may reach,
    exactly when P[Bin(n, g) >= k] is below half of one minus the confidence; the smallest such k / n. None
    where people of several worlds hang together, for their interval is another one.
    """
    resolved = {at.fpr: at for at in h.risk.tpr_at if at.rate is not None}
    # The rates at which a headline is read, in the same order.
    point, n = resolved.get(0.01) or resolved.get(0.1), h.risk.exposed_count
    # One world for all, or one for each person: otherwise the people of a world share its noise.
    independent = h.risk.worlds in (1, n + h.risk.control_count)
    if point is None or n < 1 or not independent:
        return None
    most = guessing(point.fpr, point.controls, confidence=h.risk.confidence)
    k = np.arange(1, n + 1)
    enough = binomial_tail(k, n, most) < (1 - h.risk.confidence) / 2
    # Even all n found would not be more than guessing: then nothing can be noticed.
    return float(k[enough][0] / n) if enough.any() else None
