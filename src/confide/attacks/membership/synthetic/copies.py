"""Hilprecht, Härterich, Bernau: Monte Carlo membership inference against generative models (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.synthetic._likelihood import counts_of, likelihood
from confide.attacks.membership.synthetic._neighbours import CLOSEST, distances
from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table
from confide.views.table_nearest import ranges

MONTE_CARLO = Paper(
    authors="Benjamin Hilprecht and Martin Härterich and Daniel Bernau",
    title="Monte Carlo and Reconstruction Membership Inference Attacks against Generative Models",
    venue="Proceedings on Privacy Enhancing Technologies (PoPETs) 2019(4)",
    year=2019,
    url="https://doi.org/10.2478/popets-2019-0067",
)


MOST = 100
"""Copies of one person, at most: the Poisson chance of more is below 1e-150."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCopies:
    """Exact copies: how many synthetic rows equal this person's, for how rare such a row is?

    A row that many people have is in the file by chance. A row that nobody else has is there because it was
    copied. With p the share of such rows in the population, m synthetic rows hold about `m p` of them by
    chance, and one more on average if each row that was given is drawn once on average, as a bootstrap does.
    The score is the logarithm of the ratio of the chances of c copies with and without the target. So where
    few rows of a file are copies, the rare ones come first.

    The share p is that of the people whom the adversary knows, and for rows that are not among them the
    product of the columns' shares, in the proportion of Good and Turing: the share of rows not seen before is
    that of the rows seen once. Without a reference p is the product. That is a guess, so the number by chance
    is taken as Poisson with a mean from a gamma distribution around `m p`: a negative binomial distribution.

    Args:
        shape: of the gamma distribution. Smaller means that the true mean may be farther from the guess.
    """

    name: ClassVar[str] = "synthetic-copies"
    title: ClassVar[str] = later("Are there more copies of this person's row than chance makes?")
    paper: ClassVar[Paper] = MONTE_CARLO

    # Chosen on COMPAS and on NIST's ACS excerpts, of 0.03 to 3: there larger values put common rows first.
    shape: float = 0.1

    def __post_init__(self) -> None:
        if not self.shape > 0:
            raise DataError(f"shape is {self.shape}: give a number above 0.")

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        copies = counts_of(case.targets, case.view)
        expected = len(case.view) * likelihood(case.targets, case.view, case.known.reference)
        return Guess(None, log_ratio(copies, expected, self.shape))


def log_ratio(copies: Ints, expected: Floats, shape: float) -> Floats:
    """The logarithm of the ratio of the chances of these copies, with the target and without: float64[t].

    Without, c is negative binomial with mean `expected`: P(c - 1) / P(c) = c (shape + expected) / ((c - 1 +
    shape) expected). With, a Poisson number of mean 1 is added.

    >>> log_ratio(np.array([0, 1, 1]), np.array([0.5, 0.5, 5.0]), 1e9).round(3).tolist()
    [-1.0, 0.099, -0.818]
    """
    rarely = np.maximum(expected, 1e-300)
    odds = np.log((shape + rarely) / rarely)
    found, term = np.full(len(copies), -1.0), np.full(len(copies), -1.0)
    for j in range(1, min(int(copies.max(initial=0)), MOST) + 1):
        left = np.maximum(copies - j + 1.0, 1.0)
        # The target's own copies are j: their Poisson chance, with as many fewer by chance.
        term = np.where(j <= copies, term + np.log(left / (left - 1 + shape) / j) + odds, -np.inf)
        found = np.logaddexp(found, term)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCopies:
    """Near copies: how many synthetic rows are close to this person's, and how close?

    The adversary draws a ball around each target, as wide as half of the targets that are no copies need to
    reach a synthetic row, and adds up the logarithms of how near each row in the ball is: the Monte Carlo
    attack with the median heuristic. It needs no other people. A generator that moves numbers a little makes
    no exact copy, but several near ones.

    Args:
        most: the number of rows of a ball that count, the nearest ones.
    """

    name: ClassVar[str] = "synthetic-near-copies"
    title: ClassVar[str] = later("Do several synthetic rows stand close to this person's?")
    paper: ClassVar[Paper] = MONTE_CARLO

    most: int = 5

    def __post_init__(self) -> None:
        if self.most < 1:
            raise DataError(f"most is {self.most}: give 1 or more.")

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        far = distances(case.targets, case.view, ranges(case.view), count=self.most)
        apart = far[far[:, 0] > CLOSEST, 0]  # or a file of copies alone would leave no ball
        radius = float(np.median(apart)) if len(apart) else 1.0
        # 0 at the edge of the ball and outside.
        return Guess(None, -np.log(np.clip(far, CLOSEST, radius) / radius).sum(axis=1))
