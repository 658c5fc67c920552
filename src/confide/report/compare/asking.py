"""How two reports are compared, and what an interval settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from confide.report.compare.differences import Difference
from confide.report.compare.page_types import Answer
from confide.report.redaction import Redaction

ERROR = 0.05
"""With which any answer of a comparison may be wrong, where the scores are at hand."""
MARGIN = 0.01
"""Differences within it are called the same, where the user gives no other: one person in 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How two reports are compared.

    Args:
        fpr: where all releases are read; None for the AUC alone.
        error: of one pair of releases, for all its answers together.
        margin: differences within it are the same; None for `MARGIN`, with which more is still more.
        redaction: for the audience.
    """

    fpr: float | None
    error: float
    margin: float | None
    redaction: Redaction

    @property
    def quantities(self) -> tuple[float | None, ...]:
        """What is compared: the rate where it can be read, and the AUC (None)."""
        return (None,) if self.fpr is None else (self.fpr, None)

    @property
    def within(self) -> float:
        """Up to which difference two releases are called the same."""
        return MARGIN if self.margin is None else self.margin

    def answer(self, found: Difference | None) -> Answer:
        """What an interval settles; without one, nothing."""
        if found is None or not isfinite(found.apart.low + found.apart.high):
            return "not settled"
        low, high = found.apart.low, found.apart.high
        inside = -self.within <= low and high <= self.within
        # A margin that the user gives is what may change; without one, more is more however little it is.
        tolerated = inside and self.margin is not None
        if low > 0 and not tolerated:
            return "worse"
        if high < 0 and not tolerated:
            return "better"
        return "the same" if inside else "not settled"


def joined(alone: Sequence[Answer]) -> Answer:
    """The answer of a rate and an AUC together: what is worse in one is worse.

    >>> joined(["the same", "worse"]), joined(["better", "not settled"]), joined(["the same", "not settled"])
    ('worse', 'better', 'not settled')
    """
    if "worse" in alone:
        return "worse"
    if all(a in ("better", "the same") for a in alone):
        return "better" if "better" in alone else "the same"
    # The rate leads: it says who is found, the AUC how well all are told apart.
    return "better" if alone[0] == "better" else "not settled"


def overall(answers: Sequence[Answer], *, unmatched: bool) -> Answer:
    """The answer over several releases: the worst of them.

    >>> overall(["better", "the same"], unmatched=False), overall(["better"], unmatched=True)
    ('better', 'not settled')
    """
    if "worse" in answers:
        return "worse"
    # What was audited in one report alone may be what got worse.
    if "not settled" in answers or unmatched:
        return "not settled"
    return "better" if "better" in answers else "the same"
