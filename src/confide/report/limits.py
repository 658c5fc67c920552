"""Limits: the most that an adversary may reach, as the user writes them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

from confide.core.errors import DataError

FPRS = (0.1, 0.01, 0.001, 0.0001)
"""The false-positive rates that an audit measures: at any other there would be nothing to judge."""

RANGES = {
    "tpr": (0.0, 1.0),
    "auc": (0.5, 1.0),
    "advantage": (0.0, 1.0),
    "balanced_accuracy": (0.5, 1.0),
    "epsilon": (0.0, float("inf")),
    "proved": (0.0, 1.0),
}
"""What can be limited, and between which values. 0.5 is guessing: a lower limit could never be kept."""

PROVED = "proved"
"""A limit on the share of people whose record is proved."""
UTILITY = "utility"
"""A limit without a number: the release must be of more use than its columns shuffled."""

ALLOWED = (
    "write tpr@0.01=0.05 (false-positive rate 0.1, 0.01, 0.001 or 0.0001), auc=0.6, advantage=0.1, "
    "balanced_accuracy=0.6 or epsilon=2; of tables of counts also proved=0.05 (records that are certain), "
    "of synthetic files also utility (worse than shuffled columns)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that an adversary may reach.

    Args:
        quantity: tpr, auc, advantage, balanced_accuracy, epsilon, proved or utility.
        at_most: the limit, in the quantity's own unit (epsilon in nats); 0 for utility, which has none.
        fpr: for tpr only, the false-positive rate at which it is taken.
    """

    quantity: str
    at_most: float
    fpr: float | None = None

    @classmethod
    def parse(cls, text: str) -> Limit:
        """A limit from the text of a `--limit` option.

        Raises:
            DataError: if the text is not a limit; the message says what is allowed.

        >>> Limit.parse("tpr@0.01=0.05")
        Limit(quantity='tpr', at_most=0.05, fpr=0.01)
        >>> str(Limit.parse("epsilon=2"))
        'epsilon=2'
        """
        if text.strip() == UTILITY:
            return cls(quantity=UTILITY, at_most=0.0)
        name, equals, value = text.replace(" ", "").partition("=")
        quantity, at, rate = name.partition("@")
        # A rate belongs to tpr alone, and tpr means nothing without one.
        if not equals or quantity not in RANGES or bool(at) != (quantity == "tpr"):
            raise DataError(f"{text!r} is not a limit: {ALLOWED}")
        low, high = RANGES[quantity]
        # What is no number becomes NaN, which no range holds.
        at_most, fpr = _number(value), _number(rate) if at else None
        if not (isfinite(at_most) and low <= at_most <= high) or (fpr is not None and fpr not in FPRS):
            raise DataError(f"{text!r} is not a limit that can be checked: {ALLOWED}")
        return cls(quantity=quantity, at_most=at_most, fpr=fpr)

    def __str__(self) -> str:
        if self.quantity == UTILITY:
            return UTILITY
        where = "" if self.fpr is None else f"@{self.fpr:g}"
        return f"{self.quantity}{where}={self.at_most:g}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
