"""Narayanan, Shmatikov: Robust De-anonymization of Large Sparse Datasets (IEEE S&P 2008), section 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.linkage.ratings._scoring import blocks
from confide.attacks.linkage.ratings.scoreboard import PAPER, Scoreboard
from confide.core.arrays import Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import RatingsKnowledge
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropic:
    """Entropic de-anonymisation: spreads a belief over the records, given a few facts about a person.

    The scores are those of `Scoreboard`, but no single record has to stand out. The adversary's belief in a
    record, Pi, is proportional to exp(score / deviation of all scores). That names a candidate even where two
    records are close, and says how many bits are missing.

    Args:
        sure: the score of a claim. "posterior": the log-odds of the best record, log(Pi / (1 - Pi)).
            "entropy": minus the entropy of Pi in bits.
        stars: rho_0, the distance of ratings that counts 1/e.
        days: d_0, the same for dates.
        ratings: whether ratings are compared.
        dates: whether dates are compared.
    """

    name: ClassVar[str] = "entropic"
    title: ClassVar[str] = later("On how few records does the suspicion fall?")
    paper: ClassVar[Paper] = PAPER

    sure: Literal["posterior", "entropy"] = "posterior"
    stars: float = 1.5
    days: float = 30.0
    ratings: bool = True
    dates: bool = True

    def __call__(self, case: Case[Interactions, RatingsKnowledge, Interactions], *, rng: Rng) -> Guess:
        same = Scoreboard(stars=self.stars, days=self.days, ratings=self.ratings, dates=self.dates)
        n = case.targets.people
        claim, score = np.full(n, -1), np.full(n, -np.inf)
        for block, scores in blocks(case.view, case.targets, same.worth(case)):
            claim[block], odds, entropy = beliefs(scores)
            score[block] = odds if self.sure == "posterior" else -entropy
        return Guess(claim, np.where(claim < 0, -np.inf, score))


def beliefs(scores: Floats) -> tuple[Ints, Floats, Floats]:
    """For each row of scores [t, r] the best column (-1 if all are equal), its log-odds, the entropy in bits.

    >>> claim, odds, entropy = beliefs(np.array([[0.0, 2.0], [1.0, 1.0]]))
    >>> claim.tolist(), odds.round(3).tolist(), entropy.round(3).tolist()
    ([1, -1], [2.0, 0.0], [0.527, 1.0])
    """
    sigma = scores.std(axis=1, keepdims=True)
    claim = scores.argmax(axis=1)
    # The deviation is the unit in which a row's scores differ; subtracting the largest avoids overflow.
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) / np.where(sigma > 0, sigma, 1))
    total = raised.sum(axis=1, keepdims=True)
    best = np.take_along_axis(raised, claim[:, None], axis=1)
    # Where one record takes all belief, the others' sum rounds to 0.
    others = np.maximum(total - best, np.finfo(np.float64).tiny)
    belief = raised / total
    entropy = -(belief * np.log2(np.where(belief > 0, belief, 1))).sum(axis=1)
    return np.where(sigma[:, 0] > 0, claim, -1), np.log(best / others)[:, 0], entropy
