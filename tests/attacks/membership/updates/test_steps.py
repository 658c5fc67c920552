"""What a party sees of a round's change, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.attacks.membership.updates._steps import spread, steps_seen
from confide.core.errors import KnowledgeError
from confide.core.transcript import SERVER, Message, Transcript, sum_known


def sent(number: int, name: str, *values: float) -> Message:
    return Message(number, SERVER, name, "model", {"parameters": np.array(values, np.float32)})


def back(number: int, name: str, **payload: Any) -> Message:
    return Message(number, name, SERVER, "update", {k: np.array(v) for k, v in payload.items()})


def run(*messages: Message, published: tuple[float, ...] = ()) -> Transcript:
    model = {"parameters": np.array(published)} if published else {}
    return Transcript(parties=(SERVER, "a", "b", "c"), messages=messages, published=model)


TWO_ROUNDS = run(
    *(sent(1, name, 0, 0) for name in "abc"),
    back(1, "a", update=[2.0, 4.0], records=2.0),
    back(1, "b", update=[3.0, 0.0], records=1.0),
    back(1, "c", update=[6.0, 3.0], records=3.0),
    *(sent(2, name, 1, 2) for name in "abc"),
    back(2, "b", gradient=[5.0, -1.0], records=5.0),
    published=(1.0, 4.0),
)


def test_server_sees_the_mean_change_of_those_that_are_asked_about() -> None:
    first, second = steps_seen(TWO_ROUNDS.seen_by(SERVER), ("a", "b"), "x")
    assert first.clients == ("a", "b")
    assert first.start.tolist() == [0, 0]
    assert np.allclose(first.change, [5 / 3, 4 / 3])
    # A gradient is taken off, and only one of the two worked in this round.
    assert second.clients == ("b",)
    assert second.start.tolist() == [1, 2]
    assert np.allclose(second.change, [-1.0, 0.2])


def test_of_all_where_nobody_is_named() -> None:
    (first, _) = steps_seen(TWO_ROUNDS.seen_by(SERVER), (), "x")
    assert first.clients == ("a", "b", "c") and np.allclose(first.change, [11 / 6, 7 / 6])


def test_client_sees_the_step_from_one_model_to_the_next_and_to_the_published_one() -> None:
    first, second = steps_seen(TWO_ROUNDS.seen_by("c"), ("a", "b"), "x")
    assert first.clients == second.clients == ()
    assert (first.start.tolist(), first.change.tolist()) == ([0, 0], [1, 2])
    assert (second.start.tolist(), second.change.tolist()) == ([1, 2], [0, 2])


def test_client_that_paused_sees_one_step_over_several_rounds() -> None:
    paused = run(sent(1, "a", 0, 0), sent(4, "a", 3, 1), sent(2, "b", 1, 1))
    (only,) = steps_seen(paused.seen_by("a"), ("b",), "x")
    assert (only.round, only.change.tolist()) == (1, [3, 1])


def test_rounds_without_those_asked_about_are_left_out_where_their_updates_were_seen() -> None:
    seen = TWO_ROUNDS.seen_by(SERVER)
    assert [step.round for step in steps_seen(seen, ("a",), "x")] == [1]
    assert [step.clients for step in steps_seen(seen, ("a",), "x", (1, 2))] == [("a",), ()]


def test_server_under_a_secure_sum_sees_the_models_alone() -> None:
    masked = Message(1, "a", SERVER, "masked", {"words": np.array([7, 9], np.uint32)})
    seen = run(sent(1, "a", 0, 0), masked, sent(2, "a", 1, 2)).seen_by(SERVER)
    (only,) = steps_seen(seen, ("a",), "x")
    assert (only.clients, only.change.tolist()) == ((), [1, 2])


def test_an_upload_of_some_parameters_is_filled_with_zeros() -> None:
    first = Message(1, SERVER, "a", "model", {"positions": np.arange(3), "values": np.ones(3)})
    upload = back(1, "a", positions=[2, 0], values=[0.5, -1.0])
    (only,) = steps_seen(run(first, upload).seen_by(SERVER), ("a",), "x")
    assert (only.start.tolist(), only.change.tolist()) == ([1, 1, 1], [-1, 0, 0.5])


def test_an_update_that_is_not_finite_is_left_out() -> None:
    spoilt = run(sent(1, "a", 0, 0), sent(1, "b", 0, 0), back(1, "a", update=[np.nan, 0.0]),
                 back(1, "b", update=[1.0, 0.0]))  # fmt: skip
    (only,) = steps_seen(spoilt.seen_by(SERVER), (), "x")
    assert only.clients == ("b",)


@pytest.mark.parametrize("who", ["a", "eavesdropper"])
def test_who_sees_no_change_is_told_so(who: str) -> None:
    with pytest.raises(KnowledgeError, match="x needs a change of the model, and this party saw none"):
        steps_seen(run(sent(1, "a", 0, 0)).seen_by(who), ("b",), "x")


def test_rounds_that_are_named_must_have_been_seen() -> None:
    seen = TWO_ROUNDS.seen_by(SERVER)
    assert [step.round for step in steps_seen(seen, (), "x", (2,))] == [2]
    with pytest.raises(KnowledgeError, match="x looks at round 7"):
        steps_seen(seen, (), "x", (1, 7))


def test_spread_keeps_first_and_last() -> None:
    assert spread(list(range(10)), 4) == [0, 3, 6, 9]
    assert spread(list(range(3)), 4) == [0, 1, 2]
    assert spread(list(range(3)), 1) == [2]


def test_server_knows_the_sum_that_a_secure_sum_told_it_and_a_client_does_not() -> None:
    models = [sent(number, name, *at) for number, at in ((1, (0, 0)), (2, (9, 9))) for name in "ab"]
    held = {**sum_known(1, {"update": np.array([6.0, 2.0])}, clients=2)}
    held |= sum_known(2, {"gradient": np.array([4.0, -8.0]), "records": np.array(4.0)}, clients=2)
    noised = Transcript(
        parties=(SERVER, "a", "b"),
        messages=models,
        inputs={SERVER: held},
        published={"parameters": np.ones(2)},
    )
    first, second = steps_seen(noised.seen_by(SERVER), (), "x")
    assert (first.clients, first.change.tolist()) == ((), [3, 1])
    assert (second.start.tolist(), second.change.tolist()) == ([9, 9], [-1, 2])
    assert [one.change.tolist() for one in steps_seen(noised.seen_by("a"), (), "x")] == [[9, 9], [-8, -8]]


def test_a_client_that_asks_about_all_others_does_not_look_at_its_own_update() -> None:
    """Its own update says nothing of the others: an attack on it would find nobody, and look like safety."""
    of_all = steps_seen(TWO_ROUNDS.seen_by("c"), (), "x")
    assert [one.clients for one in of_all] == [(), ()]
    assert [one.change.tolist() for one in of_all] == [[1, 2], [0, 2]]
    both = steps_seen(TWO_ROUNDS.seen_by("c", SERVER), (), "x")
    assert both[0].clients == ("a", "b")
