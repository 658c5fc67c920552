"""The words of a comparison of several releases, built from its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from confide.core.language import number, t
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
        return t("by the AUC") if self.fpr is None else self.goal.at(one_in(self.fpr))


def title(told: Told) -> str:
    """The heading."""
    return t("Before and after") if told.protected else t("The releases side by side")


def head(told: Told) -> list[str]:
    """The columns' heads."""
    if told.fpr is None:
        found = t("AUC")
        less = t("less than before") if told.protected else t("less than the first")
    else:
        found = t("{caught} {at}", caught=told.goal.say("caught"), at=told.where)
        less = t("less than before, in points") if told.protected else t("less than the first, in points")
    return [t("release"), found, less]


def reading(told: Told, *, confidence: float) -> str:
    """How to read the table."""
    return t(
        "What the strongest attack on each release reaches, {where}: all are read at one rate, which "
        "was not chosen by what is found, and held against the first. The intervals hold together with "
        "{percent} confidence, corrected for all attacks and releases, whatever people and "
        "scores have in common. So they are wider than those below.",
        where=told.where,
        percent=percent(confidence),
    )


def unmeasured(told: Told, release: str) -> str:
    """Why there is no difference."""
    return t(
        "{pair}: no difference can be measured, for that takes the scores of every attack, and some are not "
        "here. {ending}",
        pair=_pair(told, release),
        ending=_ending(told, release, "not settled"),
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
        return t(
            "{pair}: what is found {where} rests on too few people to be shown to the public. {ending}",
            pair=_pair(told, release),
            where=told.where,
            ending=ending,
        )
    per = _per(first["value"], second["value"])
    was, now = round(first["value"] * per), round(second["value"] * per)
    change = (
        t("no change")
        if was == now
        else t("{n:,} fewer", n=was - now)
        if was > now
        else t("{n:,} more", n=now - was)
    )
    return t(
        "{pair}: {reaches}, that is {change} ({between}, with {percent} confidence). {by}{ending}",
        pair=_pair(told, release),
        reaches=_reaches(told, now, was, per),
        change=change,
        between=_between(difference, per),
        percent=percent(difference["confidence"]),
        by=by,
        ending=ending,
    )


def other_attacks(*each: tuple[str, str, str]) -> str:
    """Where the numbers are by another attack than the headline's, which one; empty where they are not.

    Args:
        each: a release, the attack that is strongest there at this rate, and that of its headline.

    >>> other_attacks(("shop", "lira", "loss"), ("shop, rare:5", "lira", "lira"))
    'Of shop the number is that of lira, the strongest at this rate; the headline is about loss. '
    """
    return "".join(
        t(
            "Of {release} the number is that of {attack}, the strongest at this rate; the headline is about "
            "{headline}. ",
            release=release,
            attack=attack,
            headline=headline,
        )
        for release, attack, headline in each
        if attack != headline
    )


def _pair(told: Told, release: str) -> str:
    if told.protected:
        return t("Before ({before}) and after ({release})", before=told.before, release=release)
    return t("{release}, against {before}", release=release, before=told.before)


def _reaches(told: Told, now: int, was: int, per: int) -> str:
    goal = told.goal
    out_of = {"now": number(now, ","), "was": number(was, ","), "per": number(per, ",")}
    if told.fpr is not None:
        return goal.say("reached", where=told.where, **out_of)
    one, other = goal.pair
    if goal.certain:
        return t(
            "shown {one} and {other}, the adversary is surer about the first {now} instead of {was} in {per} "
            "times",
            one=one,
            other=other,
            **out_of,
        )
    return t(
        "shown {one} and {other}, the adversary is surer about the first, and right, {now} instead of "
        "{was} in {per} times",
        one=one,
        other=other,
        **out_of,
    )


def _between(difference: EstimateRecord, per: int) -> str:
    """The interval of a difference, rounded outward.

    >>> _between({"value": 0.3, "low": 0.251, "high": 0.409, "confidence": 0.95}, 100)
    'between 25 and 41 fewer'
    >>> _between({"value": 0.03, "low": -0.021, "high": 0.08, "confidence": 0.95}, 100)
    'between 3 more and 8 fewer'
    """
    low, high = floor(difference["low"] * per + 1e-9), ceil(difference["high"] * per - 1e-9)
    if low >= 0:
        return t("between {low:,} and {high:,} fewer", low=low, high=high)
    if high <= 0:
        return t("between {low:,} and {high:,} more", low=-high, high=-low)
    return t("between {more:,} more and {fewer:,} fewer", more=-low, fewer=high)


def _per(*rates: float) -> int:
    """Of how many people to speak, so that the smallest rate above 0 is a whole number of them."""
    return min(max((parts(rate) for rate in rates if rate > 0), default=100), 10_000)


def _ending(told: Told, release: str, settled: Settled, doubts: Sequence[str] = ()) -> str:
    if settled == "not settled" and doubts:
        why = "; ".join(doubts)
        if told.protected:
            return t("It is not settled whether the protection helped, because {why}.", why=why)
        return t("It is not settled which of the two gives away less, because {why}.", why=why)
    if settled == "not settled":
        if told.protected:
            return t("It is not settled whether the protection helped.")
        return t("It is not settled which of the two gives away less.")
    if not told.protected:
        if settled == "less":
            return t("So {release} gives these attacks less.", release=release)
        return t("So {release} gives these attacks more.", release=release)
    if settled == "less":
        return t("So the protection helped, against the attacks that were tried.")
    return t("So the protection did not help: more is found after it.")
