"""Whether a number of people can settle a limit at all, worked out before an audit begins."""

from __future__ import annotations

from math import ceil, log

import numpy as np

from confide.measure.rates import Ranks, limits
from confide.report.limits import RANGES, UTILITY, Limit


def never_exceeded(limit: Limit) -> str:
    """Why a limit could not be exceeded by anything that is found, so that it would pass all; or nothing.

    >>> never_exceeded(Limit.parse("auc=1")), never_exceeded(Limit.parse("auc=0.9"))
    ('auc=1 can never be exceeded: no auc is above 1', '')
    """
    if limit.quantity == UTILITY or limit.at_most < RANGES[limit.quantity][1]:
        return ""
    return f"{limit} can never be exceeded: no {limit.quantity} is above {limit.at_most:g}"


def cannot_settle(
    limit: Limit,
    *,
    exposed: int,
    control: int,
    confidence: float,
    names: tuple[str, str] = ("people in the data", "people outside the data"),
) -> str:
    """Why even finding everybody would not exceed a limit on a TPR, with the number it takes; or nothing.

    A limit that cannot be exceeded would let every release pass. Only limits on a TPR are looked at.

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
    if limit.at_most == 1:
        return f"{limit} cannot be settled with any number of people: no rate is above 1"
    if _most(exposed, control, limit.fpr, confidence) > limit.at_most:
        return ""
    error = (1 - confidence) / 2
    # Half of (1 - f)^N0 has to be below the error, and all of N1 found have to be enough.
    controls = max(needed, ceil(log(2 * error) / log(1 - limit.fpr)))
    people = ceil(log(error) / log(limit.at_most)) if limit.at_most else 1
    return (
        f"{can} {exposed:,} {names[0]} and {control:,} {names[1]}: finding everybody would not "
        f"count as above it. It takes at least {people:,} of those and {controls:,} of these"
    )


def _most(exposed: int, control: int, fpr: float, confidence: float) -> float:
    """The low end of the interval where all are found."""
    ranks = Ranks(np.full(exposed, control + 1.0), np.arange(1.0, control + 1))
    return float(limits(ranks, np.array([fpr]), confidence=confidence)[0][0])
