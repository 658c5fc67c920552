"""Narayanan, Shmatikov: Robust De-anonymization of Large Sparse Datasets (IEEE S&P 2008)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.ratings._scoring import Worth, blocks, likeness
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import RatingsKnowledge
from confide.views.interactions import Interactions

PAPER = Paper(
    authors="Arvind Narayanan and Vitaly Shmatikov",
    title="Robust De-anonymization of Large Sparse Datasets",
    venue="IEEE Symposium on Security and Privacy (S&P)",
    year=2008,
    url="https://arxiv.org/abs/cs/0610105",
)
# The paper's threshold on the eccentricity, for those who want its own decisions.
PUBLISHED_PHI = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """Scoreboard-RH: names the record that fits a few known facts far better than all other records.

    The adversary knows a few items that a person rated, and roughly how and when; some of it is wrong. A
    record scores for each of these items that it has. A rare item counts more, and so do a close rating and a
    close date: weight 1 / ln(people who have the item), times exp(-|difference of ratings| / stars) +
    exp(-|difference in days| / days). The adversary names the best record. Score: the eccentricity, which is
    best minus second best score over the deviation of all records' scores.

    Where no record scores at all, none is named. An item that one person has weighs as if two had it.

    Args:
        stars: rho_0, the distance of ratings that counts 1/e.
        days: d_0, the same for dates.
        ratings: whether ratings are compared.
        dates: whether dates are compared.
        phi: no record is named unless the eccentricity is above this; the paper takes 1.5. None always names
            one, because the audit sets the threshold itself.
    """

    name: ClassVar[str] = "scoreboard"
    title: ClassVar[str] = later("Does one record fit the known facts far better than all others?")
    paper: ClassVar[Paper] = PAPER

    stars: float = 1.5
    days: float = 30.0
    ratings: bool = True
    dates: bool = True
    phi: float | None = None

    def __call__(self, case: Case[Interactions, RatingsKnowledge, Interactions], *, rng: Rng) -> Guess:
        n = case.targets.people
        claim, score = np.full(n, -1), np.full(n, -np.inf)
        for block, scores in blocks(case.view, case.targets, self.worth(case)):
            claim[block], score[block] = eccentricity(scores)
        if self.phi is not None:
            claim[~(score > self.phi)] = -1  # written so that NaN abstains too
        return Guess(claim, score)

    def worth(self, case: Case[Interactions, RatingsKnowledge, Interactions]) -> Worth:
        """What a match adds to a record's score.

        Raises:
            KnowledgeError: if a scale is not above 0.
        """
        if not min(self.stars, self.days) > 0:
            raise KnowledgeError(
                f"stars is {self.stars} and days is {self.days}: scoreboard needs both above 0."
            )
        return likeness(
            case.view,
            # Ratings as the release would show them. Dates as they are: a wide window fits most records, and
            # full marks for it would drown what the ratings say.
            replace(case.known.as_released(case.targets), day=case.targets.day),
            stars=self.stars if self.ratings else None,
            days=self.days if self.dates else None,
        )


def eccentricity(scores: Floats) -> tuple[Ints, Floats]:
    """For each row of scores [t, r] the best column and how far it stands out; -1 and -inf if nothing does.

    It is (best - second best) / deviation, with the deviation in its population form over all columns.

    >>> claim, how = eccentricity(np.array([[0.0, 4.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]))
    >>> claim.tolist(), how.round(4).tolist()
    ([1, -1], [2.3094, -inf])
    """
    t, r = scores.shape
    if r < 2:  # with one record there is nothing to stand out from
        return np.full(t, -1), np.full(t, -np.inf)
    sigma = scores.std(axis=1)
    claim = scores.argmax(axis=1)
    best = np.take_along_axis(scores, claim[:, None], axis=1)
    # The best is taken out and put back: a copy of the block would double the memory.
    np.put_along_axis(scores, claim[:, None], -np.inf, axis=1)
    second = scores.max(axis=1)
    np.put_along_axis(scores, claim[:, None], best, axis=1)
    flat = sigma <= 0
    how = np.where(flat, -np.inf, (best[:, 0] - second) / np.where(flat, 1, sigma))
    return np.where(flat, -1, claim), how
