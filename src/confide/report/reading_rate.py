"""The one false-positive rate at which all releases of a report are read."""

from __future__ import annotations

from collections.abc import Sequence

from confide.report.page_types import FindingRecord, RateRecord

USUAL = (0.01, 0.1)
"""Below 1 in 100 few audits have enough control people; one that errs more often is of little use."""


def reading_rate(found: Sequence[FindingRecord], *, limited: Sequence[float] = ()) -> float | None:
    """The false-positive rate at which these findings are read; None where the AUC has to stand in.

    It is the lowest rate of a limit that all of them resolve, else 1 in 100, else 1 in 10. Read at several
    rates, releases could not be compared.

    A single release is read at another rate if it is no better than guessing there, and better elsewhere: at
    the lowest such rate. Of several releases none is looked at before the choice, for the interval of a
    difference holds at a rate that was not chosen by what is found there. But where one has so few control
    people that no interval at 1 in 100 could have a low end above 0, all are read at 1 in 10.

    Args:
        found: the headline of each release.
        limited: the false-positive rates that limits are set on.
    """
    each = [_resolved(h) for h in found]
    shared = [fpr for fpr in each[0] if all(fpr in rates for rates in each)]
    order = [fpr for fpr in (*sorted(limited), *USUAL) if fpr in shared]
    usual = order[0] if order else None
    if len(found) > 1 and usual not in limited:
        # By the numbers of people alone.
        telling = [fpr for fpr in order if all(_can_show(rates[fpr], len(found)) for rates in each)]
        return telling[0] if telling else usual
    if len(found) > 1 or usual is None or beats_guessing(each[0][usual]):
        return usual
    return min((fpr for fpr, at in each[0].items() if beats_guessing(at)), default=usual)


def read_at(h: FindingRecord, fpr: float | None) -> RateRecord | None:
    """The rate of a finding at this false-positive rate; None where it is not resolved."""
    return None if fpr is None else _resolved(h).get(fpr)


def beats_guessing(at: RateRecord) -> bool:
    """Is the interval of this rate above what guessing reaches, the false-positive rate itself?"""
    # The interval holds for the noise of the threshold too, so that guessing reaches no more than this.
    return at["rate"] is not None and at["rate"]["low"] > at["fpr"]


def _resolved(h: FindingRecord) -> dict[float, RateRecord]:
    return {at["fpr"]: at for at in h["tpr_at"] if at["rate"] is not None}


def _can_show(at: RateRecord, releases: int) -> bool:
    """Are there control people enough for a low end above 0, with the error divided among the releases?"""
    rate, controls = at["rate"], at["controls"]
    if rate is None or controls is None:
        return False
    # The threshold may be above every score, so half of (1 - f)^N0 has to be below the error of one end.
    return (1 - at["fpr"]) ** controls < (1 - rate["confidence"]) / releases
