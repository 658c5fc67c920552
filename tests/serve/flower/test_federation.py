"""Real processes on loopback: one SuperLink and three SuperNodes, with TLS and node keys, offline.

They run in the second environment (`make flower`), one after the other in one federation: starting a process
takes longer than what it does. What a run costs in seconds is printed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flwr", reason="runs in the environment of `make flower`")

from tests.serve.flower.federation import HERE, Federation
from tests.serve.flower.test_rounds import SECURE, simulated, simulation

from confide.account.costs import Cost
from confide.account.opening import open_ledger
from confide.core.transcript import Transcript
from confide.serve.flower import keys
from confide.serve.flower.checking import check_party
from confide.serve.flower.checkpoints import read_checkpoint
from confide.serve.flower.deployment import read_deployment
from confide.serve.flower.tap import read_tap


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """The processes of all tests of this file."""
    found = Federation(tmp_path_factory.mktemp("federation"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


def test_a_check_names_key_and_certificate_before_anything_runs(federation: Federation) -> None:
    config = federation.config("a")
    assert check_party(config) == []
    strangers = federation.folder / "strangers"
    keys.make_keys(strangers, ["a"], hosts=["localhost"])
    # Another authority: what the server shows is not signed by it.
    mixed = federation.folder / "mixed"
    mixed.mkdir()
    for path in (federation.keys / "parties" / "a").iterdir():
        (mixed / path.name).write_bytes(path.read_bytes())
    (mixed / keys.AUTHORITY).write_bytes((strangers / "parties" / "a" / keys.AUTHORITY).read_bytes())
    (wrong,) = check_party({**config, "keys": str(mixed)})
    assert wrong.what == "certificate" and "not signed by the authority" in wrong.text
    # A key that the plan pins and nobody has registered with the server.
    plan = federation.folder / "unregistered.toml"
    theirs, mine = strangers / "parties" / "a", federation.keys / "parties" / "a"
    text = federation.plan.read_text()
    for file in (keys.NODE, keys.IDENTITY):
        text = text.replace(keys.public_line(mine / file), keys.public_line(theirs / file))
    plan.write_text(text)
    (theirs / keys.AUTHORITY).write_bytes((mine / keys.AUTHORITY).read_bytes())
    (wrong,) = check_party({**config, "plan": str(plan), "keys": str(theirs)})
    assert wrong.what == "key" and "does not know the node key" in wrong.text
    # The key was asked about while its node was online, which has not changed it.
    assert check_party(config) == []


def test_it_trains_as_in_a_simulation(federation: Federation) -> None:
    federation.write_plan(rounds=2)
    began = time.monotonic()
    folder = federation.submit("plain", record=True)
    model = federation.model(folder)
    _say("plain, 2 rounds", began, 2)
    np.testing.assert_array_equal(model, simulated(2))
    card = json.loads((folder / "model.json").read_text())
    assert (card["protocol"], card["rounds"], card["rehearsal"], card["promise"]) == ("FedAvg", 2, True, None)
    _same_messages(read_tap(folder / "transcript"), simulation(2).transcript)
    federation.wait_for(lambda: federation.status("plain") == "finished:completed", 30, "not completed")


def test_the_secure_sum_is_the_plain_sum(federation: Federation) -> None:
    federation.write_plan(rounds=1, cohort=3, secure=SECURE)
    began = time.monotonic()
    model = federation.model(federation.submit("secure"))
    _say("secure, 1 round", began, 1)
    np.testing.assert_allclose(model, simulated(1), atol=1e-6, rtol=0)


def test_a_run_goes_on_after_its_superlink_was_killed(federation: Federation) -> None:
    federation.write_plan(rounds=2, cohort=3, protocol=f"{HERE}:priced")
    ledger = f"sqlite:///{federation.folder}/ledger.db"
    (federation.slow / "b.wait").write_text("1")
    folder = federation.submit("crash", ledger=ledger)
    federation.wait_for((federation.slow / "b.began").exists, 90, "round 2 has not begun")
    federation.kill("superlink")  # in the middle of a round, which all parties but one have answered
    (federation.slow / "b.wait").unlink()
    deployment = read_deployment(federation.plan)
    digest = deployment.digest(deployment.made_protocol())
    assert read_checkpoint(folder / "checkpoint.npz", digest=digest).round == 1
    assert _spent(ledger) == Cost.pure(0.2)  # of the whole plan, before the first message
    federation.start_superlink()
    federation.submit("crash", resume=True)
    model = federation.model(folder)
    np.testing.assert_array_equal(model, simulated(2))
    assert _spent(ledger) == Cost.pure(0.2)


def test_a_node_that_is_killed_is_named_and_the_others_finish(federation: Federation) -> None:
    federation.write_plan(rounds=1, cohort=2, deadline=25)
    (federation.slow / "c.wait").write_text("0")
    (federation.slow / "c.began").unlink(missing_ok=True)
    folder = federation.submit("two")
    federation.wait_for((federation.slow / "c.began").exists, 60, "the round has not begun")
    federation.kill("c")
    model = federation.model(folder)
    np.testing.assert_array_equal(model, simulated(1, ("a", "b")))
    deployment = read_deployment(federation.plan)
    kept = read_checkpoint(folder / "checkpoint.npz", digest=deployment.digest(deployment.made_protocol()))
    assert kept.left_out == {"no answer within the deadline": {"c": 1}}


def test_below_the_cohort_the_run_fails_with_the_name_and_leaves_no_model(federation: Federation) -> None:
    federation.write_plan(rounds=1, cohort=3, deadline=16, secure=SECURE)
    folder = federation.submit("three")
    log = folder / "run.log"
    federation.wait_for(lambda: log.exists() and "missing are c" in log.read_text(), 90, "c is not named")
    federation.wait_for(lambda: federation.status("three") == "finished:failed", 30, "it has not failed")
    assert not (folder / "model.npz").exists()


def _same_messages(found: Transcript, expected: Transcript | None) -> None:
    """What the server saw is what it sees in a simulation; of the times nothing is said."""
    assert expected is not None
    by_place = [
        {(m.round, m.sender, m.receiver, m.kind): m for m in run.messages} for run in (found, expected)
    ]
    assert by_place[0].keys() == by_place[1].keys() and len(by_place[0]) == len(found.messages)
    for place, message in by_place[0].items():
        other = by_place[1][place].payload
        assert message.payload.keys() == other.keys()
        for name, array in message.payload.items():
            np.testing.assert_array_equal(array, other[name])


def _spent(ledger: str) -> Cost:
    with closing(open_ledger(ledger, data=_people(ledger), budget=None)) as held:
        return held.spent


def _people(ledger: str) -> str:
    return read_deployment(Path(ledger.removeprefix("sqlite:///")).with_name("plan.toml")).people()


def _say(what: str, began: float, rounds: int) -> None:
    seconds = time.monotonic() - began
    print(f"\n{what}: {seconds:.1f} s from submission to model, {seconds / rounds:.1f} s a round")
