"""Deciding among releases that are compared: one within all limits is enough, unless a promise is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from confide.core.language import t
from confide.report import Decision
from confide.report.page_types import Page


def decision(
    rulings: Mapping[str, set[str]], ways: Iterable[Sequence[str]], *, broken: bool, allow_unsettled: bool
) -> Decision:
    """What a comparison of budgets comes to: one within all limits is enough, unless a promise is broken.

    Args:
        rulings: budget -> the rulings on its release.
        ways: the budgets of each way, the smallest first: one way that keeps the limits says nothing about
            another.
        broken: whether a promise is shown to be broken.
        allow_unsettled: whether budgets pass that are not settled.
    """
    chosen, open_ = _sorted_out(rulings, ways)
    if chosen:
        said = t("The largest budget within all limits: {names}.", names=", ".join(chosen))
        return Decision(sentence=said, exit_code=int(broken))
    if open_ and allow_unsettled:
        said = t("No budget is surely within all limits; not settled: {names}.", names=", ".join(open_))
        return Decision(sentence=said, exit_code=int(broken))
    names = ", ".join(rulings)
    return Decision(sentence=t("No budget is within all limits: {names}.", names=names), exit_code=1)


def decision_on_runs(
    rulings: Mapping[str, set[str]],
    ways: Iterable[Sequence[str]],
    right: Mapping[str, float],
    *,
    broken: bool,
    allow_unsettled: bool,
) -> Decision:
    """The same of runs of a collaboration, of which some have no budget: which are within, and the best.

    Args:
        rulings, ways: as of `decision`; a run without a budget is a way of its own.
        right: run -> the share of records that its model gets right.
        broken, allow_unsettled: as of `decision`.
    """
    chosen, open_ = _sorted_out(rulings, ways)
    names = ", ".join(chosen)
    if len(chosen) > 1:
        best = max(chosen, key=lambda name: right[name])
        said = t("Within all limits: {names}. The most accurate of them is {best}.", names=names, best=best)
        return Decision(sentence=said, exit_code=int(broken))
    if chosen:
        said = t("Within all limits: {names}.", names=names)
        return Decision(sentence=said, exit_code=int(broken))
    if open_ and allow_unsettled:
        said = t("No run is surely within all limits; not settled: {names}.", names=", ".join(open_))
        return Decision(sentence=said, exit_code=int(broken))
    said = t("No run is within all limits: {names}.", names=", ".join(rulings))
    return Decision(sentence=said, exit_code=1)


def promise_broken(page: Page) -> bool:
    """Is a promise shown to be broken, at any budget? Then the others cannot be relied on either."""
    return any(row["limit"] == "the promise" for row in page["limits"])


def _sorted_out(
    rulings: Mapping[str, set[str]], ways: Iterable[Sequence[str]]
) -> tuple[list[str], list[str]]:
    """Of each way the largest that is within all limits, and everything that exceeds none."""
    every = list(ways)
    return (
        [kept for way in every if (kept := largest_within(rulings, way))],
        [name for way in every for name in way if "exceeded" not in rulings[name]],
    )


def largest_within(rulings: Mapping[str, set[str]], way: Sequence[str]) -> str | None:
    """The largest budget whose release is within every limit, and none larger than one that exceeds a limit.

    More is given away under a larger budget: a release that looks better there does so by chance.

    Args:
        rulings: budget -> the rulings on its release, one a goal; "measured" where no limit is about a goal.
        way: the budgets of one way, the smallest first.
    """
    kept = None
    for name in way:
        if "exceeded" in rulings[name]:
            break
        kept = name if {"within"} <= rulings[name] <= {"within", "measured"} else kept
    return kept
