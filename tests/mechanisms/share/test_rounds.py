"""What each party refuses, and that it names who sent it; a refused message changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.mechanisms.share.parties import Parties, changed, finish, names, plain_sum

from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.plan import SERVER
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.server import Server

ANSWERS = ("keys", "shares", "masked", "agreed", "unmask")


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties.of(4, threshold=3)


@pytest.mark.parametrize("step", ANSWERS)
def test_the_server_refuses_what_a_client_did_not_sign(parties: Parties, step: str):
    begun = parties.begun().until(step)
    answer = begun.answer("c001")
    for wrong in (changed(answer), replace(answer, sender="c002"), replace(answer, signature=bytes(64))):
        with pytest.raises(RefusedError, match=f"signature of '{wrong.sender}'") as refused:
            begun.server.take(wrong)
        assert refused.value.parties == (wrong.sender,)
    begun.server.take(answer)
    finish(begun)


@pytest.mark.parametrize("step", ANSWERS)
def test_the_server_refuses_a_message_that_comes_twice(parties: Parties, step: str):
    """At once, and in the next step."""
    begun = parties.begun().until(step)
    answer = begun.answer("c001")
    begun.server.take(answer)
    with pytest.raises(RefusedError, match="'c001' has answered already"):
        begun.server.take(answer)
    for name in begun.server.missing:
        begun.server.take(begun.answer(name))
    begun.inbox = begun.server.close()
    with pytest.raises(RefusedError, match=r"c001.*(out of order|too late)"):
        begun.server.take(answer)
    finish(begun)


@pytest.mark.parametrize("step", ANSWERS)
def test_the_server_refuses_other_rounds_runs_and_plans(parties: Parties, step: str):
    """Each is signed by the client's own key, in another round or run."""
    begun = parties.begun(round=5).until(step)
    for other, round_, says in (
        (parties, 4, "is of round 4, and this is round 5"),
        (parties.with_terms(run="run 2"), 5, "is of run 'run 2', and this is 'run 1'"),
        (parties.with_terms(bound=7), 5, "follows another plan or version"),
    ):
        elsewhere = other.begun(round=round_)
        elsewhere.vectors = dict.fromkeys(names(4), np.zeros(8, np.int64))
        message = elsewhere.until(step).answer("c003")
        with pytest.raises(RefusedError, match=says) as refused:
            begun.server.take(message)
        assert refused.value.parties == ("c003",)
    finish(begun)


@pytest.mark.parametrize("step", ANSWERS[1:])
def test_a_client_refuses_what_the_server_did_not_send_here_and_now(parties: Parties, step: str):
    begun = parties.begun().until(step)
    sent, late = begun.inbox["c001"], parties.begun(round=2).until(step).inbox["c001"]
    elsewhere = parties.with_terms(run="run 2").begun().until(step).inbox["c001"]
    by_a_client = parties.clients["c002"].message(
        parties.plan, sent.kind, sent.payload, round=1, receiver="c001"
    )
    for wrong, says in (
        (changed(sent), "signature of 'server'"),
        (late, "round 2, and this is round 1"),
        (elsewhere, "is of run 'run 2'"),
        (begun.inbox["c002"], "is for 'c002', not for 'c001'"),
        (by_a_client, "is from 'c002', not from the server"),
        (replace(sent, sender="stranger"), "'stranger', who is no party"),
    ):
        begun.inbox["c001"] = wrong
        with pytest.raises(RefusedError, match=says):
            begun.answer("c001")
    begun.inbox["c001"] = sent
    finish(begun)


def test_messages_out_of_order_are_refused(parties: Parties):
    begun = parties.begun().until("shares")
    client, roster = begun.clients["c001"], begun.inbox["c001"]
    with pytest.raises(RefusedError, match="has sent its keys"):
        client.keys()
    with pytest.raises(RefusedError, match="'roster' of 'server' is out of order"):
        client.mask(roster, begun.vectors["c001"])
    begun.until("masked")
    with pytest.raises(RefusedError, match="'roster' is out of order for 'c001': 'sealed' is next"):
        client.share(roster)
    finish(begun)


def test_keys_are_gone_after_a_round(parties: Parties):
    begun = parties.begun()
    finish(begun)
    for client in begun.clients.values():
        assert client.secrets == ()


@pytest.mark.parametrize("which", [0, 1])
def test_a_key_that_everybody_knows_the_secret_of_is_refused(parties: Parties, which: int):
    """The point 0 gives the secret 0 with each private key; the others go on without c003."""
    begun = parties.begun()
    sent = begun.clients["c003"].keys().payload["keys"].copy()
    sent[32 * which : 32 * (which + 1)] = 0
    message = parties.clients["c003"].message(parties.plan, "keys", {"keys": sent}, round=1, receiver=SERVER)
    with pytest.raises(RefusedError, match="round key of 'c003' is no usable"):
        begun.server.take(message)
    begun.until("over", without=("c003",))
    assert begun.server.summed is not None and begun.server.summed.dropped == ("c003",)


def test_an_identity_that_is_not_pinned_is_refused(parties: Parties):
    with pytest.raises(RefusedError, match="does not pin this key for 'c001'"):
        Client(parties.plan, Identity.new("c001"), round=1, past=Past())
    with pytest.raises(RefusedError, match="another key of the server"):
        Server(parties.plan, Identity.new(SERVER), round=1, past=Past())


def test_a_client_goes_on_from_what_it_saved():
    """Each client is saved and restored after each step, with one that drops out, and a round before."""
    parties = Parties.of(5, threshold=4, fresh_inputs=True)
    first = parties.begun()
    finish(first)
    begun = parties.begun(round=2, past=first.server.past)
    for step in ANSWERS:
        begun.until(step, without=("c003",) if step not in ("keys", "shares", "masked") else ())
        for name, client in begun.clients.items():
            saved = client.saved()
            assert all(array.dtype == np.uint8 for array in saved.values())
            begun.clients[name] = Client.restored(parties.plan, parties.clients[name], saved)
    begun.until("over", without=("c003",))
    found = begun.server.summed
    assert found is not None and found.dropped == ("c003",)
    assert found.total.tolist() == plain_sum(begun.vectors, found.survivors)
    client = begun.clients["c001"]
    again = Client.restored(parties.plan, parties.clients["c001"], client.saved())
    assert (again.past, again.secrets) == (client.past, ())
    assert again.past.last == 2


def test_a_saved_client_does_not_go_on_under_another_plan(parties: Parties):
    saved = parties.begun().until("masked").clients["c001"].saved()
    with pytest.raises(RefusedError, match="begun under another plan"):
        Client.restored(parties.with_terms(bound=7).plan, parties.clients["c001"], saved)
    with pytest.raises(RefusedError, match="does not pin this key"):
        Client.restored(parties.plan, Identity.new("c001"), saved)
