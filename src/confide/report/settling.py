"""Whether a number of people can settle a limit at all, worked out before an audit begins."""

from __future__ import annotations

from math import ceil, log

import numpy as np

from confide.measure.rates import Ranks, limits
from confide.report.verdict import Limit


def cannot_settle(
    limit: Limit,
    *,
    exposed: int,
    control: int,
    confidence: float,
    names: tuple[str, str] = ("people in the data", "people outside the data"),
) -> str:
    """Why no evidence on this many people can settle a limit on a TPR, with the number that can; or nothing.

    A limit can be settled if it is exceeded where every exposed person stands out, or kept where none does.
    Other limits always can.

    Args:
        exposed, control: how many people are asked about.
        confidence: of the corrected intervals.
        names: of the exposed and the control people, for the sentence.

    >>> cannot_settle(Limit.parse("tpr@0.001=0.05"), exposed=200, control=200, confidence=0.95)
    'tpr@0.001=0.05 cannot be settled with 200 people outside the data: it takes at least 1,000'
    """
    if limit.quantity != "tpr" or limit.fpr is None:
        return ""
    can = f"{limit} cannot be settled with"
    needed = ceil(round(1 / limit.fpr, 6))
    if control < needed:
        return f"{can} {control:,} {names[1]}: it takes at least {needed:,}"
    least, most = _reach(exposed, control, limit.fpr, confidence)
    if least <= limit.at_most or most > limit.at_most:
        return ""
    error = (1 - confidence) / 2
    # Half of (1 - f)^N0 has to be below the error, or none of N1 found has to be enough.
    controls, people = ceil(log(2 * error) / log(1 - limit.fpr)), ceil(log(error) / log(1 - limit.at_most))
    return (
        f"{can} {exposed:,} {names[0]} and {control:,} {names[1]}: it takes {controls:,} of "
        f"these to see that it is exceeded, or {people:,} of those to see that it is kept"
    )


def _reach(exposed: int, control: int, fpr: float, confidence: float) -> tuple[float, float]:
    """The high end where nobody is found, and the low end where all are."""
    controls = np.arange(1.0, control + 1)
    ends = [
        limits(Ranks(np.full(exposed, at), controls), np.array([fpr]), confidence=confidence)
        for at in (0.0, control + 1.0)
    ]
    return float(ends[0][1][0]), float(ends[1][0][0])
