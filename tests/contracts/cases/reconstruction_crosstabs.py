"""Cases: attacks that reconstruct records from contingency tables."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure

from confide.attacks.reconstruction.crosstabs import GenerateThenVerify, RankedRows
from confide.core.nouns import Release
from confide.games.reconstruction.crosstabs import BlockTables
from confide.mechanisms.statistics.crosstabs import Tabulated
from confide.views.crosstabs import Crosstabs
from confide.views.table import Domain, Table

SIZES = (12, 6, 8)


@cache
def records(people: int = 2_000) -> Table:
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(SIZES)]
    draw = np.random.default_rng(1)
    return Table.of(domains, (draw.random((people, len(SIZES))) * SIZES).astype(np.int32))


class OfOthers:
    """Exact tables of people who have nothing to do with the block."""

    budget = None

    def __init__(self, noisy: bool = False) -> None:
        self.noisy = noisy

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Release[Crosstabs]:
        other = records().take(rng.permutation(len(records()))[: len(data)])
        view = Crosstabs.of(other, PAIRS)
        if self.noisy:
            view = Crosstabs(view.domains, view.tables, exact=False)
        return Release(view, None, "OfOthers")


PAIRS = (("c0", "c1"), ("c0", "c2"), ("c1", "c2"))
EVERYTHING = Tabulated(sets=(("c0", "c1", "c2"),))


def game(mechanism: Any, *, block: int = 15) -> BlockTables:
    return BlockTables(records=records(), mechanism=mechanism, block=block, targets=2 * block)


def case(attack: Any, *lacks: Lacks) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, OfOthers()), 6),
        naked=Sitting(partial(game, EVERYTHING), 4),
        # Of 15 people out of 576 combinations one in forty controls has an equal row by chance.
        reaches=0.95,
        leaky=Sitting(partial(game, Tabulated(sets=PAIRS)), 4),
        null=permuted_exposure,
        small=Sitting(partial(game, Tabulated(sets=PAIRS), block=8), 2),
        judge=ByScore(),
        lacks=lacks,
    )


CASES = (
    case(GenerateThenVerify(), Lacks(partial(game, OfOthers(noisy=True)), "exact counts")),
    case(RankedRows(draws=10)),
)
