"""Cases: attacks on frequencies, presence bits and means."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.membership.statistics import FREQUENCIES, BeaconLR, MeansLR
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.data.genotypes_like import GenotypesLike
from confide.games.membership.statistics import Tracing
from confide.mechanisms.statistics.allele_frequencies import AlleleFrequencies
from confide.mechanisms.statistics.allele_presence import AllelePresence
from confide.mechanisms.statistics.column_means import ColumnMeans
from confide.views.frequencies import Genotypes, Measurements


class OfOthers:
    """Statistics of 30 other people, which depend on nobody in the pool, and not on how many are in it.

    A pool's published size alone tells in which world more coins fell on "in".
    """

    budget = Budget(0.0)

    def __init__(self, mechanism: Any, others: Any) -> None:
        self.mechanism, self.others = mechanism, others

    def __call__(self, data: Any, *, rng: np.random.Generator) -> Release[Any]:
        drawn = self.others.take(rng.permutation(len(self.others))[:30])
        return Release(self.mechanism(drawn, rng=rng).view, self.budget, "OfOthers")


@cache
def genotypes(low: float = 0.05, high: float = 0.5) -> Genotypes:
    return GenotypesLike(people=260, snps=400, low=low, high=high)(rng=rng(1))


@cache
def rare() -> Genotypes:
    return genotypes(0.005, 0.02)


@cache
def measurements() -> Measurements:
    return Measurements(values=rng(2).standard_normal((260, 400)))


def game(everybody: Any, mechanism: Any, *, others: bool = False, known: int = 100, **settings: Any) -> Any:
    people, reference, apart = (
        everybody().take(np.arange(*ends)) for ends in ((0, 100), (100, 100 + known), (200, 260))
    )
    made = OfOthers(mechanism, apart) if others else mechanism
    given: dict[str, Any] = {"group": 30, "targets": 40} | settings
    return Tracing(people=people, reference=reference, mechanism=made, **given)


def case(attack: Any, everybody: Any, mechanism: Any, *, says: str = "a reference of 2 people") -> AttackCase:
    make = partial(game, everybody, mechanism)
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(make, others=True), 6),
        naked=Sitting(partial(make, group=6, targets=10), 12),  # five or six people in 400 statistics
        reaches=0.97,
        leaky=Sitting(make, 4),
        null=permuted_exposure,
        small=Sitting(make, 2),
        judge=ByScore(),
        lacks=(Lacks(partial(make, known=1), says),),
    )


CASES = (
    *(case(attack(), genotypes, AlleleFrequencies()) for attack in FREQUENCIES),
    case(BeaconLR(), rare, AllelePresence()),
    case(MeansLR(), measurements, ColumnMeans()),
)
