"""Cases: attacks on synthetic data by an adversary who has the generator, or all that it measured."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure
from tests.contracts.cases.membership_synthetic import GROUP, OfOthers, Redrawn, game, people

from confide.attacks.membership.synthetic import NoisedMarginsLR, ShadowQueries
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.games.membership.synthetic_margins import MarginsOfAllButOne
from confide.mechanisms.anchors.published import Published
from confide.views.margins import Measured, NoisedMargins, counted
from confide.views.table import Table

ASKED = np.arange(30)
QUICK = ShadowQueries(worlds=40, queries=20, trees=40)


class Measuring:
    """All pairs of the categories, counted with noise; or those of other people, who are always the same."""

    budget = Budget(0.0)

    def __init__(self, sigma: float, *, others: bool = False) -> None:
        self.sigma, self.others = sigma, others

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Release[NoisedMargins]:
        table = people().take(np.arange(600)) if self.others else data
        margins = [
            Measured(
                columns=pair,
                counts=counted(table, pair) + self.sigma * rng.standard_normal(table.sizes[list(pair)]),
                sigma=self.sigma,
                rho=0.5 / self.sigma**2,
            )
            for pair in combinations(range(4), 2)
        ]
        return Release(NoisedMargins(table.domains, tuple(margins)), self.budget, "Measuring")


def measured(sigma: float, *, others: bool = False) -> MarginsOfAllButOne:
    return MarginsOfAllButOne(
        table=people().take(np.arange(600)), measuring=Measuring(sigma, others=others), targets=ASKED
    )


CASES = (
    AttackCase(
        attack=QUICK,
        silent=Sitting(partial(game, OfOthers(), asked=ASKED), 20),
        naked=Sitting(partial(game, Published(), asked=ASKED), 20),
        reaches=0.97,
        leaky=Sitting(partial(game, Redrawn(), asked=ASKED), 20),
        null=permuted_exposure,
        small=Sitting(partial(game, Redrawn(), asked=ASKED), 2),
        judge=ByScore(),
        lacks=(
            Lacks(partial(game, Published(), known=False), f"{GROUP - 100} rows of other people or more"),
        ),
    ),
    AttackCase(
        attack=NoisedMarginsLR(),
        silent=Sitting(partial(measured, 1.0, others=True), 200),
        naked=Sitting(partial(measured, 0.1), 200),
        reaches=0.99,
        leaky=Sitting(partial(measured, 1.0), 200),
        null=permuted_exposure,
        small=Sitting(partial(measured, 1.0), 8),
        judge=ByScore(),
    ),
)
