"""What every attack on aggregate counts owes: the anchors, the null, determinism under any map, and a face.

*Add an attack*: one line in `ATTACKS`.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from confide.attacks.membership.counts import ALL, InnerProduct, KnockKnock
from confide.core.budget import Budget, Unit
from confide.core.errors import KnowledgeError
from confide.core.nouns import Release
from confide.core.paper import Paper
from confide.core.play import play
from confide.data.commuters import MONDAY, Commuters
from confide.games.membership.counts import Aggregates
from confide.measure import measure
from confide.mechanisms.statistics.visit_counts import EVERY_VISIT, VisitCounts
from confide.views.counts import Counts, Grid
from confide.views.traces import Traces

ATTACKS = (
    InnerProduct(),
    KnockKnock(groups=40),
    KnockKnock(groups=40, counts=False),
    KnockKnock(groups=40, variance=0.95),
)
every = pytest.mark.parametrize(
    "attack", ATTACKS, ids=["inner-product", "knock-knock", "published", "components"]
)

GRID = Grid(cells=36, start=MONDAY, times=72)
TRACES = Commuters(people=120, side=6, hours=72, observed=0.2)(rng=np.random.default_rng(1))


class Random:
    """Counts that nobody was looked at for."""

    budget = Budget(0.0, unit=Unit.person("person", at_most=EVERY_VISIT))

    def __call__(self, data: Traces, *, rng) -> Release[Counts]:
        counts = rng.poisson(0.5, (GRID.cells, GRID.times)).astype(np.float64)
        return Release(Counts(counts=counts, grid=GRID), self.budget, "Random")


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def game(mechanism: Any = None, **settings) -> Aggregates:
    mechanism = VisitCounts(grid=GRID, noise="rehearsal") if mechanism is None else mechanism
    return Aggregates(traces=TRACES, mechanism=mechanism, group=20, **settings)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_every_attack_is_under_contract():
    assert {type(attack) for attack in ATTACKS} == set(ALL)


def naive_auc(evidence) -> float:
    yes, no = evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]
    return float(np.mean([(y > no).mean() + (y == no).mean() / 2 for y in yes]))


def is_chance(auc: float, rows: int) -> bool:
    """Within 3.5 standard errors of 1/2: by chance not so once in 2,000 times."""
    return abs(auc - 0.5) < 3.5 / np.sqrt(3 * rows)


@every
def test_learns_nothing_from_nothing(attack):
    evidence = play(game(Random()), attack, worlds=20, rng=rng())
    assert is_chance(naive_auc(evidence), len(evidence))
    assert max(bound.low for bound in measure(evidence, confidence=1 - 1e-6).epsilon) == 0


@every
def test_finds_people_in_the_counts_of_a_few(attack):
    """Ten people, counted as they are."""
    evidence = play(dataclasses.replace(game(), group=10), attack, worlds=4, rng=rng())
    assert naive_auc(evidence) > 0.85 and evidence.excluded == 0


@every
def test_null_permuted_coins(attack):
    evidence = play(game(), attack, worlds=10, rng=rng())
    fake = rng(1).permutation(evidence.table["exposed"].to_numpy())
    permuted = dataclasses.replace(evidence, table=evidence.table.with_columns(exposed=fake))
    assert is_chance(naive_auc(permuted), len(permuted)) and naive_auc(evidence) > 0.65


@every
def test_same_seed_same_evidence_under_any_map(attack, processes: ProcessPoolExecutor):
    plain = play(game(), attack, worlds=2, rng=rng())
    with ThreadPoolExecutor(2) as threads:
        threaded = play(game(), attack, worlds=2, rng=rng(), map=threads.map)
    spread = play(game(), attack, worlds=2, rng=rng(), map=processes.map)
    for other in (play(game(), attack, worlds=2, rng=rng()), threaded, spread):
        assert plain.table.equals(other.table)


@every
def test_says_what_it_lacks(attack):
    with pytest.raises(KnowledgeError, match="other people"):
        play(game(share=0.0), attack, worlds=1, rng=rng())


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_has_a_face(attack: type):
    assert attack.__doc__ and len(attack.__doc__.split("\n\n")) >= 2, "one sentence, then the story"
    assert isinstance(attack.paper, Paper) and attack.paper.bibtex("key").startswith("@misc{key,")
    assert attack.title.endswith("?")
    for setting in dataclasses.fields(attack):
        assert f"        {setting.name}: " in attack.__doc__, f"{setting.name} is a flag and needs a word"
        assert setting.default is not dataclasses.MISSING
    assert attack.__dataclass_params__.frozen and "__slots__" in vars(attack)
    assert attack() == attack() and hash(attack()) == hash(attack())
