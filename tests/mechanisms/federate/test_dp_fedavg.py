"""DP-FedAvg keeps its promise; an audit catches a forgotten clip, weights by records and wrong sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, kstest, norm
from tests.mechanisms.federate.made_up import Sums, holding

from confide.account.opening import open_ledger
from confide.core.arrays import Array
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, LedgerError, PromiseError
from confide.measure.one_run import Tally, fdp_epsilon, steinke_epsilon
from confide.mechanisms.federate.adaptive_clipping import AdaptiveClip
from confide.mechanisms.federate.clipped_updates import clipped
from confide.mechanisms.federate.dp_fedavg import DPFedAvg, Noised
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.protocol import Done, Plan
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of
from confide.views.records import Records

CLIENT = Unit.client()
BUDGET = Budget(100.0, 1e-3, CLIENT)
ALL = Budget(1e6, 1e-3, CLIENT)
ALPHA = 1e-6
CLAIM = Budget(1.0, 1e-5, CLIENT)
CANARIES, ROUNDS = 1000, 10


def private(**settings) -> DPFedAvg:
    given = {"budget": BUDGET, "clip": 1.0, "sample": 0.5, "multiplier": 1.0, "noise": "rehearsal"}
    return DPFedAvg(**{**given, **settings})


def test_a_round_is_the_clipped_sum_over_the_expected_sample_with_noise_of_that_deviation() -> None:
    vectors = np.zeros((8, 20_000))
    vectors[:, 0], vectors[:, 1] = 5, -0.25
    vectors[0, 0] = 0.5  # short enough: not clipped
    run = collaborate(private(sample=1.0), Sums(20_000), holding(vectors), rounds=1, rng=rng(1))
    expected = sum(clipped(v, 1.0) for v in vectors) / 8
    noise = run.parameters - expected
    # The noise hides lengths that rounding adds, and so is a little larger.
    sigma = 1.0 * (1 * 1.001 + 2.0**-20 * math.sqrt(20_000)) / 8
    assert kstest(noise, norm(scale=sigma).cdf).pvalue > ALPHA
    assert kstest(noise, norm(scale=1.1 * sigma).cdf).pvalue < ALPHA


def test_the_sum_is_divided_by_the_expected_and_not_the_actual_sample() -> None:
    vectors = np.zeros((30, 4))
    vectors[:, 0] = 1
    protocol = private(budget=ALL, sample=0.3, multiplier=1e-3)
    for seed in range(5):
        run = collaborate(protocol, Sums(4), holding(vectors), rounds=1, rng=rng(seed))
        assert run.transcript is not None
        came = len(run.transcript.seen_by("server").received("update"))
        assert abs(run.parameters[0] - came / 9) < 2e-3


def test_clients_are_sampled_independently() -> None:
    clients, rounds, rate = 40, 500, 0.3
    run = collaborate(
        private(sample=rate), Sums(2), holding(np.zeros((clients, 2))), rounds=rounds, rng=rng(2)
    )
    assert run.transcript is not None
    sizes = np.zeros(rounds + 1, np.int64)
    own = dict.fromkeys(run.transcript.parties, 0)
    for message in run.transcript.seen_by("server").received("update"):
        sizes[message.round] += 1
        own[message.sender] += 1
    del own["server"]
    # Sizes are binomial, and so spread: a fixed size, or one draw for all, would have another variance.
    spread = sizes[1:].var() / (clients * rate * (1 - rate))
    assert abs(spread - 1) < 5 * math.sqrt(2 / rounds)
    tails = [2 * min(binom.cdf(n, rounds, rate), binom.sf(n - 1, rounds, rate)) for n in own.values()]
    assert min(tails) > ALPHA


def test_an_empty_round_adds_noise_all_the_same() -> None:
    run = collaborate(private(sample=1e-9), Sums(50), holding(np.ones((3, 50))), rounds=1, rng=rng(3))
    assert run.transcript is not None and not run.transcript.messages
    assert np.std(run.parameters) > 0


def test_the_promise_is_that_of_poisson_sampled_gaussian_steps() -> None:
    plan = Plan(1_000, 60, np.zeros(1))
    promise = private(budget=Budget(2.0, 1e-4, CLIENT), sample=0.1, multiplier=1.75).spent(plan, 60)
    assert promise is not None and promise.unit == CLIENT
    assert promise.epsilon == epsilon_of(multiplier=1.75, delta=1e-4, rate=0.1, steps=60)
    assert 1.8 < promise.epsilon < 1.85
    calibrated = DPFedAvg(budget=Budget(2.0, 1e-4, CLIENT), clip=0.5, sample=0.1)
    found = calibrated.spent(plan, 60)
    assert found is not None and 1.99 < found.epsilon <= 2


class NoClip(DPFedAvg):
    """The clip is forgotten, by the clients and by the server."""

    def work(self, jobs, learner):
        made = learner.train(
            np.stack([j.received["parameters"] for j in jobs]), [j.records for j in jobs], rngs=[]
        )
        starts = [j.received["parameters"] for j in jobs]
        return [Done({"update": m - s}, {}) for m, s in zip(made, starts, strict=True)]

    def fault(self, state, upload):
        return None


class ByRecords(DPFedAvg):
    """Clipped updates are multiplied by the number of records."""

    def work(self, jobs, learner):
        done = super().work(jobs, learner)
        return [
            Done({"update": len(j.records) * d.upload["update"]}, {}) for j, d in zip(jobs, done, strict=True)
        ]

    def fault(self, state, upload):
        return None


class FixedFirst(DPFedAvg):
    """The first half of the clients works in every round; the accountant counts on samples."""

    def turns(self, state, *, rng):
        return [range(round(self.sample * state.plan.clients))]


class ActualSample(DPFedAvg):
    """The sum is divided by how many came, which one client changes."""

    def ended(self, state: Noised, *, rng):
        came = max(sum(len(u.clients) for u in state.uploads), 1)
        ended = super().ended(state, rng=rng)
        step = (ended.parameters - state.parameters) * self.sample * state.plan.clients / came
        return replace(ended, parameters=state.parameters + step)


class NoNoise(DPFedAvg):
    """A tenth of the noise."""

    def begin(self, plan, *, rng):
        state = super().begin(plan, rng=rng)
        return replace(state, multiplier=state.multiplier / 10)


def shown(protocol: type[DPFedAvg], seed: int, rate: float = 1.0) -> float:
    """The epsilon that one run of 1,000 canaries proves.

    Each canary is a client with ten records and a direction of its own, and a fair coin decides whether it
    has them. The adversary sees the last model, and names those that it is surest of. By the theorem
    (Steinke, Nasr, Jagielski 2023) a sound protocol's bound is above its claim in one run of 20 at most.
    """
    coins = np.random.default_rng(seed)
    there = coins.random(CANARIES) < 0.5
    empty = Records(np.zeros((0, CANARIES), np.float32), np.zeros(0, np.int64))
    clients = {
        f"c{k}": Records(
            np.tile(np.float32(10 * (np.arange(CANARIES) == k)), (10, 1)), np.zeros(10, np.int64)
        )
        if there[k]
        else empty
        for k in range(CANARIES)
    }
    made = protocol(budget=CLAIM, clip=0.5, sample=rate, noise="rehearsal")
    run = collaborate(made, Sums(CANARIES), clients, rounds=ROUNDS, rng=coins, record=False)
    asked = round(rate * CANARIES) if protocol is FixedFirst else CANARIES  # it knows who works
    order, guesses = np.argsort(run.parameters[:asked]), asked // 4
    right = int(there[order[-guesses:]].sum() + (~there[order[:guesses]]).sum())
    tally = Tally(right=right, guesses=2 * guesses, canaries=asked)
    return max(proof(tally, error=0.05, delta=CLAIM.delta) for proof in (steinke_epsilon, fdp_epsilon))


@pytest.mark.slow
def test_a_sound_protocol_is_below_its_promise_and_something_is_seen() -> None:
    found = [shown(DPFedAvg, seed) for seed in range(4)]
    assert max(found) <= CLAIM.epsilon
    assert max(found) > 0.05, "an audit that sees nothing would prove nothing"


@pytest.mark.parametrize("broken", [NoClip, ByRecords, NoNoise])
def test_an_audit_catches_a_protocol_that_breaks_its_promise(broken: type[DPFedAvg]) -> None:
    assert shown(broken, 1) > 1.5 * CLAIM.epsilon


def test_an_audit_catches_wrong_sampling() -> None:
    assert shown(FixedFirst, 2, rate=0.1) > CLAIM.epsilon
    assert shown(DPFedAvg, 2, rate=0.1) <= CLAIM.epsilon


def test_the_actual_sample_as_denominator_is_seen() -> None:
    """With a fixed denominator the mean of the published change tells how many came; divided, it does not."""
    vectors = np.zeros((30, 4))
    vectors[:, 0] = 1
    by_actual = ActualSample(budget=ALL, clip=1.0, sample=0.3, multiplier=1e-3, noise="rehearsal")
    found = [
        collaborate(by_actual, Sums(4), holding(vectors), rounds=1, rng=rng(seed)).parameters[0]
        for seed in range(5)
    ]
    assert np.abs(np.array(found) - 1).max() < 2e-3, "one client more would change all numbers at once"


def test_the_clip_follows_the_median_length_with_a_share_of_the_noise() -> None:
    vectors = np.zeros((200, 3))
    vectors[:, 0] = np.linspace(0.1, 4.1, 200)  # median 2.1
    clip = AdaptiveClip(start=0.1, pace=0.3)
    protocol = private(clip=clip, sample=0.5, multiplier=1.0)
    clips: list[float] = []
    collaborate(
        protocol, Sums(3), holding(vectors), rounds=60, rng=rng(5),
        watch=lambda _, published: clips.append(float(published["clip"])),
    )  # fmt: skip
    assert abs(np.mean(clips[40:]) - 2.1) < 0.3
    s = clip.deviation(clients=200, rate=0.5)
    on_updates = clip.of_updates(1.0, clients=200, rate=0.5)
    assert s == 5 and math.isclose(on_updates**-2 + (2 * s) ** -2, 1.0)


def test_the_clip_and_updates_together_cost_one_step_by_the_naive_sum_of_divergences() -> None:
    """Theorem 1, by its proof: squares of shifts over deviations add up."""
    clip = AdaptiveClip(start=1.0, noise=3.0)
    for whole in (0.5, 1.0, 2.0, 5.0):
        z = clip.of_updates(whole, clients=100, rate=1.0)
        shifts = (1.0 / z, 0.5 / 3.0)  # a client moves the sum by a clip, and the count by 1/2
        assert math.isclose(math.hypot(*shifts), 1 / whole)


def test_a_client_that_does_not_clip_is_left_out() -> None:
    class Liar(DPFedAvg):
        def work(self, jobs, learner):
            return [Done({"update": np.float32([2.0, 0.0])}, {}), *super().work(jobs[1:], learner)]

    liar = Liar(budget=ALL, clip=1.0, sample=1.0, multiplier=1e-3, noise="rehearsal")
    run = collaborate(liar, Sums(2), holding(np.eye(2)), rounds=1, rng=rng(0))
    assert run.left_out == {"longer than the clip": {"c0": 1}} and abs(run.parameters[0]) < 0.01


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"weights": "records"}, "its secret"),
        ({"budget": Budget(1.0, 1e-5)}, "hides any one record"),
        ({"budget": Budget(1.0, 0.0, CLIENT)}, "above 0"),
        ({"clip": 0.0}, "clip is 0"),
        ({"clip": float("nan")}, "clip is nan"),
        ({"sample": 0.0}, "sample is 0"),
        ({"multiplier": -1.0}, "multiplier is -1"),
        ({"noise": "none"}, "noise is 'none'"),
    ],
)
def test_settings_that_break_the_promise_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(PromiseError, match=words):
        private(**settings)


def test_an_adaptive_clip_without_noise_or_with_too_little_is_refused() -> None:
    with pytest.raises(PromiseError, match="without noise of its own"):
        AdaptiveClip(start=1.0, noise=0.0)
    with pytest.raises(PromiseError, match=r"give noise above .*, such as noise = "):
        collaborate(
            private(clip=AdaptiveClip(start=1.0, noise=0.1)), Sums(1), holding(np.ones((5, 1))), rounds=1,
            rng=rng(0),
        )  # fmt: skip


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_training_that_diverged_is_left_out_and_not_clipped_into_shape(wrong: float) -> None:
    vectors = np.array([[0.5, 0.0], [wrong, 0.5], [0.0, 0.5]])
    protocol = private(budget=ALL, sample=1.0, multiplier=1e-3)
    run = collaborate(protocol, Sums(2), holding(vectors), rounds=1, rng=rng(0))
    assert run.left_out == {"numbers that are not finite": {"c1": 1}}
    assert np.abs(run.parameters - 0.5 / 3).max() < 5e-3, "the denominator stays"


def test_no_round_begins_after_those_that_were_planned() -> None:
    protocol = private()
    state = protocol.begin(Plan(10, 1, np.zeros(2)), rng=rng(0))
    protocol.turns(state, rng=rng(0))
    with pytest.raises(PromiseError, match="planned rounds are over"):
        protocol.turns(protocol.ended(state, rng=rng(0)), rng=rng(0))


def test_a_ledger_of_rhos_pays_less_than_epsilon_squared(tmp_path) -> None:
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/l.sqlite", data="0" * 64, budget=Budget(2.0, 1e-3, CLIENT), composition="zcdp"
    )
    protocol = private(budget=Budget(1.0, 1e-4, CLIENT), multiplier=None, sample=0.2)
    collaborate(protocol, Sums(1), holding(np.ones((5, 1))), rounds=4, rng=rng(0), ledger=ledger)
    assert 0 < ledger.spent.rho < 0.5e12 / 2
    ledger.close()


def test_a_ledger_of_another_unit_or_a_protocol_without_a_promise_is_refused(tmp_path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.sqlite", data="0" * 64, budget=Budget(2.0, 1e-3))
    with pytest.raises(LedgerError, match="any one record"):
        collaborate(private(), Sums(1), holding(np.ones((5, 1))), rounds=1, rng=rng(0), ledger=ledger)
    with pytest.raises(PromiseError, match="promises nothing"):
        collaborate(FedAvg(), Sums(1), holding(np.ones((5, 1))), rounds=1, rng=rng(0), ledger=ledger)
    assert ledger.spent.epsilon == 0
    ledger.close()


def test_delta_above_one_over_the_clients_is_refused() -> None:
    with pytest.raises(PromiseError, match="for 2,000 clients"):
        private().begin(Plan(2_000, 1, np.zeros(1)), rng=rng(0))


def test_a_round_that_would_exceed_the_budget_does_not_start() -> None:
    tight = private(budget=Budget(2.0, 1e-3, CLIENT), multiplier=1.0, sample=0.1)
    plan = Plan(100, 500, np.zeros(1))
    with pytest.raises(PromiseError, match="rounds fit") as refused:
        collaborate(tight, Sums(1), holding(np.ones((100, 1))), rounds=500, rng=rng(0))
    fit = int(str(refused.value).split(": ")[1].split()[0].replace(",", ""))
    costs = [tight.spent(plan, n) for n in (fit, fit + 1)]
    assert costs[0] is not None and costs[1] is not None and costs[0].epsilon <= 2 < costs[1].epsilon


def test_the_ledger_is_charged_before_anything_is_sent_and_never_refunded(tmp_path) -> None:
    address, whole = f"sqlite:///{tmp_path}/ledger.sqlite", Budget(3.0, 2e-3, CLIENT)
    ledger = open_ledger(address, data="0" * 64, budget=whole, composition="basic")
    protocol = private(budget=Budget(2.0, 1e-3, CLIENT), multiplier=None)
    clients = holding(np.ones((10, 2)))
    sent: list[int] = []

    class Stops(Sums):
        def train(self, starts: Array, records: Sequence[Records], *, rngs) -> Array:
            sent.append(ledger.spent.epsilon or 0)
            raise RuntimeError("the round is lost")

    with pytest.raises(RuntimeError):
        collaborate(protocol, Stops(2), clients, rounds=3, rng=rng(0), ledger=ledger)
    assert sent == [ledger.spent.epsilon] and 1_990_000 < sent[0] <= 2_000_000
    with pytest.raises(BudgetError):
        collaborate(protocol, Stops(2), clients, rounds=3, rng=rng(0), ledger=ledger)
    assert len(sent) == 1, "what is not paid for does not begin"
    ledger.close()


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
