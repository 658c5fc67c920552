"""Fellegi, Sunter: A Theory for Record Linkage (JASA 1969)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.ratings._scoring import Matches, Worth, blocks
from confide.core.arrays import Array, Floats, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import Facts
from confide.views.interactions import Interactions

UNSURE = 0.02
"""However good his facts are said to be, the adversary expects this share of them to be wrong."""
LEAST_DAYS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """How many times likelier are the known facts if this record is the person's than if it is a stranger's?

    The adversary knows how good his facts are: how many may be wrong, and by how much dates and ratings are
    off. If record r is the person's, a fact is true with probability 1 - w: then it is one of r's items, each
    as likely, with r's rating and date give or take what they are off. Else it is any item with anybody's
    rating and date. If the person is a stranger, a true fact is an item as popular as it is, with anybody's
    rating and date. The ratio of the two, multiplied over the facts, is Fellegi and Sunter's weight of a
    link; unlike `Scoreboard` it counts against a record what is missing, and that it has so many items.

    He names the record with the largest ratio, and is as sure as the odds of that record against all others
    and against nobody: L_best / (sum of the other L + number of records), in logs. The last term is what
    guards against naming somebody for a person who is not in the release.

    Args:
        ratings: does he look at ratings?
        dates: does he look at dates?
    """

    name: ClassVar[str] = "likelihood"
    title: ClassVar[str] = (
        "How many times likelier are the known facts under one record than under a stranger's?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Ivan P. Fellegi and Alan B. Sunter",
        title="A Theory for Record Linkage",
        venue="Journal of the American Statistical Association 64",
        year=1969,
        url="https://doi.org/10.1080/01621459.1969.10501049",
    )

    ratings: bool = True
    dates: bool = True

    def __call__(self, case: Case[Interactions, Facts, Interactions], *, rng: Rng) -> Guess:
        n, r = case.targets.people, case.view.people
        claim, score = np.full(n, -1), np.full(n, -np.inf)
        if not len(case.view) or not len(case.targets):
            return Guess(claim, score)
        ratio = _Ratio.of(case, ratings=self.ratings, dates=self.dates)
        missing = np.bincount(case.targets.person, ratio.missing, minlength=n)
        for block, logs in blocks(case.view, case.targets, ratio.worth()):
            logs += missing[block, None]
            claim[block] = logs.argmax(axis=1)
            best = np.take_along_axis(logs, claim[block][:, None], axis=1)
            np.put_along_axis(logs, claim[block][:, None], -np.inf, axis=1)
            top = np.maximum(logs.max(axis=1, keepdims=True), 0.0)
            rest = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True) + r * np.exp(-top))
            score[block] = (best - rest)[:, 0]
        return Guess(claim, score)


@dataclass(frozen=True, slots=True, eq=False)
class _Ratio:
    """The parts of the ratio that do not depend on the record.

    Args:
        case: what he sees.
        kinds: (what he believes, what the release says by the name of its column, how far apart they may be,
            the spread of a true value, a stranger's density of the believed value), for ratings and dates.
        wrong: the share of facts that he expects to be wrong.
        missing: float64[facts], the log ratio where the record lacks the item.
    """

    case: Case[Interactions, Facts, Interactions]
    kinds: tuple[tuple[str, Array, float, Floats], ...]
    wrong: float
    missing: Floats

    @classmethod
    def of(cls, case: Case[Interactions, Facts, Interactions], *, ratings: bool, dates: bool) -> _Ratio:
        view, facts, known = case.view, case.targets, case.known
        wrong = min(max(known.wrong / max(known.facts, 1), UNSURE), 0.9)
        kinds: list[tuple[str, Array, float, Floats]] = []
        for name, wanted, off in (("rating", ratings, known.off_by), ("day", dates, known.within_days)):
            said, believed = getattr(view, name), getattr(facts, name)
            if not wanted or said is None or believed is None:
                continue
            reach = max(off + _grid(said) / 2, LEAST_DAYS if name == "day" else 1e-6) * 1.0001
            kinds.append((name, believed, reach, _share_near(said, believed, reach)))
        popular = view.raters()[facts.item] / len(view)
        missing = np.log(wrong) - np.log(wrong + (1 - wrong) * popular * view.items)
        return cls(case, tuple(kinds), wrong, missing)

    def worth(self) -> Worth:
        """For each match by how much the log ratio is larger than where the item is missing.

        With a match of value inside its reach: 1 + (1 - w) / w * items / c_r * product of 1 / share, where
        share is that of all released values in reach of the believed one, and c_r the record's item count.
        """
        each = np.maximum(self.case.view.counts(), 1)
        odds = (1 - self.wrong) / self.wrong * self.case.view.items / each

        def worth(found: Matches) -> Array:
            gain = odds[found.person]
            for name, believed, reach, share in self.kinds:
                said = found.rating if name == "rating" else found.day
                near = np.abs(said - found.spread(believed)) <= reach
                gain = np.where(near, gain / found.spread(share), 0.0)
            return np.log1p(gain)

        return worth


def _grid(said: Array) -> float:
    """The step between released values: 1 for whole stars, 30 for dates by the month; 0 if there are none."""
    values = np.unique(said[:: max(1, len(said) // 100_000)])
    return float(np.median(np.diff(values))) if len(values) > 1 else 0.0


def _share_near(said: Array, believed: Array, reach: float) -> Floats:
    """float64[facts]: which share of all released values is in reach of each believed one; never 0."""
    values = np.sort(said[:: max(1, len(said) // 1_000_000)])
    inside = np.searchsorted(values, believed + reach, side="right") - np.searchsorted(
        values, believed - reach
    )
    return (inside + 1) / (len(values) + 1)
