"""FedSGD is gradient descent on the pooled records; the loop leaves out and counts what it cannot use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Message, Payload
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.local import TorchLocal
from confide.mechanisms.federate.federated_averaging import FedAvg, FedSGD
from confide.mechanisms.federate.gathered import DROPPED, NO_RECORDS, NOT_FINITE
from confide.mechanisms.federate.protocol import Summed
from confide.mechanisms.federate.rounds import collaborate
from confide.scale import processes
from confide.views.records import Records

D, C = 4, 3


def people(sizes: Sequence[int], seed: int = 0) -> dict[str, Records]:
    rng = np.random.default_rng(seed)
    return {
        f"c{k}": Records(rng.normal(size=(n, D)).astype(np.float32), rng.integers(C, size=n))
        for k, n in enumerate(sizes)
    }


def softmax(epochs: int = 1, batch_size: int = 10_000, rate: float = 0.5) -> TorchLocal:
    return TorchLocal(
        TorchLearner(
            factory=partial(nn.Linear, D, C),
            epochs=epochs,
            batch_size=batch_size,
            optimiser=partial(torch.optim.SGD, lr=rate),
        )
    )


def naive_gradient(parameters: Array, records: Records) -> Array:
    """The gradient of the mean cross-entropy, by the formula: (softmax - truth) x^T / n."""
    weight, bias = parameters[: C * D].reshape(C, D), parameters[C * D :]
    x = np.asarray(records.x, np.float64)
    z = np.exp(x @ weight.T + bias)
    slope = (z / z.sum(1, keepdims=True) - np.eye(C)[records.y]) / len(x)
    return np.concatenate([(slope.T @ x).ravel(), slope.sum(0)])


def descended(start: Array, records: Records, *, steps: int, rate: float) -> Array:
    found = start.astype(np.float64)
    for _ in range(steps):
        found = found - rate * naive_gradient(found, records)
    return found


@pytest.mark.parametrize("protocol", [FedSGD(rate=0.5), FedAvg()])
def test_both_are_gradient_descent_on_the_pooled_records(protocol: FedAvg) -> None:
    clients = people([3, 11, 6])
    run = collaborate(protocol, softmax(), clients, rounds=5, rng=np.random.default_rng(1))
    assert run.transcript is not None
    start = run.transcript.messages[0].payload["parameters"]
    pooled = Records.concat(list(clients.values()))
    wanted = descended(start, pooled, steps=5, rate=0.5)
    assert np.abs(run.parameters - wanted).max() < 2e-6
    # With equal weights the small client counts as much as the large one: another model.
    equal = type(protocol)(weights="equal", rate=protocol.rate)
    other = collaborate(equal, softmax(), clients, rounds=5, rng=np.random.default_rng(1))
    assert np.abs(other.parameters - wanted).max() > 1e-2


def test_the_server_sees_each_update_and_a_client_its_own() -> None:
    clients = people([3, 4])
    run = collaborate(FedSGD(), softmax(), clients, rounds=2, rng=np.random.default_rng(1))
    assert run.transcript is not None and run.released.budget is None
    seen = run.transcript.seen_by("server")
    first = seen.received("update")[0]
    start = run.transcript.messages[0].payload["parameters"].astype(np.float64)
    assert first.sender == "c0" and float(first.payload["records"]) == 3
    assert np.allclose(first.payload["gradient"], 3 * naive_gradient(start, clients["c0"]), atol=1e-5)
    assert {m.sender for m in run.transcript.seen_by("c1").messages} == {"server", "c1"}
    assert len(run.transcript.seen_by("eavesdropper").envelopes) == 2 * 2 * 2


def test_a_share_of_the_clients_works_in_a_round_and_each_is_drawn_equally_often() -> None:
    protocol, clients = FedAvg(share=0.3), people([1] * 10)
    run = collaborate(protocol, softmax(), clients, rounds=300, rng=np.random.default_rng(2))
    assert run.transcript is not None
    of_round = [
        [m.sender for m in run.transcript.seen_by("server").received() if m.round == r] for r in (1, 2)
    ]
    assert all(len(set(names)) == 3 for names in of_round)
    counts = np.array([len(run.transcript.seen_by(name).sent()) for name in clients])
    assert counts.sum() == 900
    # 300 draws of chance 0.3: deviation 7.9; error rate below 1e-8 for all ten.
    assert np.abs(counts - 90).max() < 50


@pytest.mark.slow
def test_processes_give_the_same_run() -> None:
    clients = people([5, 7, 5, 9])
    found = [
        collaborate(
            FedAvg(), softmax(epochs=3, batch_size=4), clients, rounds=3, rng=np.random.default_rng(1), **how
        ).parameters
        for how in ({}, {"map": processes(2), "together": 1}, {"together": 2})
    ]
    assert np.abs(found[0] - found[1]).max() < 1e-5 and np.abs(found[0] - found[2]).max() < 1e-5


class Broken(TorchLocal):
    """A learner at whose third client training fails in one of three ways."""

    wrong = "nan"

    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        made = super().train(starts, records, rngs=rngs)
        for k, own in enumerate(records):
            if len(own) == 9:
                made[k, 0] = {"nan": np.nan, "inf": np.inf}[self.wrong]
        return made


@pytest.mark.parametrize("wrong", ["nan", "inf"])
def test_updates_that_are_not_finite_and_empty_clients_are_left_out_and_counted(wrong: str) -> None:
    clients = people([3, 11, 9, 0])
    broken = Broken(softmax().learner)
    broken.__class__.wrong = wrong
    with np.errstate(invalid="ignore"):
        run = collaborate(FedAvg(), broken, clients, rounds=4, rng=np.random.default_rng(1))
    assert run.left_out == {NO_RECORDS: {"c3": 4}, NOT_FINITE: {"c2": 4}}
    assert run.transcript is not None
    start = run.transcript.messages[0].payload["parameters"]
    rest = Records.concat([clients["c0"], clients["c1"]])
    assert np.abs(run.parameters - descended(start, rest, steps=4, rate=0.5)).max() < 2e-6


class Longer(FedAvg):
    """A client that sends one number more."""

    def work(self, jobs, learner):
        done = super().work(jobs, learner)
        if len(jobs) == 3:
            upload = {**done[0].upload, "update": np.append(done[0].upload["update"], np.float32(1))}
            done[0] = type(done[0])(upload, {})
        return done


def test_updates_of_another_shape_are_left_out_and_counted() -> None:
    run = collaborate(Longer(), softmax(), people([3, 4, 5]), rounds=2, rng=np.random.default_rng(1))
    assert run.left_out == {"another shape": {"c0": 2}}


def plain_sum(uploads: dict[str, Payload], *, number: int, rng: Rng) -> Summed:
    """What a secure sum does, without its cryptography; the last client drops out."""
    names = list(uploads)[:-1]
    total = {key: sum(np.float64(uploads[n][key]) for n in names) for key in uploads[names[0]]}
    total = {key: np.asarray(value) for key, value in total.items()}
    hidden = tuple(Message(number, n, "server", "masked", {"words": np.zeros(3, np.uint32)}) for n in names)
    return Summed(total, tuple(names), hidden)


def test_a_secure_sum_shows_no_update_and_gives_the_same_model_without_who_dropped_out() -> None:
    clients = people([3, 11, 6])
    run = collaborate(FedAvg(), softmax(), clients, rounds=2, rng=np.random.default_rng(1), secure=plain_sum)
    assert run.left_out == {DROPPED: {"c2": 2}} and run.transcript is not None
    kinds = {m.kind for m in run.transcript.seen_by("server").received()}
    assert kinds == {"masked"}
    start = run.transcript.messages[0].payload["parameters"]
    rest = Records.concat([clients["c0"], clients["c1"]])
    assert np.abs(run.parameters - descended(start, rest, steps=2, rate=0.5)).max() < 2e-6


def test_what_cannot_be_run_is_refused_before_anything_is_sent() -> None:
    rng, local = np.random.default_rng(0), softmax()
    with pytest.raises(DataError, match="none of the 2 clients"):
        collaborate(FedAvg(), local, people([0, 0]), rounds=1, rng=rng)
    with pytest.raises(DataError, match="rounds is 0"):
        collaborate(FedAvg(), local, people([1]), rounds=0, rng=rng)
    with pytest.raises(DataError, match="cannot name a party"):
        collaborate(FedAvg(), local, {"server": people([1])["c0"]}, rounds=1, rng=rng)
    for wrong in ({"share": 0.0}, {"share": 1.5}, {"rate": float("nan")}, {"weights": "size"}):
        with pytest.raises(PromiseError, match=next(iter(wrong))):
            FedAvg(**wrong)
