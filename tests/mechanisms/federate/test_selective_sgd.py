"""Selective SGD shares what it says, and its sparse-vector version keeps the composed epsilon alone."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from scipy.stats import kstest, laplace
from tests.mechanisms.federate.made_up import Sums, holding

from confide.core.arrays import Floats, Ints
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.federate.protocol import Plan
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.selective_sgd import SelectiveSGD, largest
from confide.mechanisms.federate.sparse_upload import SparseUpload
from confide.mechanisms.noise.words import rehearsal_words
from confide.views.records import Records

ALPHA = 1e-6


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def naive(vectors: Floats, *, rounds: int, upload: int, download: int) -> Floats:
    """Round robin by loops: each adds its vector to its own model, and shares the largest changes."""
    n, p = vectors.shape
    shared, counts, own = [0.0] * p, [0] * p, [[0.0] * p for _ in range(n)]
    for number in range(rounds):
        for k in range(n):
            most = sorted(range(p), key=lambda j: (-counts[j], j))[:download]
            for j in range(p) if number == 0 else most:
                own[k][j] = shared[j]
            for j in sorted(range(p), key=lambda j: (-abs(vectors[k, j]), j))[:upload]:
                shared[j] += vectors[k, j]
                counts[j] += 1
            own[k] = [o + v for o, v in zip(own[k], vectors[k], strict=True)]
    return np.array(shared)


@pytest.mark.parametrize("download", [0.25, 1.0])
def test_round_robin_is_the_naive_loop(download: float) -> None:
    vectors = np.round(rng(0).normal(size=(5, 12)), 2)
    protocol = SelectiveSGD(upload=0.25, download=download)
    run = collaborate(protocol, Sums(12), holding(vectors), rounds=3, rng=rng(1))
    wanted = naive(vectors, rounds=3, upload=3, download=round(download * 12))
    assert np.abs(run.parameters - wanted).max() < 1e-5
    assert run.transcript is not None and run.released.budget is None
    sizes = {len(m.payload["values"]) for m in run.transcript.seen_by("server").received()}
    assert sizes == {3}
    later = [m for m in run.transcript.messages if m.sender == "server" and m.round > 1]
    assert {len(m.payload["values"]) for m in later} == {round(download * 12)}


def test_a_participant_keeps_what_it_does_not_download() -> None:
    """With one shared number of two, the other stays a participant's own, and its change goes on from it."""
    protocol = SelectiveSGD(upload=0.5, download=0.5)
    seen: list[Floats] = []

    class Watched(Sums):
        def train(self, starts, records, *, rngs):
            seen.append(np.array(starts[0]))
            return super().train(starts, records, rngs=rngs)

    collaborate(protocol, Watched(2), holding(np.array([[3.0, 1.0], [2.0, 1.0]])), rounds=2, rng=rng(0))
    # The first uploads 3 of its first number, the second downloads it; each keeps 1 of its second number.
    assert [list(s) for s in seen] == [[0, 0], [3, 0], [5, 1], [8, 1]]


def test_orders() -> None:
    state = SelectiveSGD().begin(Plan(6, 1, np.zeros(1)), rng=rng(0))
    turns = SelectiveSGD(order="round robin").turns(state, rng=rng(0))
    assert turns == [[k] for k in range(6)]
    random = [SelectiveSGD(order="random").turns(state, rng=rng(s)) for s in range(5)]
    assert all(sorted(chain(*t)) == list(range(6)) and max(map(len, t)) == 1 for t in random)
    assert len({str(t) for t in random}) == 5
    together = [SelectiveSGD(order="asynchronous").turns(state, rng=rng(s)) for s in range(200)]
    assert all(sorted(chain(*t)) == list(range(6)) for t in together)
    # Of five gaps half are overlaps: binomial(1000, 1/2), error rate 1e-9.
    assert abs(sum(6 - len(t) for t in together) - 500) < 97


def test_asynchronous_participants_do_not_see_each_other() -> None:
    protocol = SelectiveSGD(upload=1.0, order="asynchronous")
    run = collaborate(protocol, Sums(1), holding(np.ones((20, 1))), rounds=1, rng=rng(3))
    assert run.transcript is not None
    sent = [float(m.payload["values"][0]) for m in run.transcript.messages if m.sender == "server"]
    assert len(set(sent)) < 20 and float(run.parameters[0]) == 20, "none is lost"


