"""Active servers: what they send, by hand, on a learner whose updates are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.mechanisms.federate.made_up import Sums, holding

from confide.core.errors import DataError
from confide.core.transcript import SERVER
from confide.mechanisms.federate.active_server import GradientAscent, Isolate
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.selective_sgd import SelectiveSGD

CLIENTS = holding(np.array([[1.0, 0.0], [0.0, 3.0]]))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def models(active: Any, name: str, rounds: int = 3) -> list[list[float]]:
    run = collaborate(FedAvg(), Sums(2), CLIENTS, rounds=rounds, rng=rng(), active=active)
    assert run.transcript is not None
    received = run.transcript.seen_by(name).received("model")
    return [m.payload["parameters"].tolist() for m in received]


def test_an_isolated_client_gets_its_own_model_and_the_other_one_the_mean() -> None:
    assert models(Isolate(client="c0"), "c0") == [[0, 0], [1, 0], [2, 0]]
    assert models(Isolate(client="c0"), "c1") == [[0, 0], [0.5, 1.5], [1, 3]] == models(None, "c1")


def test_ascent_moves_up_the_loss_of_the_targets_where_it_deceives() -> None:
    """The gradient of `Sums` is minus the mean of the features."""
    targets = holding(np.array([[4.0, 8.0]]))["c0"]
    ascent = GradientAscent(learner=Sums(2), targets=targets, rate=0.5, clients=("c1",), rounds=(2,))
    assert models(ascent, "c0", 2) == [[0, 0], [0.5, 1.5]]
    assert models(ascent, "c1", 2) == [[0, 0], [0.5 - 2, 1.5 - 4]]


def test_the_server_sees_what_it_sent_and_it_remembers_without_a_transcript() -> None:
    run = collaborate(FedAvg(), Sums(2), CLIENTS, rounds=2, rng=rng(), active=Isolate(client="c0"))
    assert run.transcript is not None
    sent = [m for m in run.transcript.seen_by(SERVER).sent("model") if m.receiver == "c0"]
    assert sent[1].payload["parameters"].tolist() == [1, 0]
    bare = collaborate(
        FedAvg(), Sums(2), CLIENTS, rounds=2, rng=rng(), active=Isolate(client="c0"), record=False
    )
    assert bare.transcript is None
    assert np.array_equal(bare.parameters, run.parameters)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(DataError, match="no target"):
        GradientAscent(learner=Sums(2), targets=CLIENTS["c0"].take(np.zeros(0, np.int64)))
    with pytest.raises(DataError, match="rate is -1"):
        GradientAscent(learner=Sums(2), targets=CLIENTS["c0"], rate=-1)
    with pytest.raises(DataError, match="whole models alone"):
        ascent = GradientAscent(learner=Sums(2), targets=CLIENTS["c0"])
        collaborate(SelectiveSGD(upload=0.5), Sums(2), CLIENTS, rounds=1, rng=rng(), active=ascent)
