"""The contract of every attack: both anchors, the null, determinism under any map, and a face."""

from __future__ import annotations

import dataclasses
import multiprocessing
import pickle
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from tests.contracts.case import AttackCase, rng
from tests.contracts.table import CASES

from confide.attacks.blind import Blind
from confide.attacks.catalogue import attacks_of, by_name
from confide.core.errors import KnowledgeError
from confide.core.evidence import Evidence
from confide.core.narrowing import for_attack
from confide.core.paper import Paper
from confide.core.play import play
from confide.measure import measure

ATTACKS = attacks_of()


PARAMS = [pytest.param(c, id=c.id, marks=[pytest.mark.slow] if c.extra else []) for c in CASES]


@pytest.fixture(scope="module", params=PARAMS)
def case(request: pytest.FixtureRequest) -> AttackCase:
    """One case after the other, so that what two of its tests need is played once."""
    if request.param.extra:
        pytest.importorskip(request.param.extra)
    return request.param


@pytest.fixture(scope="module")
def naked(case: AttackCase) -> Evidence:
    return case.naked.play(case.attack)


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessPoolExecutor]:
    """One other process: it has no state of this one, and two would only take longer to start."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


MANY = pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.slow)], ids=["few", "many"])
"""Tolerances follow the rows, so both tiers have the same error rate; four times the worlds find a leak that
is half as large."""


@pytest.mark.slow
@MANY
def test_learns_nothing_from_nothing(case: AttackCase, times: int) -> None:
    evidence = case.silent.play(case.attack, times=times)
    case.judge.assert_chance(evidence)
    risk = measure(evidence, confidence=1 - 1e-6)
    assert risk.advantage.low <= 0 and max((bound.low for bound in risk.epsilon), default=0) == 0


@pytest.mark.slow
def test_finds_what_lies_open(case: AttackCase, naked: Evidence) -> None:
    assert case.judge.reached(naked) >= case.reaches
    asked = len(naked) + naked.excluded
    assert case.told * asked <= naked.excluded <= (case.told + 0.02) * asked, "nobody else is left out"


@pytest.mark.slow
@MANY
def test_null_secrets_of_others(case: AttackCase, naked: Evidence, times: int) -> None:
    """A release that leaks, judged on secrets that are not the targets' own."""
    played = times == 1 and case.leaky is None
    evidence = naked if played else (case.leaky or case.naked).play(case.attack, times=times)
    case.judge.assert_chance(case.null(case.attack, evidence))
    case.judge.assert_above_chance(evidence)  # the true secrets must be found, or this test proves nothing


def as_sent(function: Any, items: Iterable[Any]) -> Iterator[Any]:
    """Maps as processes do: work and answers travel as bytes."""
    for item in items:
        received, one = pickle.loads(pickle.dumps((function, item)))  # noqa: S301 - our own bytes
        yield pickle.loads(pickle.dumps(received(one)))  # noqa: S301


@pytest.mark.slow
def test_same_seed_same_evidence_under_any_map(case: AttackCase) -> None:
    plain = case.small.play(case.attack)
    with ThreadPoolExecutor(2) as threads:
        threaded = case.small.play(case.attack, map=threads.map)
    assert plain.table.equals(threaded.table)
    assert plain.table.equals(case.small.play(case.attack, map=as_sent).table)


@pytest.mark.slow
def test_same_seed_same_evidence_in_another_process(case: AttackCase, processes: ProcessPoolExecutor) -> None:
    spread = case.small.play(case.attack, map=processes.map)
    assert case.small.play(case.attack).table.equals(spread.table)


def test_answers_about_everybody_and_leaves_its_case_as_it_was(case: AttackCase) -> None:
    world = case.small.game().deal(0, rng=rng())
    seen = [x for x in (world.case.view, world.case.targets) if hasattr(x, "digest")]
    before = [x.digest() for x in seen]
    guess = case.attack(for_attack(case.attack, world.case), rng=rng())
    assert guess.score.shape == (len(world.exposed),) and guess.score.dtype.kind == "f"
    # A claim is one value for each target, or several: a rebuilt record has features.
    assert guess.value is None or guess.value.shape[:1] == guess.score.shape
    known = np.isin(np.arange(len(guess.score)), world.case.known.told if case.told else [])
    assert not np.isinf(guess.score).any()
    assert known.sum() == case.told * len(known)
    assert np.isnan(guess.score[known]).all(), "of those it knows it says nothing"
    assert np.isnan(guess.score[~known]).mean() <= 0.02, "of the others it says something"
    assert before == [x.digest() for x in seen]


LACKING = [(case, lack) for case in CASES for lack in case.lacks]


@pytest.mark.parametrize(("case", "lack"), LACKING, ids=[f"{c.id}: {lack.says}" for c, lack in LACKING])
def test_says_what_it_lacks_and_never_returns_empty_handed(case: AttackCase, lack) -> None:
    with pytest.raises(KnowledgeError, match=lack.says):
        play(lack.game(), case.attack, worlds=1, rng=rng())


@pytest.mark.parametrize("attack", [*ATTACKS, Blind], ids=lambda attack: attack.name)
def test_has_a_face(attack: type) -> None:
    assert attack.__doc__ and len(attack.__doc__.split("\n\n")) >= 2, "one sentence, then the story"
    assert isinstance(attack.paper, Paper)
    assert attack.paper.bibtex("key").startswith("@misc{key,")
    assert attack.title.endswith("?")
    for setting in dataclasses.fields(attack):
        assert f"        {setting.name}: " in attack.__doc__, f"{setting.name} is a flag and needs a word"
        assert setting.default is not dataclasses.MISSING
    assert attack.__dataclass_params__.frozen and "__slots__" in vars(attack)
    assert attack() == attack() and hash(attack()) == hash(attack())


def test_every_attack_is_under_contract() -> None:
    assert {type(case.attack) for case in CASES} == set(ATTACKS)


def test_names_are_names() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(by_name(attack.name) is attack for attack in ATTACKS)
    with pytest.raises(KnowledgeError, match="did you mean lira"):
        by_name("lyra")
