"""Cases: attacks that link facts to rows of a table, or single people out of it."""

from __future__ import annotations

import dataclasses
from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByHits, Sitting, of_permuted_rows, rng

from confide.attacks.linkage import (
    ClassPredicate,
    FellegiSunter,
    ManyColumns,
    Nearest,
    NoisyNames,
    OneColumn,
    Transparency,
)
from confide.core.evidence import Evidence
from confide.core.nouns import World
from confide.games.linkage.singling_out import SinglingOut
from confide.games.linkage.table import TableLinkage
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedTable
from confide.views.table import Domain, Table

SIZES = (1_000, 90, 12, 12, 8, 8, 5, 2)


@cache
def records(people: int) -> Table:
    """Eight columns: a long one with few people to a value, a number, and categories with common values."""
    domains = [
        Domain(f"c{i}", tuple(map(str, range(m))), np.arange(float(m)) if i == 1 else None)
        for i, m in enumerate(SIZES)
    ]
    even = rng(1).random((people, len(SIZES)))
    even[:, 2:] **= 1.5  # the first values are the common ones
    return Table.of(domains, (even * SIZES).astype(np.int32))


def game(mechanism: Any, *, people: int = 600, targets: int = 400) -> TableLinkage:
    known = records(people).names[1:]
    return TableLinkage(mechanism=mechanism, records=records(people), known=known, targets=np.arange(targets))


def linking(attack: Any, reaches: float, *, extra: str = "") -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, UnrelatedTable()), 2),
        naked=Sitting(partial(game, Published()), 1),
        reaches=reaches,
        null=of_permuted_rows(partial(game, Published()), 1),
        small=Sitting(partial(game, Published(), people=120, targets=40), 2),
        judge=ByHits(among=100),
        extra=extra,
    )


def out(mechanism: Any, *, people: int = 800, claims: int = 200) -> SinglingOut:
    return SinglingOut(mechanism=mechanism, records=records(people), claims=claims)


@dataclasses.dataclass(frozen=True)
class OnOthers:
    """The same game, in which all claims are judged on people who are not in the release."""

    game: SinglingOut

    @property
    def unit(self) -> Any:
        return self.game.unit

    @property
    def randomised(self) -> bool:
        return self.game.randomised

    def deal(self, world: int, *, rng: np.random.Generator) -> World[Any, Any, Any, Any]:
        dealt = self.game.deal(world, rng=rng)
        others = dataclasses.replace(dealt.secrets, inside=dealt.secrets.outside)
        return dataclasses.replace(dealt, secrets=others)

    def hits(self, guess: Any, secrets: Any) -> Any:
        return self.game.hits(guess, secrets)


def on_others(attack: Any, evidence: Evidence) -> Evidence:
    return Sitting(lambda: OnOthers(out(Published())), 1).play(attack)


def singling(attack: Any) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(out, UnrelatedTable()), 2),
        naked=Sitting(partial(out, Published()), 1),
        reaches=0.95,
        null=on_others,
        small=Sitting(partial(out, Published(), people=120, claims=20), 2),
        # No predicate, of any weight, holds for exactly one person by luck in more than .37 of the cases.
        judge=ByHits(among=2),
    )


CASES = (
    linking(FellegiSunter(), 0.9),
    linking(Nearest(), 0.85),
    linking(NoisyNames(), 0.9, extra="splink"),
    linking(Transparency(), 0.9),
    singling(OneColumn()),
    singling(ManyColumns()),
    singling(ClassPredicate()),
)
