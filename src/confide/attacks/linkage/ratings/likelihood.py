"""Fellegi, Sunter: A Theory for Record Linkage (JASA 1969)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.ratings._scoring import Matches, Worth, blocks
from confide.attacks.linkage.ratings._values import Fit, values
from confide.core.arrays import Array, Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import RatingsKnowledge
from confide.views.interactions import Interactions

# The smallest share of wrong facts that is assumed. At 0 a single fact that a record lacks would rule it out.
UNSURE = 0.02
# The largest one: at 1 no fact would say anything.
MOST_UNSURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Record linkage by likelihood ratio: the known facts under one record, against another person's record.

    The adversary knows how good its facts are: how many may be wrong, and by how much dates and ratings are
    off. It knows how the release was made, and looks for its facts as they stand there: rounded, merged or
    moved. If record r is the person's, a fact is true with probability 1 - w. Then it is one of r's items,
    each with the same probability, with r's rating and date up to those errors. Otherwise it is any item with
    a random rating and date of the release. If the record is another person's, a true fact is an item in
    proportion to its popularity, with a random rating and date. The ratio of the two, multiplied over the
    facts, is Fellegi and Sunter's weight of a link. Unlike `Scoreboard` it counts against a record what is
    missing from it, and that it has many items.

    The adversary names the record with the largest ratio. Score: the log-odds of that record against all
    others and against nobody, log(L_best / (sum of the other L + number of records)). The last term guards
    against naming a record for a person who is not in the release.

    Args:
        ratings: whether ratings are compared.
        dates: whether dates are compared.
    """

    name: ClassVar[str] = "likelihood"
    title: ClassVar[str] = later(
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

    def __call__(self, case: Case[Interactions, RatingsKnowledge, Interactions], *, rng: Rng) -> Guess:
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
            # log(sum of the other L + r), with the largest term taken out against overflow.
            rest = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True) + r * np.exp(-top))
            score[block] = (best - rest)[:, 0]
        return Guess(claim, score)


@dataclass(frozen=True, slots=True, eq=False)
class _Ratio:
    """The parts of the ratio that do not depend on the record.

    Args:
        case: what the adversary sees.
        kinds: how well the released rating fits the fact, and how well the date does.
        wrong: the share of facts that are expected to be wrong.
        missing: float64[facts], the log ratio where the record lacks the item.
    """

    case: Case[Interactions, RatingsKnowledge, Interactions]
    kinds: tuple[Fit, ...]
    wrong: float
    missing: Floats

    @classmethod
    def of(
        cls, case: Case[Interactions, RatingsKnowledge, Interactions], *, ratings: bool, dates: bool
    ) -> _Ratio:
        view, facts, known = case.view, case.targets, case.known.knowing
        # A true fact may be missing because it is wrong, or because the release left rows out by chance.
        true = (1 - min(max(known.wrong / max(known.facts, 1), UNSURE), MOST_UNSURE)) * case.known.kept
        kinds = values(case, ratings=ratings, dates=dates)
        wrong = 1 - true
        popular = view.raters()[facts.item] / len(view)
        # A record that lacks the item explains the fact only as a wrong one.
        missing = np.log(wrong) - np.log(wrong + (1 - wrong) * popular * view.items)
        return cls(case, kinds, wrong, missing)

    def worth(self) -> Worth:
        """For each match, how much larger the log ratio is than where the item is missing.

        With a match it is log(1 + (1 - w) / w * items / c_r * product of fits). Here c_r is the record's item
        count, and a fit is the chance of the released value if the fact is true, over its chance in any row.
        """
        # A record with many items has each of them with a smaller chance of being the known one.
        each = np.maximum(self.case.view.counts(), 1)
        odds = (1 - self.wrong) / self.wrong * self.case.view.items / each

        def worth(found: Matches) -> Array:
            gain = odds[found.person]
            for fit in self.kinds:
                gain = gain * fit(found)
            return np.log1p(gain)

        return worth
