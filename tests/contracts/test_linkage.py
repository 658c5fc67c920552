"""What every linkage attack owes: both anchors, the null, determinism under any map, and a face.

*Add an attack*: one row in `ATTACKS`.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from confide.attacks.linkage import (
    ALL,
    Counting,
    Entropic,
    Likelihood,
    LocationMeter,
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    Scoreboard,
    SharedPlaces,
    UniquePoints,
)
from confide.core.narrowing import for_attack
from confide.core.nouns import Mechanism
from confide.core.paper import Paper
from confide.core.play import play
from confide.data import gowalla_nyc
from confide.data.commuters import MONDAY, Commuters
from confide.data.ratings_like import ratings_like
from confide.games.linkage.claims import NOBODY, Linkage
from confide.games.linkage.ratings import Knowing, RatingsLinkage
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedRatings, UnrelatedTraces
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces


@dataclass(frozen=True)
class Row:
    """An attack, its game against a mechanism, the anchor that says nothing, and what it must reach.

    Args:
        reaches: share of the present people whose record it names, if the records are published as is.
    """

    attack: Any
    game: Callable[[Mechanism[Any]], Linkage]
    nothing: Mechanism[Any]
    reaches: float = 0.9

    @property
    def id(self) -> str:
        extra = {
            k: v for k, v in dataclasses.asdict(self.attack).items() if v != getattr(type(self.attack)(), k)
        }
        return self.attack.name + "".join(f"-{k}={v}" for k, v in extra.items())


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def ratings_game(mechanism: Mechanism[Any]) -> RatingsLinkage:
    records = ratings_like(people=600, items=400, each=40, rng=rng(1))
    return RatingsLinkage(
        mechanism=mechanism, records=records, targets=np.arange(400), knowing=Knowing(facts=8, wrong=2)
    )


def ratings_row(attack: Any, reaches: float = 0.9) -> Row:
    return Row(attack, ratings_game, UnrelatedRatings(since=10_900.0, days=2_200.0), reaches)


def points_game(mechanism: Mechanism[Any]) -> PointsKnown:
    traces = CoarseTraces(seconds=3_600)(gowalla_nyc.twin(500, rng=rng(1)), rng=None).view
    return PointsKnown(traces=traces, mechanism=mechanism, targets=300)


def past_game(mechanism: Mechanism[Any]) -> EarlierKnown:
    return EarlierKnown(
        traces=Commuters(people=240, observed=0.2)(rng=rng(1)), mechanism=mechanism, targets=120
    )


def points_row(attack: Any, reaches: float) -> Row:
    return Row(attack, points_game, UnrelatedTraces(seconds=540 * 86_400), reaches)


def past_row(attack: Any, reaches: float) -> Row:
    return Row(attack, past_game, UnrelatedTraces(since=MONDAY + 7 * 86_400, seconds=7 * 86_400), reaches)


ATTACKS = (
    ratings_row(Scoreboard()),
    ratings_row(Scoreboard(dates=False), 0.7),
    ratings_row(Scoreboard(ratings=False)),
    ratings_row(Likelihood()),
    ratings_row(Likelihood(dates=False)),
    ratings_row(Entropic()),
    ratings_row(Entropic(sure="entropy")),
    ratings_row(Counting(), 0.1),
    points_row(UniquePoints(), 0.9),
    points_row(NearbyPoints(), 0.9),
    past_row(SharedPlaces(), 0.9),
    past_row(MobilityChain(), 0.5),
    past_row(MobilityChain(how="likelihood"), 0.9),
    past_row(MobilityLikelihood(), 0.9),
    past_row(LocationMeter(burn_in=10, keep=20, draws=100), 0.9),
)

every = pytest.mark.parametrize("row", ATTACKS, ids=lambda row: row.id)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_every_attack_is_under_contract():
    assert {type(row.attack) for row in ATTACKS} == set(ALL)


@every
def test_names_strangers_by_chance(row: Row):
    """Among records of nobody he is right as often as a die; once in a million runs more often."""
    game = row.game(row.nothing)
    rows = len(np.unique(game.deal(0, rng=rng()).secrets)) - 1
    table = play(game, row.attack, worlds=2, rng=rng()).table
    here = table.filter(table["exposed"])
    chance = 1 / min(rows, 100)  # a release may be smaller than the crowd, never than a hundred
    assert here["hit"].sum() <= binom.ppf(1 - 1e-6, len(here), chance)


@every
def test_finds_people_who_are_published_as_they_are(row: Row):
    table = play(row.game(Published()), row.attack, worlds=1, rng=rng()).table
    assert table.filter(table["exposed"])["hit"].mean() >= row.reaches


@every
def test_null_permuted_secrets(row: Row):
    """Right about whose record is whose; about a random pairing by chance, once in a million runs more."""
    game = row.game(Published())
    world = game.deal(0, rng=rng())
    guess = row.attack(for_attack(row.attack, world.case), rng=rng())
    here = (world.secrets.reshape(len(world.secrets), -1) != NOBODY)[:, 0]  # a row, or several, for each
    shuffled = world.secrets.copy()
    shuffled[here] = rng(1).permutation(world.secrets[here])
    n = int(here.sum())
    assert game.hits(guess, world.secrets)[here].sum() > binom.ppf(1 - 1e-6, n, 1 / n)
    assert game.hits(guess, shuffled)[here].sum() <= binom.ppf(1 - 1e-6, n, 1 / n)


@every
def test_same_seed_same_evidence_under_any_map(row: Row, processes: ProcessPoolExecutor):
    game = row.game(Published())
    plain = play(game, row.attack, worlds=2, rng=rng())
    with ThreadPoolExecutor(2) as threads:
        threaded = play(game, row.attack, worlds=2, rng=rng(), map=threads.map)
    spread = play(game, row.attack, worlds=2, rng=rng(), map=processes.map)
    for other in (play(game, row.attack, worlds=2, rng=rng()), threaded, spread):
        assert plain.table.equals(other.table)


@every
def test_says_something_of_everybody_and_leaves_its_case_as_it_was(row: Row):
    world = row.game(Published()).deal(0, rng=rng())
    before = world.case.view.digest(), world.case.targets.digest()
    guess = row.attack(for_attack(row.attack, world.case), rng=rng())
    assert guess.value is not None and guess.value.shape == guess.score.shape == (len(world.secrets),)
    assert not np.isnan(guess.score).any()
    assert (before) == (world.case.view.digest(), world.case.targets.digest())


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


def test_names_are_names():
    assert len({attack.name for attack in ALL}) == len(ALL)
