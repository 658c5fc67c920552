"""Hilprecht, Härterich, Bernau: Monte Carlo membership inference against generative models (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.synthetic._likelihood import counts_of, likelihood
from confide.attacks.membership.synthetic._neighbours import distances
from confide.core.arrays import Rng
from confide.core.errors import DataError
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

CLOSEST = 1e-3
"""Rows that are nearer count as equal: a thousandth of one column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCopies:
    """Exact copies: how many synthetic rows equal this person's, for how rare such a row is?

    A row that many people have is in the file by chance. A row that nobody else has is there because it was
    copied. With p the share of such rows in the population, m synthetic rows hold about `m p` of them by
    chance, and `m p + 1` if each row that was given is copied once on average. The score is the logarithm of
    the ratio of the two Poisson chances of c copies, up to a constant: `c log(1 + 1 / (m p))`. So where
    few rows of a file are copies, the rare ones come first.

    The share p is that of the people whom the adversary knows, and for rows that are not among them the
    product of the columns' shares, in the proportion of Good and Turing: the share of rows not seen before is
    that of the rows seen once. Without a reference p is the product.
    """

    name: ClassVar[str] = "synthetic-copies"
    title: ClassVar[str] = "Are there more copies of this person's row than chance makes?"
    paper: ClassVar[Paper] = MONTE_CARLO

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        copies = counts_of(case.targets, case.view)
        expected = len(case.view) * likelihood(case.targets, case.view, case.known.reference)
        return Guess(None, copies * np.log1p(1 / np.maximum(expected, 1e-300)))


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
    title: ClassVar[str] = "Do several synthetic rows stand close to this person's?"
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
