"""Cases: attacks that infer a secret, drawn by coins, from a synthetic file."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.attribute import LinearReconstruction
from confide.games.attribute.synthetic import RandomisedSecrets
from confide.games.attribute.table import TableInference
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedTable
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.views.table import Domain, Table

SIZES = (12, 9, 6, 6, 4)


@cache
def records(people: int) -> Table:
    """Five columns that few people share in all, and a bit that follows the last one."""
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate((*SIZES, 2))]
    draw = rng(1)
    known = (draw.random((people, len(SIZES))) * SIZES).astype(np.int32)
    return Table.of(domains, np.column_stack([known, draw.random(people) < 0.2 + 0.2 * known[:, -1]]))


def game(mechanism: Any, *, people: int = 500) -> RandomisedSecrets:
    table = records(people)
    return RandomisedSecrets(
        mechanism=mechanism,
        records=table,
        known=table.names[:-1],
        secret=table.names[-1],
        targets=np.arange(0, people, 2),
    )


def without_a_register() -> TableInference:
    table = records(60)
    return TableInference(
        mechanism=Published(),
        records=table,
        known=table.names[:-1],
        secret=table.names[-1],
        targets=np.arange(30),
    )


CASES = (
    AttackCase(
        attack=LinearReconstruction(),
        silent=Sitting(partial(game, UnrelatedTable()), 2),
        # Counts over few columns are exact sums: with hundreds of them one solution is left.
        naked=Sitting(partial(game, Published()), 1),
        reaches=0.99,
        leaky=Sitting(partial(game, Bootstrap(noise="rehearsal")), 2),
        null=permuted_exposure,
        small=Sitting(partial(game, Bootstrap(noise="rehearsal"), people=60), 2),
        judge=ByScore(),
        lacks=(Lacks(without_a_register, "register of everybody"),),
    ),
)
