"""Simulated collaborations in Python: secure sums, lost rounds, and what is refused before a charge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import confide
from confide.collaboration import DPFTRL, DPFedAvg, FedAvg, LocalTraining, Run, SecureSum
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.federate.gathered import DROPPED

LEARNER = LocalTraining(epochs=1).learner(features=3, classes=2)
BUDGET = Budget(50.0, 0.01, Unit.client())


def clients(n: int, each: int = 8) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    return {f"c{k}": (rng.normal(size=(each, 3)), rng.integers(0, 2, each)) for k in range(n)}


def run(protocol: Any, n: int = 5, rounds: int = 3, **how: Any) -> Run:
    given = {**clients(n), **how.pop("more", {})}
    return confide.collaborate(LEARNER, given, protocol, rounds=rounds, rng=np.random.default_rng(1), **how)


def test_a_secure_sum_gives_the_model_of_the_plain_one() -> None:
    plain, secure = run(FedAvg()), run(FedAvg(), secure=SecureSum(), limit=100.0)
    # The grid of 5 clients and numbers up to 100 has steps of 2 * 100 * 5 / 2^32, and 8 records divide them.
    assert np.abs(plain.parameters - secure.parameters).max() < 1e-6
    assert not secure.left_out


def test_a_threshold_holds_in_every_round_however_many_take_part() -> None:
    """Some of the Poisson samples are below the threshold: these rounds are lost, and noise is added."""
    protocol = DPFedAvg(budget=BUDGET, clip=1.0, sample=0.5, noise="rehearsal")
    found = run(protocol, n=12, rounds=12, secure=SecureSum(threshold=6))
    taking = {
        number: {m.receiver for m in found.transcript.messages if m.kind == "model" and m.round == number}
        for number in range(1, 13)
    }
    lost = {number for number, names in taking.items() if len(names) < 6}
    summed = {m.round for m in found.transcript.messages if m.kind == "masked"}
    assert lost and summed and not lost & summed, "this seed has both"
    assert sum(found.left_out[DROPPED].values()) == sum(len(taking[number]) for number in lost)


@pytest.mark.parametrize(
    ("protocol", "how", "says"),
    [
        (FedAvg(), {"secure": SecureSum()}, "give limit"),
        (FedAvg(), {"secure": SecureSum(threshold=6), "limit": 9.0}, "needs 6 clients, and 5 have records"),
        (FedAvg(share=0.4), {"secure": SecureSum(), "limit": 9.0}, "and 2 work in a round"),
        (DPFTRL(budget=BUDGET, clip=1.0, separation=5), {"secure": SecureSum()}, "and 1 work in a round"),
        (DPFedAvg(budget=Budget(2.0, 0.5, Unit.client()), clip=1.0, sample=1.0), {}, "Give less than 0.2"),
        (FedAvg(), {"more": {"odd": [1, 2, 3]}}, "records of 'odd' are of type list"),
        (FedAvg(), {"more": {"server": clients(1)["c0"]}}, "cannot name a party"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_change(protocol: Any, how: dict[str, Any], says: str) -> None:
    with pytest.raises((DataError, PromiseError), match=says):
        run(protocol, **how)
