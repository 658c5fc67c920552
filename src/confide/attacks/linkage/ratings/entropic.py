"""Narayanan, Shmatikov: Robust De-anonymization of Large Sparse Datasets (IEEE S&P 2008), section 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.linkage.ratings._scoring import blocks
from confide.attacks.linkage.ratings.scoreboard import PAPER, Scoreboard
from confide.core.arrays import Floats, Ints, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import Facts
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropic:
    """How is the suspicion spread over the records, given the few facts that are known about a person?

    The same scores as in `Scoreboard`, but the adversary does not ask for one record that stands out: he
    spreads his belief, Pi(record) proportional to exp(score / deviation of all scores). That names a
    candidate even where two records are close, and says how many bits are missing.

    Args:
        sure: "posterior": he is as sure as the best record's odds, log(Pi / (1 - Pi)). "entropy": as minus
            the entropy of Pi in bits.
        stars: rho_0, how far ratings may be apart to count 1/e.
        days: d_0, likewise for dates.
        ratings: does he look at ratings?
        dates: does he look at dates?
    """

    name: ClassVar[str] = "entropic"
    title: ClassVar[str] = "On how few records does the suspicion fall?"
    paper: ClassVar[Paper] = PAPER

    sure: Literal["posterior", "entropy"] = "posterior"
    stars: float = 1.5
    days: float = 30.0
    ratings: bool = True
    dates: bool = True

    def __call__(self, case: Case[Interactions, Facts, Interactions], *, rng: Rng) -> Guess:
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
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) / np.where(sigma > 0, sigma, 1))
    total = raised.sum(axis=1, keepdims=True)
    best = np.take_along_axis(raised, claim[:, None], axis=1)
    others = np.maximum(total - best, np.finfo(np.float64).tiny)
    belief = raised / total
    entropy = -(belief * np.log2(np.where(belief > 0, belief, 1))).sum(axis=1)
    return np.where(sigma[:, 0] > 0, claim, -1), np.log(best / others)[:, 0], entropy
