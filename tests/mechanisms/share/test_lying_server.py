"""A server that does not follow the protocol gets no share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.mechanisms.share.parties import Parties, Round, changed, finish, names

from confide.mechanisms.share.messages import Identity, Message
from confide.mechanisms.share.plan import SERVER
from confide.mechanisms.share.refusals import RefusedError


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties.of(4, threshold=3)


def test_nobody_gives_both_shares(parties: Parties):
    """A server that asks again, with a list on which another client dropped out, gets nothing."""
    begun = parties.begun().until("agreed")
    flags = np.array([1, 1, 1, 0], np.uint8)
    again = parties.server.message(parties.plan, "survivors", {"survivors": flags}, round=1, receiver="c001")
    begun.until("unmask")
    client, signed = begun.clients["c001"], begun.inbox["c001"]
    with pytest.raises(RefusedError, match="No share or signature is given twice"):
        client.agree(again)
    client.unmask(signed)
    for repeated in (lambda: client.unmask(signed), lambda: client.agree(again)):
        with pytest.raises(RefusedError, match=r"its round is over.*given twice"):
            repeated()


def stories(parties: Parties, told: dict[str, list[int]]) -> tuple[Round, dict[str, Message]]:
    """A round whose server tells each client this list of survivors; the signatures that came back."""
    begun = parties.begun().until("agreed")
    answers = {}
    for name, flags in told.items():
        payload = {"survivors": np.array(flags, np.uint8)}
        message = parties.server.message(parties.plan, "survivors", payload, round=1, receiver=name)
        answers[name] = begun.clients[name].agree(message)
    return begun, answers


def test_two_stories_about_who_dropped_out_get_no_share(parties: Parties):
    """Half hear that c000 dropped out, half that it remained: together they would give both its secrets."""
    told = {"c000": [1] * 4, "c001": [1] * 4, "c002": [0, 1, 1, 1], "c003": [0, 1, 1, 1]}
    begun, answers = stories(parties, told)
    for name, signers in (("c001", ["c000", "c001", "c002"]), ("c002", ["c001", "c002", "c003"])):
        rows = np.stack([np.frombuffer(answers[signer].signature, np.uint8) for signer in signers])
        flags = np.array([party in signers for party in names(4)], np.uint8)
        payload = {"signers": flags, "signatures": rows}
        message = parties.server.message(parties.plan, "signatures", payload, round=1, receiver=name)
        with pytest.raises(RefusedError, match="two stories") as refused:
            begun.clients[name].unmask(message)
        assert SERVER in refused.value.parties


def test_too_few_signatures_get_no_share(parties: Parties):
    """Two of four, that agree; or one of them twice, which flags cannot say."""
    begun, answers = stories(parties, dict.fromkeys(names(4), [1] * 4))
    rows = np.stack([np.frombuffer(answers[name].signature, np.uint8) for name in ("c001", "c002")])
    payload = {"signers": np.array([0, 1, 1, 0], np.uint8), "signatures": rows}
    message = parties.server.message(parties.plan, "signatures", payload, round=1, receiver="c001")
    with pytest.raises(RefusedError, match="2 clients signed who dropped out, and 3"):
        begun.clients["c001"].unmask(message)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([0, 1, 1, 0], "only 2 clients remain, and the plan adds up 3 at least: missing are c000, c003"),
        ([1, 0, 1, 1], "lacks 'c001' itself"),
        ([2, 1, 1, 1], "other numbers than 0 and 1"),
    ],
)
def test_a_client_refuses_a_list_that_is_too_short_or_without_it(
    parties: Parties, flags: list[int], says: str
):
    begun = parties.begun().until("agreed")
    payload = {"survivors": np.array(flags, np.uint8)}
    message = parties.server.message(parties.plan, "survivors", payload, round=1, receiver="c001")
    with pytest.raises(RefusedError, match=says):
        begun.clients["c001"].agree(message)
    finish(begun)


def test_a_survivor_that_never_shared_is_refused(parties: Parties):
    """Its self mask could be taken off by nobody: the server invents it."""
    begun = parties.begun().until("shares").until("agreed", without=("c003",))
    payload = {"survivors": np.array([1, 1, 1, 1], np.uint8)}
    message = parties.server.message(parties.plan, "survivors", payload, round=1, receiver="c001")
    with pytest.raises(RefusedError, match="names c003, who cannot"):
        begun.clients["c001"].agree(message)


def test_keys_of_somebody_else_are_refused(parties: Parties):
    """A server in the middle hands out its own keys for a client: nobody goes on with them."""
    begun = parties.begun().until("shares")
    false = Identity.new("c000").message(
        parties.plan, "keys", parties.begun().clients["c000"].keys().payload, round=1, receiver=SERVER
    )
    sent = begun.inbox["c001"].payload
    keys, signatures = sent["keys"].copy(), sent["signatures"].copy()
    keys[0], signatures[0] = false.payload["keys"], np.frombuffer(false.signature, np.uint8)
    payload = {"members": sent["members"], "keys": keys, "signatures": signatures}
    for name, says in (("c001", "signature of 'c000'"), ("c000", "has others for 'c000' than it sent")):
        message = parties.server.message(parties.plan, "roster", payload, round=1, receiver=name)
        with pytest.raises(RefusedError, match=says):
            begun.clients[name].share(message)
    finish(begun)


def test_keys_of_an_earlier_round_are_refused(parties: Parties):
    """The signature over them is the client's own, but binds the round."""
    old = parties.begun(round=1).until("shares").inbox["c001"].payload
    begun = parties.begun(round=2).until("shares")
    now = begun.inbox["c001"].payload
    keys, signatures = now["keys"].copy(), now["signatures"].copy()
    keys[0], signatures[0] = old["keys"][0], old["signatures"][0]
    payload = {"members": now["members"], "keys": keys, "signatures": signatures}
    message = parties.server.message(parties.plan, "roster", payload, round=2, receiver="c001")
    with pytest.raises(RefusedError, match="signature of 'c000'"):
        begun.clients["c001"].share(message)


