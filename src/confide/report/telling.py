"""Telling intervals: whether a number is known well enough for a sentence about it."""

from __future__ import annotations

from math import ceil, floor

from confide.core.language import t
from confide.report.record_types import EstimateRecord

MOST = 0.5
"""More than half of everybody is bad in any audit."""
NEARLY_SURE = 0.9
"""An AUC of this is bad in any audit: 0.5 is guessing."""


def tells(rate: EstimateRecord, *, guessing: float) -> bool:
    """Whether a share is known well enough to be said.

    It is not where the interval holds both what guessing reaches and more than half of everybody: then
    nothing is given away, or most is, and the number in between would be read as an answer.

    Args:
        rate: a share of those who can be found.
        guessing: the false-positive rate at which it is read.

    >>> wide = {"value": 0.26, "low": 0.0, "high": 0.87, "confidence": 0.95}
    >>> tells(wide, guessing=0.1), tells({**wide, "low": 0.2}, guessing=0.1)
    (False, True)
    """
    return rate["low"] > guessing or rate["high"] <= MOST


def tells_apart(auc: EstimateRecord) -> bool:
    """The same of an AUC: it says nothing where guessing and nearly every case right are both possible.

    >>> tells_apart({"value": 0.8, "low": 0.45, "high": 0.95, "confidence": 0.95})
    False
    """
    return not (auc["low"] <= 0.5 and auc["high"] >= NEARLY_SURE)


def not_told(rate: EstimateRecord) -> str:
    """What is said instead of such a share.

    >>> not_told({"value": 0.26, "low": 0.0, "high": 0.87, "confidence": 0.95})
    'How many are found could not be measured with so few people: anything from 0 to 87 of 100 ...'
    """
    return t(
        "How many are found could not be measured with so few people: anything from {low:,} to {high:,} of "
        "100 fits what was seen.",
        low=floor(100 * rate["low"] + 1e-9),
        high=ceil(100 * rate["high"] - 1e-9),
    )
