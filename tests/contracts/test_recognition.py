"""What every recogniser owes: the anchors, the null, determinism under any map, a refusal, and a face."""

from __future__ import annotations

import dataclasses
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import binom

from confide.attacks.linkage.images import ALL, ClearTrained, Recogniser, SmallCNN, by_name
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.paper import Paper
from confide.core.play import play
from confide.games.linkage.images import ImageRecognition
from confide.knowledge.images import Gallery
from confide.measure import auc, measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedImages
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.views.images import Pictures

STILL = {"copies": 2, "mirror": False}  # a pattern that is mirrored is another
ATTACKS = (Recogniser(), Recogniser(model="linear", **STILL), ClearTrained(**STILL), SmallCNN(**STILL))
NAMES = ("kernel", "linear", "clear-trained", "small-cnn")
every = pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def people(count: int = 10, each: int = 6) -> Pictures:
    """A pattern for each person, and noise."""
    pattern, person = rng().integers(60, 190, (count, 9, 8)), np.arange(count * each) % count
    noisy = pattern[person] + rng().normal(0, 25, (count * each, 9, 8))
    return Pictures(np.clip(noisy, 0, 255).astype(np.uint8), person)


def is_above_chance(right: int, tried: int, among: int) -> bool:
    """By chance so once in 10,000 times."""
    return binom.sf(right - 1, tried, 1 / among) < 1e-4


@pytest.fixture(autouse=True)
def little_effort(monkeypatch):
    monkeypatch.setattr("confide.attacks.linkage.images.small_cnn.PICTURES_SEEN", 5_000)


@every
def test_learns_nothing_from_strangers(attack):
    game = ImageRecognition(mechanism=UnrelatedImages(), pictures=people(), gallery=0.5)
    evidence = play(game, attack, worlds=4, rng=rng())
    exposed = evidence.table.filter("exposed")
    assert not is_above_chance(int(exposed["hit"].sum()), len(exposed), 5)
    assert evidence.table.filter(~evidence.table["exposed"])["hit"].all(), "any name of a stranger is false"
    risk = measure(evidence, confidence=1 - 1e-4)
    assert risk.advantage.low <= 0 and max((b.low for b in risk.epsilon), default=0) == 0


@every
def test_recognises_nearly_all_in_clear_pictures(attack):
    game = ImageRecognition(mechanism=Published(), pictures=people(), gallery=0.7, closed=True)
    evidence = play(game, attack, worlds=2, rng=rng())
    assert evidence.exposed.all() and evidence.table["hit"].mean() > 0.75
    opened = play(dataclasses.replace(game, closed=False), attack, worlds=3, rng=rng())
    assert auc(opened.claims[opened.exposed], opened.claims[~opened.exposed]).low > 0.5


@every
def test_null_permuted_names(attack):
    """Who learned from a gallery with the names shuffled names nobody right more often than by chance."""
    right = tried = 0
    for seed in range(3):
        game = ImageRecognition(mechanism=Published(), pictures=people(), gallery=0.5, closed=True)
        world = game.deal(0, rng=np.random.default_rng(seed))
        clear = world.case.known.clear
        shuffled = Pictures(clear.pixels, np.random.default_rng(seed).permutation(clear.person))
        known = Gallery(shuffled, world.case.known.mechanism)
        guess = attack(Case(world.case.view, known, world.case.targets), rng=rng())
        right, tried = right + int((guess.value == world.secrets).sum()), tried + len(world.secrets)
    assert not is_above_chance(right, tried, 10)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@every
def test_same_seed_same_evidence_under_any_map(attack, processes):
    game = ImageRecognition(mechanism=Mosaic(side=2), pictures=people(4, 4), gallery=0.5)
    plain, again = (play(game, attack, worlds=2, rng=rng()) for _ in range(2))
    with ThreadPoolExecutor(2) as threads:
        threaded = play(game, attack, worlds=2, rng=rng(), map=threads.map)
    others = [again, threaded]
    if not isinstance(attack, SmallCNN):  # its effort is cut in this process only
        others.append(play(game, attack, worlds=2, rng=rng(), map=processes.map))
    for other in others:
        assert plain.table.equals(other.table)


@every
def test_says_what_it_lacks(attack):
    alone = Pictures(np.zeros((3, 8, 8), np.uint8), np.zeros(3, np.int64))
    case = Case(alone.nameless(), Gallery(alone, Published()), np.arange(3))
    with pytest.raises(KnowledgeError, match="needs pictures of 2 people"):
        attack(case, rng=rng())


def test_a_network_without_torch_is_refused_and_the_others_run(monkeypatch):
    monkeypatch.setattr("confide.attacks.linkage.images.small_cnn.find_spec", lambda name: None)
    game = ImageRecognition(mechanism=Published(), pictures=people(4, 4), gallery=0.5)
    with pytest.raises(KnowledgeError, match=r"pip install 'confide\[torch\]'"):
        play(game, SmallCNN(), worlds=1, rng=rng())
    assert len(play(game, Recogniser(), worlds=1, rng=rng())) == 8


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_has_a_face(attack: type):
    assert attack.__doc__ and len(attack.__doc__.split("\n\n")) >= 3
    assert isinstance(attack.paper, Paper) and attack.paper.bibtex("key").startswith("@misc{key,")
    assert attack.title.endswith("?")
    for setting in dataclasses.fields(attack):
        assert f"        {setting.name}: " in attack.__doc__
        assert setting.default is not dataclasses.MISSING
    assert attack.__dataclass_params__.frozen and "__slots__" in vars(attack)
    assert attack() == attack() and hash(attack()) == hash(attack())


def test_names_are_names():
    assert len({attack.name for attack in ALL}) == len(ALL)
    assert all(by_name(attack.name) is attack for attack in ALL)
    with pytest.raises(KnowledgeError, match="choose from"):
        by_name("resnet")
