"""Cases: attacks on visit counts."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.membership.counts import CountsLR, InnerProduct, KnockKnock
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.nouns import Release
from confide.data.commuters import MONDAY, Commuters
from confide.games.membership.counts import Aggregates
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Counts, Grid, Visits
from confide.views.traces import Traces

GRID = Grid(cells=36, start=MONDAY, times=72)


class Random:
    """Counts that depend on nobody."""

    budget = Budget(0.0, unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Visits, *, rng: np.random.Generator) -> Release[Counts]:
        counts = rng.poisson(0.5, (GRID.cells, GRID.times)).astype(np.float64)
        return Release(Counts(counts=counts, grid=GRID), self.budget, "Random")


@cache
def traces() -> Traces:
    return Commuters(people=120, side=6, hours=72, observed=0.2)(rng=rng(1))


def game(mechanism: Any = None, **settings: Any) -> Aggregates:
    mechanism = VisitCounts(noise="rehearsal") if mechanism is None else mechanism
    return Aggregates(traces=traces(), grid=GRID, mechanism=mechanism, **{"group": 20} | settings)


def case(attack: Any, label: str = "") -> AttackCase:
    return AttackCase(
        attack=attack,
        label=label,
        silent=Sitting(partial(game, Random()), 6),
        naked=Sitting(partial(game, group=10), 4),  # ten people, counted as they are
        reaches=0.85,
        leaky=Sitting(game, 5),
        null=permuted_exposure,
        small=Sitting(game, 2),
        judge=ByScore(),
        lacks=(Lacks(partial(game, share=0.0), "other people"),),
    )


CASES = (
    case(InnerProduct()),
    case(CountsLR()),
    case(KnockKnock(groups=40)),
    case(KnockKnock(groups=40, counts=False), "published"),
    case(KnockKnock(groups=40, variance=0.95), "components"),
)