def test_random_selection_takes_each_large_change_equally_often() -> None:
    protocol = SelectiveSGD(upload=0.2, select="random", above=0.5, clip=0.75)
    vector = np.array([[0.4, 1.0, -1.0, 0.6, 2.0, 0.1, 0.9, -0.7, 0.51, 0.2]])
    run = collaborate(protocol, Sums(10), holding(vector), rounds=700, rng=rng(4))
    assert run.transcript is not None
    sent = [m.payload for m in run.transcript.seen_by("server").received()]
    counts = np.bincount(np.concatenate([p["positions"] for p in sent]), minlength=10)
    assert counts[[0, 5, 9]].tolist() == [0, 0, 0]
    # 700 draws of chance 2/7: deviation 12.
    assert np.abs(counts[[1, 2, 3, 4, 6, 7, 8]] - 200).max() < 6 * 12
    assert max(np.abs(p["values"]).max() for p in sent) == 0.75


def test_the_epsilons_stand_side_by_side_and_the_composed_one_is_the_promise() -> None:
    plan = Plan(30, 10, np.zeros(64 * 64 + 64 + 64 * 10 + 10))
    private = SparseUpload(epsilon=1.0, clip=0.01, threshold=0.001)
    protocol = SelectiveSGD(upload=0.1, private=private)
    found = protocol.epsilons(plan)
    assert (found.per_parameter, found.per_round, found.per_participant) == (1, 481, 4_810)
    assert found.everybody == 30 * 4_810
    assert protocol.spent(plan, 10) == Budget(4_810.0, 0.0, Unit.client())
    assert SelectiveSGD(upload=0.1).spent(plan, 10) is None
    with pytest.raises(PromiseError, match="no epsilon is finite"):
        SelectiveSGD().epsilons(plan)


def test_a_run_above_its_budget_is_refused_with_the_composed_epsilon() -> None:
    private = SparseUpload(epsilon=1.0, clip=0.01, threshold=0.001)
    protocol = SelectiveSGD(upload=0.5, private=private, budget=Budget(10.0, 0.0, Unit.client()))
    with pytest.raises(PromiseError, match=r"epsilon 12, .* 5 rounds fit"):
        collaborate(protocol, Sums(4), holding(np.ones((2, 4))), rounds=6, rng=rng(0))


def parts(private: SparseUpload, change: Floats, most: int, seed: int) -> tuple[Ints, Floats]:
    generator = rng(seed)
    return private(change, most=most, words=rehearsal_words(generator), rng=generator)


def test_scales_are_those_of_numeric_sparse() -> None:
    """By the paper: E = c epsilon, D = 2 gamma; Lap(2cD / E1), Lap(4cD / E1), Lap(2cD / E2)."""
    c, one, clip = 7, 0.3, 0.02
    whole, moved = c * one, 2 * clip
    first, second = 8 / 9 * whole, 2 / 9 * whole
    wanted = (2 * c * moved / first, 4 * c * moved / first, 2 * c * moved / second)
    assert np.allclose(SparseUpload(epsilon=one, clip=clip, threshold=0.0).scales, wanted, rtol=1e-4)


def test_the_uploaded_value_has_laplace_noise_and_is_clipped() -> None:
    private = SparseUpload(epsilon=50.0, clip=1.0, threshold=0.0)
    change = np.full(4_000, 0.25)
    positions, values = parts(private, change, 4_000, 0)
    assert np.abs(values).max() == 1.0 and (np.diff(positions) > 0).all()
    inside = np.abs(values) < 0.999
    scale = private.scales[2]
    law = laplace(0.25, scale)
    mass = law.cdf(0.999) - law.cdf(-0.999)
    assert kstest(values[inside], lambda x: (law.cdf(x) - law.cdf(-0.999)) / mass).pvalue > ALPHA
    wrong = laplace(0.25, 2 * scale)
    much = wrong.cdf(0.999) - wrong.cdf(-0.999)
    assert kstest(values[inside], lambda x: (wrong.cdf(x) - wrong.cdf(-0.999)) / much).pvalue < ALPHA


def test_with_little_noise_it_is_the_changes_above_the_threshold() -> None:
    private = SparseUpload(epsilon=1e5, clip=0.5, threshold=0.2)
    change = np.array([0.1, -0.3, 0.15, 0.7, -0.9, 0.19, 0.05])
    positions, values = parts(private, change, 7, 1)
    assert positions.tolist() == [1, 3, 4] and np.allclose(values, [-0.3, 0.5, -0.5], atol=1e-3)
    assert len(parts(private, change, 2, 1)[0]) == 2


class NoiseOnTheThresholdAlone(SparseUpload):
    """The value is uploaded without noise of its own."""

    def _noised(self, values, scale, words):
        return values


