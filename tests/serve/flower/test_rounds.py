"""Deployed rounds without an engine: as in a simulation, who is missing, and what goes on after a crash."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.serve.flower import made_up
from tests.serve.flower.in_process import InProcess

from confide.account.costs import Cost
from confide.account.opening import open_ledger
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian
from confide.mechanisms.federate.rounds import Run, collaborate
from confide.mechanisms.share.fixed_point import FixedPoint
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.refusals import RefusedError
from confide.serve.flower.coordinator import SILENT
from confide.serve.flower.messages import Reply, Request, message_in, signed
from confide.serve.flower.summing import DROPPED

SECURE = "limit = 200.0"


def simulated(rounds: int, names: tuple[str, ...] = made_up.NAMES) -> np.ndarray:
    """The model of a simulation."""
    return simulation(rounds, names).parameters


def simulation(rounds: int, names: tuple[str, ...] = made_up.NAMES) -> Run:
    """A simulation with the seed of the plans, in which only these parties have records."""
    clients = {name: made_up.of(name) if name in names else made_up.none() for name in made_up.NAMES}
    return collaborate(
        made_up.averaging(), made_up.learner(), clients, rounds=rounds, rng=np.random.default_rng(11)
    )


def test_the_deployed_model_is_the_simulated_one(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    done = parties.coordinator(parties.plan(rounds=3)).conduct()
    np.testing.assert_array_equal(done.released.view["parameters"], simulated(3))
    fresh = made_up.drawn(500, np.random.default_rng(0))
    assert isinstance(done.released, Rehearsal)  # the plan has a seed
    assert (
        made_up.accuracy(done.released.view["parameters"], fresh)
        > 0.6
        > made_up.accuracy(np.zeros(12), fresh)
    )


def test_a_median_on_machines_is_that_of_the_simulation_and_withstands_a_party_that_lies(
    tmp_path: Path,
) -> None:
    median = partial(FedAvg, weights="equal", mean=CoordinateMedian())
    clients = {name: made_up.of(name) for name in made_up.NAMES}
    plain = collaborate(median(), made_up.learner(), clients, rounds=2, rng=np.random.default_rng(11))
    honest, lying = (InProcess(tmp_path / name) for name in ("honest", "lying"))
    done = honest.coordinator(honest.plan(protocol=median, cohort=3)).conduct()
    np.testing.assert_array_equal(done.released.view["parameters"], plain.parameters)
    lying.twist = lambda name, asked, reply: (
        replace(reply, arrays={**reply.arrays, "update": reply.arrays["update"] + 1_000})
        if name == "b"
        else reply
    )
    moved = lying.coordinator(lying.plan(protocol=median, cohort=3)).conduct().released.view["parameters"]
    assert np.abs(moved).max() < 10 and not (moved == plain.parameters).all()


def test_the_secure_sum_is_the_plain_one_up_to_rounding(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    done = parties.coordinator(parties.plan(rounds=1, secure=SECURE)).conduct()
    # Each of three parties rounds a number by less than one step; both are divided by all records.
    step = 1 / FixedPoint.for_clients(3, limit=200.0).steps
    most = 3 * step / 150 * 2
    np.testing.assert_allclose(done.released.view["parameters"], simulated(1), atol=most, rtol=0)


def test_the_server_sees_masked_words_alone(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    seen: list[tuple[str, Reply]] = []
    parties.twist = lambda name, asked, reply: (seen.append((asked.action, reply)), reply)[1]
    parties.coordinator(parties.plan(rounds=1, secure=SECURE)).conduct()
    assert [action for action, _ in seen[::3]] == ["keys", "shares", "masked", "agreed", "unmask"]
    assert all(set(reply.arrays) == {"signed message"} for _, reply in seen)
    masked = [message_in(reply.arrays).payload["masked"] for action, reply in seen if action == "masked"]
    grid = FixedPoint.for_clients(3, limit=200.0)
    # A number that is not masked is at most the bound, on either side of 0: uniform words are that with
    # probability below .34 each, all 39 with 5e-19.
    for words in masked:
        assert (np.abs(words.astype(np.int32).astype(np.int64)) > grid.bound).any()


def test_what_is_kept_of_a_vector_is_gone_once_it_was_sent(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    sizes: dict[str, int] = {}

    def watched(name: str, asked: Request, reply: Reply) -> Reply:
        if "vector" in parties.kept[name]:
            sizes[asked.action] = len(parties.kept[name]["vector"])
        return reply

    parties.twist = watched
    parties.coordinator(parties.plan(rounds=1, secure=SECURE)).conduct()
    assert sizes == {"keys": 13, "shares": 13, "masked": 0, "agreed": 0}
    assert set(parties.kept["a"]) == {"last sum"}  # no key, no share, no vector


def test_a_party_that_falls_silent_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    parties = InProcess(tmp_path, lambda name, asked, reply: None if name == "b" else reply)
    done = parties.coordinator(parties.plan(rounds=2, cohort=2)).conduct()
    assert done.left_out == {SILENT: {"b": 2}}
    np.testing.assert_array_equal(done.released.view["parameters"], simulated(2, ("a", "c")))


def test_below_the_cohort_the_run_stops_with_the_names(tmp_path: Path) -> None:
    parties = InProcess(tmp_path, lambda name, asked, reply: None if name == "b" else reply)
    with pytest.raises(RefusedError, match=r"only 2 of 3 .* cohort is 3: missing are b") as stopped:
        parties.coordinator(parties.plan(cohort=3)).conduct()
    assert stopped.value.parties == ("b",)


@pytest.mark.parametrize("action", ["keys", "shares", "masked", "agreed"])
def test_a_secure_sum_that_bears_no_dropout_stops_with_the_name(tmp_path: Path, action: str) -> None:
    lost = InProcess(
        tmp_path, lambda name, asked, reply: None if (name, asked.action) == ("c", action) else reply
    )
    with pytest.raises(RefusedError, match="missing are c"):
        lost.coordinator(lost.plan(rounds=1, cohort=3, secure=SECURE)).conduct()


@pytest.mark.parametrize("action", ["shares", "masked", "agreed", "unmask"])
def test_a_secure_sum_of_four_bears_one_dropout(tmp_path: Path, action: str) -> None:
    lost = InProcess(
        tmp_path,
        lambda name, asked, reply: None if (name, asked.action) == ("c", action) else reply,
        names=("a", "b", "c", "d"),
    )
    done = lost.coordinator(lost.plan(rounds=1, cohort=3, secure=SECURE)).conduct()
    # Who has sent its masked vector is in the sum, whatever becomes of it afterwards.
    there = "abcd" if action in ("agreed", "unmask") else "abd"
    clients = {name: made_up.of(name) if name in there else made_up.none() for name in "abcd"}
    plain = collaborate(
        made_up.averaging(), made_up.learner(), clients, rounds=1, rng=np.random.default_rng(11)
    )
    np.testing.assert_allclose(done.released.view["parameters"], plain.parameters, atol=1e-6, rtol=0)
    assert done.left_out == ({} if "c" in there else {DROPPED: {"c": 1}})


class CrashError(Exception):
    """The machine of the server loses power."""


@pytest.mark.parametrize("secure", ["", SECURE])
def test_a_run_goes_on_after_a_crash_with_the_model_of_one_without(tmp_path: Path, secure: str) -> None:
    def crash(name: str, asked: Request, reply: Reply) -> Reply:
        if asked.round == 3 and name == "b":
            raise CrashError
        return reply

    parties = InProcess(tmp_path, crash)
    deployment = parties.plan(rounds=4, secure=secure)
    with pytest.raises(CrashError):
        parties.coordinator(deployment, run="1").conduct()
    again = InProcess(tmp_path)  # parties have forgotten all, as in a new run of the engine
    done = again.coordinator(deployment, run="2").conduct(resume=True)
    assert {asked.round for _, asked in again.asked} == {3, 4}
    close = 1e-6 if secure else 0
    np.testing.assert_allclose(done.released.view["parameters"], simulated(4), atol=close, rtol=0)


def test_a_run_that_had_ended_gives_its_model_again_without_a_message(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    deployment = parties.plan(rounds=2)
    first = parties.coordinator(deployment).conduct()
    parties.asked.clear()
    again = parties.coordinator(deployment, run="2").conduct(resume=True)
    assert not parties.asked
    np.testing.assert_array_equal(again.released.view["parameters"], first.released.view["parameters"])


def test_a_run_that_goes_on_is_charged_once_and_another_one_again(tmp_path: Path) -> None:
    def crash(name: str, asked: Request, reply: Reply) -> Reply:
        if asked.round == 2:
            raise CrashError
        return reply

    parties = InProcess(tmp_path, crash)
    deployment = parties.plan(rounds=3, protocol=made_up.priced)
    budget = deployment.made_protocol().budget
    address = f"sqlite:///{tmp_path}/l.db"
    with closing(open_ledger(address, data=deployment.people(), budget=budget)) as ledger:
        with pytest.raises(CrashError):
            parties.coordinator(deployment, ledger=ledger).conduct()
        assert ledger.spent == Cost.pure(0.3)  # of all rounds, before the first message
        InProcess(tmp_path).coordinator(deployment, run="2", ledger=ledger).conduct(resume=True)
        assert ledger.spent == Cost.pure(0.3)
        (tmp_path / "checkpoint.npz").unlink()
        InProcess(tmp_path).coordinator(deployment, run="3", ledger=ledger).conduct()
        assert ledger.spent == Cost.pure(0.3) + Cost.pure(0.3)


def test_nothing_is_sent_that_the_ledger_does_not_pay_for(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    deployment = parties.plan(rounds=9, protocol=made_up.priced)
    budget = deployment.made_protocol().budget
    address = f"sqlite:///{tmp_path}/l.db"
    with closing(open_ledger(address, data=deployment.people(), budget=budget)) as ledger:
        parties.coordinator(deployment, ledger=ledger).conduct()
        (tmp_path / "checkpoint.npz").unlink()
        parties.asked.clear()
        with pytest.raises(BudgetError):
            parties.coordinator(deployment, ledger=ledger).conduct()
    assert not parties.asked and not (tmp_path / "checkpoint.npz").exists()


@pytest.mark.parametrize(
    ("secure", "says"),
    [
        ("limit = 0", "give a limit above 0|do not fit"),
        ("limit = 1.0\nthreshold = 2", "threshold is 2 of 3"),
        ("limit = 1.0\ncolluding = 2", "colluding|collude"),
    ],
)
def test_a_sum_that_protects_nobody_is_refused_before_charge_and_message(
    tmp_path: Path, secure: str, says: str
) -> None:
    parties = InProcess(tmp_path)
    with pytest.raises(PromiseError, match=says):
        parties.coordinator(parties.plan(secure=secure)).conduct()
    assert not parties.asked and not (tmp_path / "checkpoint.npz").exists()


def test_a_server_with_another_key_does_not_begin(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    server = parties.coordinator(parties.plan(secure=SECURE))
    server.identity = Identity.new("server")
    with pytest.raises(DataError, match="not the one that the plan pins"):
        server.conduct()
    assert not parties.asked


def test_dp_ftrl_gives_the_simulated_model_after_a_crash_too(tmp_path: Path) -> None:
    """Its noise of a round depends on that of all rounds before, so the checkpoint has to hold it."""
    pytest.importorskip("dp_accounting")
    clients = {name: made_up.of(name) for name in made_up.NAMES}
    rng = np.random.default_rng(11)
    plain = collaborate(made_up.correlated(), made_up.learner(), clients, rounds=4, rng=rng).parameters

    def crash(name: str, asked: Request, reply: Reply) -> Reply:
        if asked.round == 3 and name == "b":
            raise CrashError
        return reply

    parties = InProcess(tmp_path, crash)
    deployment = parties.plan(rounds=4, protocol=made_up.correlated)
    with pytest.raises(CrashError):
        parties.coordinator(deployment, run="1").conduct()
    done = InProcess(tmp_path).coordinator(deployment, run="2").conduct(resume=True)
    np.testing.assert_array_equal(done.released.view["parameters"], plain)


def test_a_protocol_whose_clients_remember_leaves_no_model(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    with pytest.raises(PromiseError, match="keep a memory between rounds"):
        parties.coordinator(parties.plan(protocol=made_up.remembering)).conduct()


def test_the_noise_of_dp_fedavg_is_added_in_a_deployed_run_too(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    parties = InProcess(tmp_path)
    deployment = parties.plan(rounds=2, protocol=made_up.noisy, seed=None)
    done = parties.coordinator(deployment).conduct()
    assert isinstance(done.released, Release) and done.released.budget is not None
    assert done.released.budget.epsilon <= 50
    # Without noise two rounds of updates that are clipped to 1, and a start of .1, move by less than 3. Noise
    # of deviation 20 / 3 in each round, on 12 numbers, is shorter than 4 with a probability below 1e-8 (chi
    # square of 12 degrees of freedom below .18), and updates make that no likelier.
    assert np.linalg.norm(done.released.view["parameters"]) > 4


def test_a_plan_without_a_seed_gives_a_release_that_nobody_can_replay(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    models = []
    for _ in range(2):
        (tmp_path / "checkpoint.npz").unlink(missing_ok=True)
        done = parties.coordinator(parties.plan(rounds=1, seed=None)).conduct()
        assert isinstance(done.released, Release)
        models.append(done.released.view["parameters"])
    # Equal with a probability below 1e-30: three parties draw halves of 40 to 60 records.
    assert not np.array_equal(models[0], models[1])


def test_rounds_beyond_the_budget_never_start(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    with pytest.raises(PromiseError, match="10 rounds fit"):
        parties.coordinator(parties.plan(rounds=11, protocol=made_up.priced)).conduct()
    assert not parties.asked


def test_a_run_that_was_too_slow_goes_on_with_longer_deadlines(tmp_path: Path) -> None:
    slow = InProcess(tmp_path, lambda name, asked, reply: None if asked.round == 2 else reply)
    with pytest.raises(RefusedError, match=r"longer than 9 s .* in \[deadlines\] more time"):
        slow.coordinator(slow.plan(rounds=3, deadline=9.0)).conduct()
    done = InProcess(tmp_path).coordinator(slow.plan(rounds=3, deadline=90.0)).conduct(resume=True)
    np.testing.assert_array_equal(done.released.view["parameters"], simulated(3))


def test_a_plan_that_changed_is_no_plan_to_go_on_with(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    parties.coordinator(parties.plan(rounds=2)).conduct()
    with pytest.raises(DataError, match="the plan has changed"):
        parties.coordinator(parties.plan(rounds=3)).conduct(resume=True)
    with pytest.raises(DataError, match="is of a run that was begun"):
        parties.coordinator(parties.plan(rounds=2)).conduct()


def test_a_party_with_another_plan_sends_nothing(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    party = parties.party(parties.plan(rounds=2), "a")
    other = parties.plan(rounds=2, cohort=1)
    parties.coordinator(other).conduct()
    with pytest.raises(RefusedError, match="follows another plan"):
        party.answer(parties.asked[0][1], {})


def test_a_server_that_asks_for_the_upload_itself_gets_none(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    deployment = parties.plan(rounds=1, secure=SECURE)
    parties.coordinator(deployment).conduct()
    first = parties.asked[0][1]
    party = parties.party(deployment, "a")
    with pytest.raises(RefusedError, match="asks for the upload itself"):
        party.answer(replace(first, action="update"), {})
    with pytest.raises(PromiseError, match="cohort is 2"):
        party.answer(replace(first, members=("a",), sum=9), {})
    with pytest.raises(PromiseError, match="named twice"):
        party.answer(replace(first, members=("a", "a", "b"), sum=9), {})
    with pytest.raises(RefusedError, match="round 1 was begun"):
        party.answer(first, {"last sum": np.array([1])})  # the same sum a second time


def test_a_message_of_another_run_is_refused(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    deployment = parties.plan(rounds=1, secure=SECURE)
    parties.coordinator(deployment, run="1").conduct()
    shares = next(asked for name, asked in parties.asked if asked.action == "shares" and name == "a")
    (tmp_path / "checkpoint.npz").unlink()
    parties.kept.clear()  # a run of the engine begins with nothing

    def replayed(name: str, asked: Request, reply: Reply) -> Reply:
        if name == "a" and asked.action == "keys":
            party = parties.party(deployment, "a")
            with pytest.raises(RefusedError, match=r"is of run|another plan"):
                party.answer(replace(asked, action="shares", arrays=shares.arrays), parties.kept["a"])
        return reply

    parties.twist = replayed
    parties.coordinator(deployment, run="2").conduct()


def test_a_reply_in_the_name_of_another_party_is_not_used(tmp_path: Path) -> None:
    first: dict[str, Reply] = {}

    def impostor(name: str, asked: Request, reply: Reply) -> Reply:
        first.setdefault(name, reply)
        return first["a"] if (name, asked.action) == ("b", "keys") else reply

    parties = InProcess(tmp_path, impostor)
    with pytest.raises(RefusedError, match="missing are b"):
        parties.coordinator(parties.plan(rounds=1, cohort=3, secure=SECURE)).conduct()
    assert any("b" in text and "'a'" in text for text in parties.said)


def test_numbers_that_are_none_and_parties_without_records_are_counted(tmp_path: Path) -> None:
    parties = InProcess(tmp_path)
    parties.records["c"] = made_up.none

    def broken(name: str, asked: Request, reply: Reply) -> Reply:
        if name != "b":
            return reply
        return Reply(arrays={**reply.arrays, "update": np.full(12, np.nan)})

    parties.twist = broken
    done = parties.coordinator(parties.plan(rounds=1, cohort=1)).conduct()
    assert done.left_out == {"no records": {"c": 1}, "numbers that are not finite": {"b": 1}}


def test_a_signed_message_survives_the_way(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no message of this version"):
        message_in({})
    parties = InProcess(tmp_path)
    reply, _ = parties.party(parties.plan(rounds=1, secure=SECURE), "a").answer(
        _request(parties, tmp_path), {}
    )
    message = message_in(reply.arrays)
    assert message_in(signed(message)).packed() == message.packed()


def _request(parties: InProcess, folder: Path) -> Request:
    watch = InProcess(folder)
    watch.coordinator(watch.plan(rounds=1, secure=SECURE)).conduct()
    return next(asked for name, asked in watch.asked if name == "a")
