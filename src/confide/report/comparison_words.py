"""The words of a comparison of several releases, built from its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from confide.report.comparison_types import Settled
from confide.report.goals import Goal
from confide.report.rates import one_in, parts, percent
from confide.report.record_types import EstimateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every sentence of a comparison needs to know.

    Args:
        before: the release that the others are held against.
        fpr: the false-positive rate at which all are read; None for the AUC.
        protected: are the others the same records behind a protection?
        goal: what the adversary is after.
    """

    before: str
    fpr: float | None
    protected: bool
    goal: Goal

    @property
    def where(self) -> str:
        """Where all are read."""
        return "by the AUC" if self.fpr is None else self.goal.at(one_in(self.fpr))


def title(told: Told) -> str:
    """The heading."""
    return "Before and after" if told.protected else "The releases side by side"


def head(told: Told) -> list[str]:
    """The columns' heads."""
    found = "AUC" if told.fpr is None else f"{told.goal.noun} {told.goal.verb[2]} {told.where}"
    less = "less than before" if told.protected else "less than the first"
    return ["release", found, less if told.fpr is None else f"{less}, in points"]


def reading(told: Told, *, confidence: float) -> str:
    """How to read the table."""
    return (
        f"What the strongest attack on each release reaches, {told.where}: all are read at one rate, which "
        "was not chosen by what is found, and held against the first. The intervals hold together with "
        f"{percent(confidence)} confidence, corrected for all attacks and releases, whatever people and "
        "scores have in common. So they are wider than those below."
    )


def unmeasured(told: Told, release: str) -> str:
    """Why there is no difference."""
    return (
        f"{_pair(told, release)}: no difference can be measured, for that takes the scores of every attack, "
        f"and some are not here. {_ending(told, release, 'not settled')}"
    )


def sentence(
    told: Told,
    release: str,
    *,
    values: tuple[EstimateRecord | None, EstimateRecord | None],
    difference: EstimateRecord | None,
    by: str,
    settled: Settled,
    doubts: Sequence[str],
) -> str:
    """How much less is found, with its interval, and whether that is settled.

    Args:
        values: before and after.
        difference: before minus after; None where the public must not see it.
        by: which attacks these are, as `other_attacks` says it.
        doubts: what stands against an answer that the numbers give.
    """
    first, second = values
    ending = _ending(told, release, settled, doubts)
    if first is None or second is None or difference is None:
        return (
            f"{_pair(told, release)}: what is found {told.where} rests on too few people to be shown to the "
            f"public. {ending}"
        )
    per = _per(first["value"], second["value"])
    was, now = round(first["value"] * per), round(second["value"] * per)
    change = f"{abs(was - now):,} {'fewer' if was > now else 'more'}" if was != now else "no change"
    return (
        f"{_pair(told, release)}: {_reaches(told, now, was, per)}, that is {change} "
        f"({_between(difference, per)}, with {percent(difference['confidence'])} confidence). {by}{ending}"
    )


def other_attacks(*each: tuple[str, str, str]) -> str:
    """Where the numbers are by another attack than the headline's, which one; empty where they are not.

    Args:
        each: a release, the attack that is strongest there at this rate, and that of its headline.

    >>> other_attacks(("shop", "lira", "loss"), ("shop, rare:5", "lira", "lira"))
    'Of shop the number is that of lira, the strongest at this rate; the headline is about loss. '
    """
    return "".join(
        f"Of {release} the number is that of {attack}, the strongest at this rate; the headline is about "
        f"{headline}. "
        for release, attack, headline in each
        if attack != headline
    )


def _pair(told: Told, release: str) -> str:
    if told.protected:
        return f"Before ({told.before}) and after ({release})"
    return f"{release}, against {told.before}"


def _reaches(told: Told, now: int, was: int, per: int) -> str:
    goal, out_of = told.goal, f"{now:,} instead of {was:,} in {per:,}"
    if told.fpr is not None:
        return f"{told.where} the adversary {goal.verb[1]} {out_of} {goal.noun}"
    one, other = goal.pair
    right = "" if goal.certain else ", and right,"
    return f"shown {one} and {other}, the adversary is surer about the first{right} {out_of} times"


def _between(difference: EstimateRecord, per: int) -> str:
    """The interval of a difference, rounded outward.

    >>> _between({"value": 0.3, "low": 0.251, "high": 0.409, "confidence": 0.95}, 100)
    'between 25 and 41 fewer'
    >>> _between({"value": 0.03, "low": -0.021, "high": 0.08, "confidence": 0.95}, 100)
    'between 3 more and 8 fewer'
    """
    low, high = floor(difference["low"] * per + 1e-9), ceil(difference["high"] * per - 1e-9)
    if low >= 0:
        return f"between {low:,} and {high:,} fewer"
    if high <= 0:
        return f"between {-high:,} and {-low:,} more"
    return f"between {-low:,} more and {high:,} fewer"


def _per(*rates: float) -> int:
    """Of how many people to speak, so that the smallest rate above 0 is a whole number of them."""
    return min(max((parts(rate) for rate in rates if rate > 0), default=100), 10_000)


def _ending(told: Told, release: str, settled: Settled, doubts: Sequence[str] = ()) -> str:
    helped = "whether the protection helped" if told.protected else "which of the two gives away less"
    if settled == "not settled":
        why = f", because {'; '.join(doubts)}" if doubts else ""
        return f"It is not settled {helped}{why}."
    if not told.protected:
        return f"So {release} gives these attacks {settled}."
    if settled == "less":
        return "So the protection helped, against the attacks that were tried."
    return "So the protection did not help: more is found after it."
