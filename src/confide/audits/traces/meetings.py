"""Meetings: who was in the same region in the same step, and how surely an adversary sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import sqrt

import numpy as np

from confide.attacks.reconstruction.traces.localisation import met_at_all
from confide.core.arrays import Bools, Floats, Ints
from confide.core.estimate import Estimate
from confide.core.language import parts, t
from confide.measure.roc import auc
from confide.measure.special import t_quantile
from confide.report.exhibits import Table


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """Pairs of people who both have visits in a step of the clock; a pair counts once for each such step.

    Args:
        one, other: int64[m], who.
        together: bool[m], whether two of their visits in that step were in one region.
        without, with_release: float64[m], the chance that the adversary gives to it.
    """

    one: Ints
    other: Ints
    together: Bools
    without: Floats
    with_release: Floats

    @classmethod
    def joined(cls, parts: Sequence[Meetings]) -> Meetings:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def meetings(person: Ints, slot: Ints, region: Ints, usual: Floats, belief: Floats) -> Meetings:
    """All pairs of people in each step; visits come by slot and person.

    Without the release the adversary does not know how many visits there are, and compares one moment.

    Args:
        person, slot, region: int64[k], whose, in which step and truly where.
        usual: float64[U, U], the chance that two people are in one region, without the release.
        belief: float64[k, R], what is believed with it.
    """
    new = np.append(True, (slot[1:] != slot[:-1]) | (person[1:] != person[:-1]))[: len(slot)]
    begins = np.flatnonzero(new)  # of the visits of one person in one slot
    ends = np.append(begins[1:], len(slot))
    cuts = np.searchsorted(slot[begins], np.unique(slot))
    found: list[Meetings] = []
    for first, last in zip(cuts, np.append(cuts[1:], len(begins)), strict=True):
        rows = slice(begins[first], ends[last - 1])
        starts = begins[first:last] - begins[first]
        same = region[rows, None] == region[None, rows]
        together = np.logical_or.reduceat(np.logical_or.reduceat(same, starts, axis=0), starts, axis=1)
        seen = met_at_all(belief[rows], starts)
        a, b = np.triu_indices(len(starts), 1)
        one, other = person[begins[first:last]][a], person[begins[first:last]][b]
        found.append(Meetings(one, other, together[a, b], usual[one, other], seen[a, b]))
    return Meetings.joined(found)


def meetings_table(pairs: Meetings) -> Table:
    """Is the chance of a meeting higher where they did meet?"""
    truth = pairs.together
    rows = [
        _row(name, chance, pairs)
        for name, chance in (
            (t("their habits alone"), pairs.without),
            (t("habits and release"), pairs.with_release),
        )
    ]
    return Table(
        title=t("Who met whom"),
        reading=parts(
            "Of {n} times that two of these people made visits in the same step, {met} had two visits in "
            "the same region. The table gives the chance of a meeting as the adversary sees it, where there "
            "was one and where there was none, and how well it tells the two apart (AUC; 0.5 is chance).",
            n=len(truth),
            met=int(truth.sum()),
        ),
        head=(t("the adversary knows"), t("chance given to a meeting"), t("chance given to none"), t("AUC")),
        rows=tuple(rows),
    )


def _row(
    name: str, chance: Floats, pairs: Meetings
) -> tuple[str, float | None, float | None, Estimate | None]:
    truth = pairs.together
    if not truth.any() or truth.all():
        return name, None, None, None
    return name, float(chance[truth].mean()), float(chance[~truth].mean()), told_apart(chance, pairs)


def told_apart(chance: Floats, pairs: Meetings) -> Estimate:
    """AUC of the chances of meetings against those of no meetings, with an interval over people.

    Pairs share people, and one person's pairs rise and fall together. So each person in turn is left out with
    all their pairs (the jackknife), and the interval is never narrower than that of independent pairs.
    """
    found = auc(chance[pairs.together], chance[~pairs.together])
    people = np.unique([pairs.one, pairs.other])
    less: list[float] = []
    for person in people:
        rest = (pairs.one != person) & (pairs.other != person)
        yes, no = chance[rest & pairs.together], chance[rest & ~pairs.together]
        less.append(auc(yes, no).value if len(yes) and len(no) else found.value)
    n = len(less)
    error = sqrt((n - 1) * float(np.var(less)))
    half = float(t_quantile((1 + found.confidence) / 2, n - 1)) * error
    low, high = min(found.low, found.value - half), max(found.high, found.value + half)
    return Estimate(found.value, max(low, 0.0), min(high, 1.0), found.confidence)
