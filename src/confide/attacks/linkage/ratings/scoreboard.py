"""Narayanan, Shmatikov: Robust De-anonymization of Large Sparse Datasets (IEEE S&P 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.ratings._scoring import Worth, blocks, likeness
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import Facts
from confide.views.interactions import Interactions

PAPER = Paper(
    authors="Arvind Narayanan and Vitaly Shmatikov",
    title="Robust De-anonymization of Large Sparse Datasets",
    venue="IEEE Symposium on Security and Privacy (S&P)",
    year=2008,
    url="https://arxiv.org/abs/cs/0610105",
)
PUBLISHED_PHI = 1.5
"""The paper's threshold on the eccentricity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """Does one record fit the few facts that are known about a person far better than every other record?

    The adversary knows a few items that a person rated, roughly how and roughly when, and some of it is
    wrong. Every record scores for each item of these that it has, the more the rarer the item and the closer
    rating and date: weight 1 / ln(people who have it), times exp(-|rating apart| / stars) +
    exp(-|days apart| / days). He names the best record, and is as sure as it stands out: the eccentricity,
    best minus second best over the deviation of all records' scores (Scoreboard-RH).

    Where no record scores at all he names none. An item that one person has weighs as if two had it.

    Args:
        stars: rho_0, how far ratings may be apart to count 1/e.
        days: d_0, likewise for dates.
        ratings: does he look at ratings?
        dates: does he look at dates?
        phi: he names no record if the eccentricity is not above this; the paper takes 1.5. None lets him name
            one always: the audit sets the threshold where it is to be measured.
    """

    name: ClassVar[str] = "scoreboard"
    title: ClassVar[str] = "Does one record fit the known facts far better than all others?"
    paper: ClassVar[Paper] = PAPER

    stars: float = 1.5
    days: float = 30.0
    ratings: bool = True
    dates: bool = True
    phi: float | None = None

    def __call__(self, case: Case[Interactions, Facts, Interactions], *, rng: Rng) -> Guess:
        n = case.targets.people
        claim, score = np.full(n, -1), np.full(n, -np.inf)
        for block, scores in blocks(case.view, case.targets, self.worth(case)):
            claim[block], score[block] = eccentricity(scores)
        if self.phi is not None:
            claim[~(score > self.phi)] = -1
        return Guess(claim, score)

    def worth(self, case: Case[Interactions, Facts, Interactions]) -> Worth:
        """What a match adds to a record's score.

        Raises:
            KnowledgeError: if a scale is not above 0.
        """
        if not min(self.stars, self.days) > 0:
            raise KnowledgeError(
                f"stars is {self.stars} and days {self.days}: scoreboard needs both above 0."
            )
        return likeness(
            case.view,
            case.targets,
            stars=self.stars if self.ratings else None,
            days=self.days if self.dates else None,
        )


def eccentricity(scores: Floats) -> tuple[Ints, Floats]:
    """For each row of scores [t, r] the best column, and how far it stands out; -1 and -inf if nothing does.

    (best - second best) / deviation, the latter in its population form over all columns.

    >>> claim, how = eccentricity(np.array([[0.0, 4.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]))
    >>> claim.tolist(), how.round(4).tolist()
    ([1, -1], [2.3094, -inf])
    """
    t, r = scores.shape
    if r < 2:
        return np.full(t, -1), np.full(t, -np.inf)
    sigma = scores.std(axis=1)
    claim = scores.argmax(axis=1)
    best = np.take_along_axis(scores, claim[:, None], axis=1)
    np.put_along_axis(scores, claim[:, None], -np.inf, axis=1)
    second = scores.max(axis=1)
    np.put_along_axis(scores, claim[:, None], best, axis=1)
    flat = sigma <= 0
    how = np.where(flat, -np.inf, (best[:, 0] - second) / np.where(flat, 1, sigma))
    return np.where(flat, -1, claim), how
