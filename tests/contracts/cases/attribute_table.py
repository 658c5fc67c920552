"""Cases: attacks that infer the secret column of people whose other columns are known."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByHits, Lacks, Sitting, of_permuted_rows, rng

from confide.attacks.attribute import (
    BackgroundKnowledge,
    CorrectAttribution,
    Homogeneity,
    LearnedModel,
    LikelySecret,
    NearestRecord,
)
from confide.games.attribute.table import TableInference
from confide.knowledge.table import Knowing
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedTable
from confide.views.table import Domain, Table

SIZES, VALUES = (40, 90, 12, 8), 8


@cache
def records(people: int) -> Table:
    """Four columns, one of them a number, that few people share; the secret mostly follows the last one."""
    domains = [
        Domain(f"c{i}", tuple(map(str, range(m))), np.arange(float(m)) if i == 1 else None)
        for i, m in enumerate((*SIZES, VALUES))
    ]
    draw = rng(1)
    known = (draw.random((people, len(SIZES))) * SIZES).astype(np.int32)
    secret = np.where(draw.random(people) < 0.7, known[:, -1], draw.integers(0, VALUES, people))
    return Table.of(domains, np.column_stack([known, secret]))


def game(mechanism: Any, *, people: int = 1_000, targets: int = 400, excluding: int = 0) -> TableInference:
    table = records(people)
    return TableInference(
        mechanism=mechanism,
        records=table,
        known=table.names[:-1],
        secret=table.names[-1],
        targets=np.arange(targets),
        knowing=Knowing(wrong=0.01),
        excluding=excluding,
    )


def case(attack: Any, reaches: float, **settings: int) -> AttackCase:
    dealt = partial(game, **settings)
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(dealt, UnrelatedTable()), 2),
        naked=Sitting(partial(dealt, Published()), 1),
        reaches=reaches,
        null=of_permuted_rows(partial(dealt, Published()), 1),
        small=Sitting(partial(dealt, Published(), people=120, targets=40), 2),
        # The secret is uniform. A value that is known not to hold leaves one fewer to guess among.
        judge=ByHits(among=VALUES - settings.get("excluding", 0)),
        lacks=(Lacks(partial(game, Published(), people=120, targets=40), "known not to hold"),)
        if settings
        else (),
    )


CASES = (
    case(NearestRecord(), 0.95),
    case(CorrectAttribution(), 0.95),
    case(LearnedModel(), 0.65),
    case(Homogeneity(), 0.9),
    case(LikelySecret(), 0.95),
    case(BackgroundKnowledge(), 0.9, excluding=2),
)
