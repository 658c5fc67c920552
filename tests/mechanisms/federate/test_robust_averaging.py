"""FedAvg and FedSGD with a robust mean: liars move the model no farther than honest clients could."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.mechanisms.federate.made_up import Sums, holding

from confide.collaboration import (
    CoordinateMedian,
    EigenvectorFilter,
    FedAvg,
    FedSGD,
    Krum,
    SecureRounds,
    TrimmedMean,
)
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Payload
from confide.mechanisms.federate.federated_averaging import Averaging
from confide.mechanisms.federate.protocol import Plan
from confide.mechanisms.federate.rounds import collaborate

HONEST = np.array([[1.0, -1.0], [1.1, -0.9], [0.9, -1.1], [1.0, -1.2], [1.2, -1.0]])
LIES = np.array([[1e6, 1e6], [-3.0, 9.0]])
MEANS: list[Any] = [
    CoordinateMedian(),
    TrimmedMean(0.29),
    Krum(poisoned=2),
    EigenvectorFilter(share=0.29, variance=0.1),
]


def run(protocol: FedAvg, vectors: np.ndarray, rounds: int = 1, **more: Any) -> np.ndarray:
    rng = np.random.default_rng(0)
    return collaborate(protocol, Sums(2), holding(vectors), rounds=rounds, rng=rng, **more).parameters


@pytest.mark.parametrize("mean", MEANS, ids=lambda mean: type(mean).__name__)
@pytest.mark.parametrize("made", [FedAvg, FedSGD])
def test_liars_move_the_model_no_farther_than_honest_clients_differ(made: type[FedAvg], mean: Any) -> None:
    vectors = np.concatenate([HONEST, LIES])
    found = run(made(weights="equal", rate=1.0, mean=mean), vectors)
    assert (HONEST.min(axis=0) - 1e-6 <= found).all() and (found <= HONEST.max(axis=0) + 1e-6).all()
    plain = run(made(weights="equal", rate=1.0), vectors)
    assert np.abs(plain).max() > 1e5, "one client moves the plain mean as far as it likes"


def test_a_median_is_that_of_the_updates_in_every_round() -> None:
    """By hand: of the five honest vectors the medians are 1.0 and -1.0, and they add up over rounds."""
    found = run(FedAvg(weights="equal", mean=CoordinateMedian()), HONEST, rounds=3)
    assert found == pytest.approx([3.0, -3.0], abs=1e-6)


def test_a_weight_is_no_way_around_the_mean() -> None:
    made = FedAvg(weights="equal", mean=CoordinateMedian())
    state = Averaging(Plan(7, 1, np.zeros(2, np.float32)), np.zeros(2))
    heavy: Payload = {"update": np.zeros(2, np.float32), "records": np.array(1e9)}
    assert made.fault(state, heavy) == "a weight of its own"
    assert made.fault(state, {**heavy, "records": np.array(1.0)}) is None
    with pytest.raises(PromiseError, match="count for as many as it claims"):
        FedAvg(mean=CoordinateMedian())


def test_what_a_mean_cannot_withstand_and_a_secure_sum_are_refused_before_the_first_message() -> None:
    with pytest.raises(DataError, match=r"Krum\(poisoned=3, average=1\) cannot be taken of 5 uploads"):
        run(FedAvg(weights="equal", mean=Krum(poisoned=3)), HONEST)
    with pytest.raises(DataError, match="of 2 uploads of a round"):  # a share of .4 of five clients
        run(FedAvg(share=0.4, weights="equal", mean=TrimmedMean(0.3)), HONEST)
    with pytest.raises(PromiseError, match="looks at each upload by itself"):
        run(
            FedAvg(weights="equal", mean=CoordinateMedian()),
            HONEST,
            secure=SecureRounds(limit=9.0, clients=5),
        )
    assert FedAvg().additive and not FedAvg(weights="equal", mean=CoordinateMedian()).additive


def test_a_round_that_lost_too_many_uploads_has_no_mean() -> None:
    vectors = np.concatenate([HONEST, [[np.nan, 0.0], [np.inf, 0.0]]])
    with pytest.raises(DataError, match="cannot be taken of 5 uploads"):
        run(FedAvg(weights="equal", mean=Krum(poisoned=2)), vectors)
