"""Cases: attacks on answers to subset sums."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.reconstruction.answers import (
    BoxReconstruction,
    LeastSquares,
    LinearProgram,
    RewordedQueries,
    RobustReconstruction,
)
from confide.core.budget import Budget, Unit
from confide.core.nouns import Release
from confide.games.reconstruction.answers import SubsetReconstruction
from confide.mechanisms.statistics.sticky_noise import StickyNoise
from confide.mechanisms.statistics.subset_sums import SubsetSums
from confide.views.answers import Answers, AskedSubsets, Subsets

PEOPLE = 48


class Random:
    """Answers that depend on nobody."""

    budget = Budget(0.0, unit=Unit.cells(["secret"]))

    def __call__(self, data: AskedSubsets, *, rng: np.random.Generator) -> Release[Answers]:
        answers = rng.binomial(data.subsets.sizes, 0.5).astype(np.float64)
        return Release(Answers(subsets=data.subsets, answers=answers, noise=3.0), self.budget, "Random")


@cache
def queries(count: int, people: int) -> Subsets:
    return Subsets.random(count, people, rng=rng(2))


def game(mechanism: Any = None, *, count: int = 4 * PEOPLE, people: int = PEOPLE) -> SubsetReconstruction:
    return SubsetReconstruction(
        subsets=queries(count, people),
        bits=rng(3).permutation(people) < people // 2,
        mechanism=mechanism or SubsetSums(noise="rehearsal"),
    )


def reworded() -> SubsetReconstruction:
    """Few queries in many words, with noise by the text."""
    few = queries(2 * PEOPLE, PEOPLE)
    return SubsetReconstruction(
        subsets=few.take(np.repeat(np.arange(len(few)), 12)),
        bits=rng(3).permutation(PEOPLE) < PEOPLE // 2,
        mechanism=StickyNoise(deviation=3.0, noise="rehearsal"),
        wording=np.arange(12 * len(few)),
    )


NOISY = partial(game, SubsetSums(deviation=2.0, noise="rehearsal"))


def case(attack: Any, *lacks: Lacks, leaky: Any = NOISY) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, Random()), 6),
        naked=Sitting(game, 2),
        reaches=1.0,  # exact answers to four times as many queries as people leave one solution
        leaky=Sitting(leaky, 4),
        null=permuted_exposure,
        small=Sitting(NOISY, 2),
        judge=ByScore(),
        lacks=lacks,
    )


CASES = (
    case(BoxReconstruction()),
    case(RobustReconstruction()),
    case(RewordedQueries(), leaky=reworded),
    case(LeastSquares(), Lacks(partial(game, count=PEOPLE), "more answers than people")),
    case(LinearProgram(), Lacks(partial(game, count=310, people=304), "at most 300 people")),
)
