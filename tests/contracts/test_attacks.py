"""What every attack owes: the anchors, determinism under any map, the null, and a face."""

from __future__ import annotations

import dataclasses
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from tests.contracts.attacks import (
    ATTACKS,
    CLASSES,
    GaussianLearner,
    Row,
    game_against,
    naive_auc,
    naive_tpr,
    people,
)

from confide.attacks.blind import Blind
from confide.attacks.membership import ALL, by_name
from confide.core.errors import AccessError, KnowledgeError
from confide.core.nouns import Case
from confide.core.paper import Paper
from confide.core.play import needed_access, play
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background
from confide.measure import measure
from confide.mechanisms.anchors.models import Everything, Nothing
from confide.mechanisms.learn.fit import Fit

every = pytest.mark.parametrize("row", ATTACKS, ids=lambda row: row.id)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_every_attack_is_under_contract():
    assert {type(row.attack) for row in ATTACKS} == set(ALL)


def is_chance(auc: float, rows: int) -> bool:
    """Within 3.5 standard errors of 1/2 (.02 for 10,000 rows): by chance not so once in 2,000 times."""
    return abs(auc - 0.5) < 3.5 / np.sqrt(3 * rows)


@every
def test_learns_nothing_from_nothing(row: Row):
    game = game_against(Nothing(classes=CLASSES), targets=int(row.size * 1_000), **row.knows)
    evidence = play(game, row.attack, worlds=10, rng=rng())
    rows = len(evidence.table)
    assert is_chance(naive_auc(evidence), rows)
    for fpr in (0.01, 0.1):  # four standard errors of a share of half the rows
        assert naive_tpr(evidence, fpr) < fpr + 4 * np.sqrt(2 * fpr / (rows / 2))
    risk = measure(evidence, confidence=1 - 1e-6)
    assert risk.advantage.low <= 0 and max(bound.low for bound in risk.epsilon) == 0


@every
def test_learns_everything_from_everything(row: Row):
    targets = max(int(row.size * 500), 300)
    game = game_against(Everything(classes=CLASSES), targets=targets, **row.knows)
    evidence = play(game, row.attack, worlds=2, rng=rng())
    assert naive_tpr(evidence, 0.01) > 0.9 and measure(evidence).auc.low > 0.9
    out = evidence.excluded - row.told * targets
    assert 0 <= out <= 0.02 * 2 * targets, "half are told to a supervised attack; nobody else is left out"


@every
def test_null_permuted_memberships(row: Row):
    """A model that leaks, judged on memberships not its own."""
    game = game_against(Fit(GaussianLearner(mu=2.0)), targets=int(row.size * 2_000), **row.knows)
    evidence = play(game, row.attack, worlds=5, rng=rng())
    fake = np.random.default_rng(1).permutation(evidence.table["exposed"].to_numpy())
    permuted = dataclasses.replace(evidence, table=evidence.table.with_columns(exposed=fake))
    assert is_chance(naive_auc(permuted), len(permuted.table))
    assert naive_auc(evidence) > 0.55, "the true memberships must be told apart, or this test proves nothing"


@every
def test_same_seed_same_evidence_under_any_map(row: Row, processes: ProcessPoolExecutor):
    game = game_against(Fit(GaussianLearner(mu=2.0)), targets=120, references=4, strangers=100, **row.knows)
    plain = play(game, row.attack, worlds=3, rng=rng())
    again = play(game, row.attack, worlds=3, rng=rng())
    with ThreadPoolExecutor(3) as threads:
        threaded = play(game, row.attack, worlds=3, rng=rng(), map=threads.map)
    spread = play(game, row.attack, worlds=3, rng=rng(), map=processes.map)
    for other in (again, threaded, spread):
        assert plain.table.equals(other.table)


@every
def test_says_what_it_lacks_and_never_returns_empty_handed(row: Row):
    """Bug 7 of the peers: an attack that cannot run raises; it does not return nothing."""
    targets = people(60, 5)
    view = GaussianLearner(mu=1.0).fit(targets, rng=rng())
    if row.references or row.population:
        with pytest.raises(KnowledgeError, match=r"needs .*(reference model|population)"):
            row.attack(Case(view, Background(classes=CLASSES), targets), rng=rng())
    if row.classes:
        with pytest.raises(KnowledgeError, match="needs classes"):
            row.attack(
                Case(view, Background(classes=1, population=people(80, 6)), targets),
                rng=rng(),
            )


@every
def test_a_supervised_attack_scores_those_it_was_not_told_and_an_informed_one_everybody(row: Row):
    game = game_against(Fit(GaussianLearner(mu=2.0)), targets=120, references=4, strangers=100, **row.knows)
    world = game.deal(0, rng=rng())
    told = np.isin(np.arange(120), world.case.known.told) if row.told else np.zeros(120, np.bool_)
    assert told.sum() == 60 * row.told
    assert (np.isnan(row.attack(world.case, rng=rng()).score) >= told).all()


class Closed:
    """A view that shows nothing."""


class LabelsOnly:
    def __init__(self, view):
        self._view = view

    def labels(self, x):
        return self._view.labels(x)


class Outside(LabelsOnly):
    task = "classification"

    def predict(self, x):
        return self._view.predict(x)


LESS = {
    "white-box": (Outside, "black-box"),
    "black-box": (LabelsOnly, "label-only"),
    "label-only": (lambda view: Closed(), "blind"),
}
"""One step down from each access: a view that gives no more, and that access's name."""


@every
def test_is_refused_more_than_the_view_shows(row: Row):
    """In one sentence, which names the access that is needed and the access that there is."""
    targets, member = people(60, 5), np.arange(60) < 30
    model = GaussianLearner(mu=1.0).fit(targets.take(member), rng=rng())
    needed = needed_access(row.attack)
    less, given = LESS[needed]
    known = Background(classes=CLASSES)
    game = TrainedModel(view=less(model), targets=targets, member=member, background=known, **row.knows)
    with pytest.raises(AccessError, match=row.attack.name) as refused:
        play(game, row.attack, worlds=1, rng=rng())
    assert f"needs {needed} access, but the release gives {given} access" in str(refused.value)


@pytest.mark.parametrize("attack", [*ALL, Blind], ids=lambda attack: attack.name)
def test_has_a_face(attack: type):
    assert attack.__doc__ and len(attack.__doc__.split("\n\n")) >= 2, (
        "one sentence, then the adversary's story"
    )
    assert isinstance(attack.paper, Paper) and attack.paper.year >= 2016
    assert attack.paper.bibtex("key").startswith("@misc{key,")
    assert attack.title.endswith("?")
    for setting in dataclasses.fields(attack):
        assert f"        {setting.name}: " in attack.__doc__, f"{setting.name} is a flag and needs a word"
        assert setting.default is not dataclasses.MISSING
    assert attack.__dataclass_params__.frozen and "__slots__" in vars(attack)
    assert attack() == attack() and hash(attack()) == hash(attack())


def test_names_are_names():
    assert len({attack.name for attack in ALL}) == len(ALL)
    assert all(by_name(attack.name) is attack for attack in ALL)
    with pytest.raises(KnowledgeError, match="choose from"):
        by_name("lyra")
