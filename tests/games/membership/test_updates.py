"""Games on collaborations: who is in, what the adversary sees of it, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from tests.contracts.cases.membership_updates import Descent, game, linear, people, recorded

from confide.attacks.blind import Blind
from confide.attacks.membership.updates import UpdateDecoder, UpdateLoss
from confide.core.errors import AccessError, DataError, EvidenceError
from confide.core.narrowing import for_attack
from confide.core.play import play
from confide.core.transcript import SERVER
from confide.games.membership.updates import CollaborationWorlds, RecordedRun
from confide.knowledge.updates import SupervisedUpdatesBackground, UpdatesBackground
from confide.views.records import Records


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_clients_train_on_what_the_coins_gave_them_and_on_what_is_always_theirs() -> None:
    world = game(Descent()).deal(0, rng=rng())
    inputs: dict[str, Records] = {}

    def run(clients: Any, *, rng: np.random.Generator) -> Any:
        inputs.update(clients)
        return Descent()(clients, rng=rng)

    candidates = {"a": people(30, 1), "b": people(20, 2)}
    always = {"a": people(4, 5), "c": people(10, 3)}
    played = CollaborationWorlds(
        run=run, candidates=candidates, always=always, parties=(SERVER,), model=linear
    ).deal(0, rng=rng())
    in_a, in_b = played.exposed[:30], played.exposed[30:]
    assert np.array_equal(inputs["a"].x, np.concatenate([always["a"].x, candidates["a"].x[in_a]]))
    assert np.array_equal(inputs["b"].x, candidates["b"].x[in_b])
    assert np.array_equal(inputs["c"].x, always["c"].x)
    assert played.case.known.about == ("a", "b") and len(played.case.targets) == 50
    assert 0 < world.exposed.sum() < len(world.exposed)


def test_coins_are_fair_and_independent() -> None:
    """Over 100 worlds of 60 coins the share is within 5 standard errors, and neighbours do not agree."""
    quiet = CollaborationWorlds(
        run=lambda clients, rng: Descent()({"x": people(1, 9)}, rng=rng),
        candidates={"a": people(60, 1)},
        parties=(SERVER,),
        model=linear,
    )
    coins = np.stack([quiet.deal(k, rng=rng(k)).exposed for k in range(100)])
    assert quiet.randomised
    assert abs(coins.mean() - 0.5) < 5 * 0.5 / np.sqrt(coins.size)
    agree = (coins[:, 1:] == coins[:, :-1]).mean()
    assert abs(agree - 0.5) < 5 * 0.5 / np.sqrt(coins[:, 1:].size)


def test_the_case_is_what_the_party_saw_and_nothing_more() -> None:
    dealt = recorded(SERVER, linear, 0.0).deal(0, rng=rng())
    assert dealt.case.view.inputs == {} and len(dealt.case.view.received("update")) == 8
    client = RecordedRun(
        transcript=Descent()({"a": people(5, 1), "b": people(5, 2)}, rng=rng()),
        parties=("b",), targets=people(10, 1), member=np.arange(10) < 5, model=linear, about=("a",),
    ).deal(0, rng=rng())  # fmt: skip
    assert not client.case.view.received("update") and len(client.case.view.received("model")) == 4
    with pytest.raises(EvidenceError, match="there is world 0 only"):
        recorded(SERVER, linear, 0.0).deal(1, rng=rng())


def test_only_supervised_attacks_see_whose_membership_is_known() -> None:
    case = recorded(SERVER, linear, 0.5).deal(0, rng=rng()).case
    assert isinstance(case.known, SupervisedUpdatesBackground) and len(case.known.told) == 20
    assert type(for_attack(UpdateLoss(), case).known) is UpdatesBackground
    assert not hasattr(for_attack(UpdateLoss(), case).known, "told")


def test_the_blind_baseline_sees_no_transcript_and_finds_nothing_in_exchangeable_records() -> None:
    case = for_attack(Blind(), game(Descent(), told=0.5, targets=400).deal(0, rng=rng()).case)
    assert not hasattr(case.view, "messages")
    evidence = play(game(Descent(), told=0.5, targets=400), Blind(), worlds=2, rng=rng(5))
    yes, no = evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]
    auc = float((yes[:, None] > no).mean())
    assert abs(auc - 0.5) < 4.5 * np.sqrt((len(yes) + len(no) + 1) / (12 * len(yes) * len(no)))


def test_the_blind_baseline_notices_records_that_differ() -> None:
    run = recorded(SERVER, linear, 0.0)
    moved = people(200, 1)
    moved = Records(moved.x + (np.arange(200) < 100)[:, None].astype(np.float32) * 0.5, moved.y)
    shifted = RecordedRun(
        transcript=run.transcript, parties=(SERVER,), targets=moved, member=np.arange(200) < 100,
        model=linear, told=0.5,
    )  # fmt: skip
    evidence = play(shifted, Blind(), worlds=1, rng=rng())
    yes, no = evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]
    assert (yes[:, None] > no).mean() > 0.9


def test_the_sum_says_as_much_as_the_updates() -> None:
    """Secure aggregation hides the client, not the people: without noise both find everybody."""
    for sums in (False, True):
        evidence = play(game(Descent(sums=sums), targets=60), UpdateDecoder(rounds=(1,)), worlds=1, rng=rng())
        yes, no = evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]
        assert (yes[:, None] > no).mean() == 1.0


def test_bad_input_is_refused() -> None:
    good = recorded(SERVER, linear, 0.0)
    how: dict[str, Any] = {"transcript": good.transcript, "targets": good.targets, "model": linear}
    with pytest.raises(DataError, match="give one truth each"):
        RecordedRun(**how, parties=(SERVER,), member=np.ones(3, np.bool_))
    with pytest.raises(DataError, match="nobody looks"):
        RecordedRun(**how, parties=(), member=good.member)
    with pytest.raises(DataError, match="'a' looks and is asked about"):
        RecordedRun(**how, parties=("a",), member=good.member, about=("a",))
    with pytest.raises(AccessError, match="no party 'z'"):
        RecordedRun(**how, parties=("z",), member=good.member)
    with pytest.raises(DataError, match="there is no candidate"):
        CollaborationWorlds(run=Descent(), candidates={}, parties=(SERVER,), model=linear)


def test_travels_to_other_processes() -> None:
    again = pickle.loads(pickle.dumps(game(Descent())))  # noqa: S301 - our own bytes
    assert np.array_equal(again.deal(0, rng=rng()).exposed, game(Descent()).deal(0, rng=rng()).exposed)