def test_shares_of_another_run_do_not_open(parties: Parties):
    begun = parties.begun().until("masked")
    sent = begun.inbox["c001"].payload
    rows = sent["sealed"].copy()
    rows[0] = parties.begun().until("masked").inbox["c001"].payload["sealed"][0]
    for wrong in (rows, sent["sealed"][[1, 0, 2]]):
        payload = {"sharers": sent["sharers"], "sealed": wrong}
        message = parties.server.message(parties.plan, "sealed", payload, round=1, receiver="c001")
        with pytest.raises(RefusedError, match="shares from 'c000' do not open"):
            begun.clients["c001"].mask(message, begun.vectors["c001"])
    finish(begun)


def test_a_wrong_share_gives_no_sum(parties: Parties):
    """c000 dropped out, and c001 returns a changed share of its mask key, signed."""
    begun = parties.begun().until("masked").until("unmask", without=("c000",))
    for name in begun.server.missing:
        answer = begun.answer(name)
        if name == "c001":
            payload = changed(replace(answer, payload={"shares": answer.payload["shares"][::-1]})).payload
            shares = {"shares": payload["shares"][::-1]}
            answer = parties.clients[name].message(parties.plan, "unmask", shares, round=1, receiver=SERVER)
        begun.server.take(answer)
    with pytest.raises(RefusedError, match="secret of 'c000'") as refused:
        begun.server.close()
    assert "c000" in refused.value.parties
    assert begun.server.summed is None


def test_a_client_that_breaks_the_bound_gives_no_sum(parties: Parties, monkeypatch: pytest.MonkeyPatch):
    """Its own check is off; it adds a million to a word."""
    begun = parties.begun().until("masked")
    begun.vectors["c001"] = np.full(8, 10**6)
    monkeypatch.setattr(
        "confide.mechanisms.share.client.checked_words", lambda values, plan: values.astype(np.uint32)
    )
    with pytest.raises(RefusedError, match="beyond 4,000, which 4 clients within the bound cannot give"):
        begun.until("over")
    assert begun.server.summed is None
