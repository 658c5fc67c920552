"""Joint sums by real processes over TLS: exact, and whole or not at all."""

import os
import signal
import socket
import ssl
import time

import numpy as np
import pytest
from scipy.stats import chisquare
from tests.serve.parties.three import Parties, changed, planned, run

from confide.core.errors import BudgetError, DataError
from confide.mechanisms.share.joint.shamir import unpacked
from confide.serve.parties.certificates import contexts

pytest.importorskip("mpyc")


def values_of(name: str, count: int) -> np.ndarray:
    return np.random.default_rng(ord(name)).integers(-(2**63), 2**63 - 1, count)


async def vector(name, engine):
    mine = [int(v) for v in values_of(name, 3000)]
    return await engine.totals(mine, count=3000, bound=2**63, owners=range(3))


async def same(name, engine):
    return await engine.totals([7] * 4096, count=4096, bound=2**62, owners=range(3))


async def endless(name, engine):
    while True:
        await engine.totals([1] * 50, count=50, bound=9, owners=range(3))


async def secret(name, engine):
    if name == "b":
        raise ValueError("the value 4711 of somebody")
    return await endless(name, engine)


async def spent(name, engine):
    if name == "c":
        raise BudgetError("the ledger is spent")
    return await endless(name, engine)


def test_a_sum_of_64_bit_numbers_is_exact_and_only_its_parties_know_how():
    plan, own = planned()
    found = run(plan, own, vector)
    want = [sum(int(values_of(name, 3000)[i]) for name in plan.names) for i in range(3000)]
    assert all(found[name][0] == want for name in plan.names)


def test_shares_of_one_value_are_uniform():
    # Chi-square over 256 classes on two bytes of the shares of one value that one party sees: false alarm
    # 2 in 10,000. A threshold of 0, where shares are the value, fails it.
    plan, own = planned()
    found = run(plan, own, same)
    shares = [data for sender, receiver, kind, data in found["b"][3] if (sender, kind) == ("a", "shares")]
    dealt = unpacked(shares[0][12:], width=9)  # after MPyC's label and length
    assert len(dealt) == 4096
    for shift in (0, 32):
        counts = np.bincount([(int(value) >> shift) & 255 for value in dealt], minlength=256)
        assert chisquare(counts).pvalue > 1e-4
    assert chisquare(np.bincount([7] * 4096, minlength=256)).pvalue < 1e-9  # the twin


def test_a_helper_without_data_completes_two_owners():
    plan, own = planned(helpers=("c",))

    async def both(name, engine):
        mine = None if name == "c" else [5, -9]
        return await engine.totals(mine, count=2, bound=9, owners=(0, 1))

    found = run(plan, own, both)
    assert [found[name][0] for name in plan.names] == [[10, -18]] * 3


@pytest.mark.parametrize("victim", ["a", "c"])
def test_survivors_of_a_killed_party_end_with_its_name(victim):
    plan, own = planned()
    parties = Parties(dict.fromkeys(plan.names, plan), own, endless)
    time.sleep(0.3 + 0.7 * np.random.default_rng().random())  # in the handshake, or in the computation
    parties.processes[victim].kill()
    start = time.monotonic()
    found = parties.outcomes()
    assert time.monotonic() - start < plan.arrival + plan.silence + 2
    assert found.pop(victim) is None
    for said in found.values():
        assert f"party '{victim}'" in said, said


def test_a_party_that_stops_without_ending_is_named_after_the_silence():
    plan, own = planned()
    parties = Parties(dict.fromkeys(plan.names, plan), own, endless)
    time.sleep(1.0)
    process = parties.processes["b"]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    found = {name: parties.outcome(name) for name in "ac"}
    process.kill()
    process.join()
    assert all("party 'b' was lost" in said for said in found.values()), found


def test_a_party_that_never_comes_is_named():
    plan, own = planned(arrival=1.0)
    found = Parties(dict.fromkeys("ac", plan), own, vector).outcomes()
    assert all("party b" in said or "party 'b'" in said for said in found.values()), found


def test_a_party_to_which_nobody_comes_names_all_others():
    plan, own = planned(arrival=0.5)
    (said,) = Parties({"c": plan}, own, vector).outcomes().values()
    assert said.startswith("RefusedError: party a, b did not come within 0.5 s"), said


def test_a_difference_of_plans_is_named_before_data_moves():
    plan, own = planned()
    found = run(plan, own, vector, b=changed(plan, rows=7))
    assert "plan.rows is 1 here and 7 there" in found["a"]
    assert "plan.rows is 7 here and 1 there" in found["b"]


def test_an_error_of_one_party_ends_all_and_shows_no_value():
    plan, own = planned()
    found = run(plan, own, secret)
    assert "4711" not in str(found)
    assert "ValueError" in found["b"]
    assert "party 'b' was lost" in found["a"]
    assert "party 'b' was lost" in found["c"]


def test_a_ledger_that_refuses_ends_all():
    plan, own = planned()
    found = run(plan, own, spent)
    assert found["c"] == "BudgetError: the ledger is spent"
    assert "party 'c' was lost" in found["a"]


def test_a_certificate_that_the_plan_has_not_is_not_let_in():
    plan, own = planned(arrival=1.5)
    parties = Parties({"a": plan, "c": plan}, own, vector)
    time.sleep(0.4)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", plan.party("c").port)) as raw:
        raw.settimeout(3)
        with stranger.wrap_socket(raw) as tls:
            tls.sendall(b"\x00" * 9)
            if not tls.recv(1):
                raise ConnectionResetError
    assert all("party b" in said or "party 'b'" in said for said in parties.outcomes().values())


def test_one_party_cannot_come_as_another():
    # MPyC's listener would believe the number that c states; here a name goes with its pinned certificate.
    plan, own = planned(arrival=1.5)
    with pytest.raises(DataError, match="not the one that the plan pins for 'b'"):
        contexts(plan, own["c"], name="b")


@pytest.mark.slow
def test_kills_at_random_moments_leave_nobody_waiting_and_no_result():
    # A party may be killed before, in or after the handshake, and in the computation.
    rng = np.random.default_rng()

    async def long(name, engine):
        for _ in range(400):
            total = await engine.totals([1] * 20, count=20, bound=9, owners=range(3))
        return total

    for _ in range(4):
        plan, own = planned(arrival=3.0)
        victim = str(rng.choice(plan.names))
        parties = Parties(dict.fromkeys(plan.names, plan), own, long)
        time.sleep(rng.uniform(0, 0.6))
        parties.processes[victim].kill()
        start = time.monotonic()
        found = parties.outcomes()
        assert time.monotonic() - start < plan.arrival + plan.silence + 3
        killed = found.pop(victim)
        ended = [said for said in found.values() if isinstance(said, str)]
        # All or nobody has a result; one killed after its last word had the result too.
        assert len(ended) in (0, 2)
        assert all(f"party '{victim}'" in said or f"party {victim} " in said for said in ended), (
            killed,
            ended,
        )