class ShownAsCompared(SparseUpload):
    """The comparison has no noise."""

    def _above(self, sizes, most, words):
        return np.flatnonzero(sizes >= self.threshold)[:most]


def shown(private: SparseUpload, runs: int) -> float:
    """The epsilon that uploads of one parameter prove, of a participant with the change clip, or -clip.

    Chosen without looking: the events "the largest value" and "no value at all". Error rate 1e-4 a bound.
    """
    counts = np.zeros((2, 2))
    for k, sign in enumerate((1, -1)):
        for seed in range(runs):
            change = np.array([sign * private.clip if k or private.threshold == 0 else private.clip])
            _, values = parts(private, change, 1, 10 * seed + k)
            counts[k] += len(values) == 0, bool(len(values) and values[0] >= private.clip)
    best = 0.0
    for event in (0, 1):
        for one, other in ((0, 1), (1, 0)):
            low = float(clopper_pearson(counts[one, event], runs, confidence=1 - 1e-4)[0])
            high = float(clopper_pearson(counts[other, event], runs, confidence=1 - 1e-4)[1])
            best = max(best, math.log(low / high) if low > 0 else 0.0)
    return best


@pytest.mark.slow
def test_the_audit_of_an_upload_is_below_its_epsilon_and_catches_broken_ones() -> None:
    sound = SparseUpload(epsilon=2.0, clip=1.0, threshold=0.0)
    assert shown(sound, 3_000) <= 2.0
    # Here the two noises together show about a ninth of epsilon by the value: a bound that sees something.
    assert shown(NoiseOnTheThresholdAlone(epsilon=2.0, clip=1.0, threshold=0.0), 3_000) > 2.0


def test_a_comparison_without_noise_is_caught() -> None:
    """Changes 0 and clip at a threshold between: without noise the empty upload tells them apart for sure."""

    def empties(private: SparseUpload, change: float) -> int:
        return sum(not len(parts(private, np.array([change]), 1, seed)[0]) for seed in range(1_000))

    for kind, caught in ((SparseUpload, False), (ShownAsCompared, True)):
        private = kind(epsilon=2.0, clip=1.0, threshold=0.5)
        low = float(clopper_pearson(empties(private, 0.0), 1_000, confidence=1 - 1e-4)[0])
        high = float(clopper_pearson(empties(private, 1.0), 1_000, confidence=1 - 1e-4)[1])
        assert (math.log(low / high) > 2.0) == caught


def test_uploads_that_break_the_agreement_are_left_out() -> None:
    protocol = SelectiveSGD(upload=0.5, clip=1.0)
    state = protocol.begin(Plan(1, 1, np.zeros(4)), rng=rng(0))

    def fault(positions: list[int], values: list[float]) -> str | None:
        return protocol.fault(state, {"positions": np.array(positions), "values": np.array(values)})

    assert fault([0, 3], [1.0, -1.0]) is None and fault([], []) == "another shape"  # of floats
    assert fault([0, 1, 2], [0, 0, 0]) == "more parameters than agreed"
    assert fault([1, 1], [0, 0]) == "more parameters than agreed"
    assert fault([-1], [0]) == fault([4], [0]) == "parameters that there are not"
    assert fault([0], [1.1]) == "larger than the clip" and fault([0, 1], [1.0]) == "another shape"


@pytest.mark.parametrize(
    "wrong",
    [{"upload": 0.0}, {"download": 1.5}, {"select": "best"}, {"order": "none"}, {"clip": 0.0},
     {"above": -1.0}, {"budget": Budget(1.0)}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PromiseError, match=next(iter(wrong))):
        SelectiveSGD(**wrong)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("wrong", [{"epsilon": 0.0}, {"clip": float("inf")}, {"threshold": 2.0}])
def test_uploads_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    sound = SparseUpload(epsilon=1.0, clip=1.0, threshold=0.5)
    with pytest.raises(PromiseError, match=next(iter(wrong))):
        replace(sound, **wrong)


def test_the_largest_changes() -> None:
    assert largest(np.array([0.0, -2.0, 2.0, 1.0]), 1).tolist() == [1]


def test_a_participant_without_records_takes_no_turn() -> None:
    clients = holding(np.ones((2, 2)))
    clients["c2"] = Records(np.zeros((0, 2), np.float32), np.zeros(0, np.int64))
    run = collaborate(SelectiveSGD(upload=1.0), Sums(2), clients, rounds=2, rng=rng(0))
    assert run.left_out == {"no records": {"c2": 2}} and run.parameters.tolist() == [4, 4]
