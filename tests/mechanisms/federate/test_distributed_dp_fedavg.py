"""Noise of clients inside a secure sum: its law, the smallest cohort, and twins with too little of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from scipy.stats import kstest, norm
from tests.mechanisms.federate.made_up import Sums, holding

from confide.account.opening import open_ledger
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.core.transcript import SERVER, Payload
from confide.measure.one_run import Tally, fdp_epsilon, steinke_epsilon
from confide.mechanisms.federate.distributed_dp_fedavg import DistributedDPFedAvg
from confide.mechanisms.federate.gathered import NOT_FINITE
from confide.mechanisms.federate.protocol import Done, Job, Plan, Summed, SumTerms, Upload
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.secure_rounds import SecureRounds
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.secure_sum import SecureSum

ALPHA = 1e-6
"""Each test of a law alarms falsely once in a million runs."""
CLAIM = Budget(1.0, 1e-3, Unit.client())
CLIENTS, LEAST, COLLUDING = 200, 134, 20
COLLUDERS = tuple(f"c{k}" for k in range(COLLUDING))
LOST = [f"c{k}" for k in range(LEAST, CLIENTS)]
"""All that may be lost: what remains is the smallest cohort, with every colluding client in it."""


def private(**settings) -> DistributedDPFedAvg:
    given = {"budget": CLAIM, "clip": 0.5, "cohort": 10, "least": 7, "colluding": 2, "times": 1}
    return DistributedDPFedAvg(**{**given, "noise": "rehearsal", **settings})


def summing(clients: int = 10, *, least: int = 7, colluding: int = 2, **settings) -> SecureRounds:
    how = SecureSum(cohort=least, colluding=colluding, fresh_inputs=True)
    return SecureRounds(**{"clients": clients, "how": how, "played": False, **settings})


@dataclass
class Colluding:
    """A secure sum of which the server keeps what it sees: the sum, and what colluding clients tell it."""

    real: SecureRounds
    colluders: Collection[str]
    honest: list[Array] = field(default_factory=list)

    @property
    def terms(self) -> SumTerms:
        return self.real.terms

    def __call__(self, uploads: Mapping[str, Payload], *, number: int, rng: Rng) -> Summed:
        summed = self.real(uploads, number=number, rng=rng)
        told = sum(uploads[name]["update"] for name in self.colluders if name in summed.clients)
        self.honest.append(summed.total["update"] - told)
        return summed


def seen(
    protocol: DistributedDPFedAvg, vectors: Array, *, lost: Collection[str] = LOST, seed: int = 1
) -> tuple[Array, Array]:
    """One round: the sum of the honest clients as the adversary has it, in steps, and the model."""
    real = summing(CLIENTS, least=LEAST, colluding=COLLUDING, dropped={1: lost})
    watching = Colluding(real, COLLUDERS)
    run = collaborate(
        protocol, Sums(vectors.shape[1]), holding(vectors), rounds=1, rng=rng(seed), secure=watching,
        together=CLIENTS,
    )  # fmt: skip
    return watching.honest[0], run.parameters


def large(kind: type[DistributedDPFedAvg] = DistributedDPFedAvg, **settings) -> DistributedDPFedAvg:
    given = {"cohort": CLIENTS, "least": LEAST, "colluding": COLLUDING, "clip": 0.5, "times": 1}
    return kind(**{"budget": CLAIM, "noise": "rehearsal", **given, **settings})


def test_the_smallest_honest_cohort_has_noise_of_the_law_that_keeps_the_budget() -> None:
    """134 of 200 remain and 20 of them collude: the noise of 114, by Kolmogorov-Smirnov and by its delta."""
    size = 4_000
    left, _ = seen(large(), np.zeros((CLIENTS, size)))
    grid = large().noise_of(size).grid
    sigma = grid.sigma * math.sqrt(LEAST - COLLUDING)
    assert kstest(left, norm(scale=sigma).cdf).pvalue > ALPHA
    # The mean square of a normal law is off by 5 of its deviations once in 10^6; 1.1 sigma is told apart.
    off, apart = (abs(float(np.mean((left / s) ** 2)) - 1) for s in (sigma, 1.1 * sigma))
    assert off < 5 * math.sqrt(2 / size) < apart

    def delta(honest: int) -> float:
        return gaussian_delta(
            CLAIM.epsilon, sigma=grid.sigma * math.sqrt(honest), sensitivity=math.sqrt(grid.l2_squared)
        )

    assert 0.9 * CLAIM.delta < delta(LEAST - COLLUDING) <= CLAIM.delta
    # One more that is lost, or colludes, and the promise is broken: nothing is given away.
    assert delta(LEAST - COLLUDING - 1) > CLAIM.delta


def test_the_published_model_has_the_noise_of_all_that_remain_over_their_number() -> None:
    size = 4_000
    vectors = np.zeros((CLIENTS, size))
    vectors[:, 0], vectors[:, 1] = 0.3, -0.2
    _, found = seen(large(), vectors, lost=[])
    deviation = large().noise_of(size).deviation(CLIENTS) / CLIENTS
    expected = np.zeros(size)
    expected[:2] = 0.3, -0.2
    assert kstest((found - expected) / deviation, norm.cdf).pvalue > ALPHA


class OneParty(DistributedDPFedAvg):
    """The first client adds the noise of all, and the others none."""

    def work(self, jobs, learner):
        done = super().work(jobs, learner)
        noise = self.noise_of(len(done[0].upload["update"]))
        plain = [np.rint(np.asarray(j.records.x[0], float) * noise.grid.steps).astype(np.int64) for j in jobs]
        added = done[0].upload["update"] - plain[0]
        plain[0] = plain[0] + added * round(math.sqrt(len(jobs)))
        return [Done({"update": vector}, one.memory) for vector, one in zip(plain, done, strict=True)]


class ForAll(DistributedDPFedAvg):
    """Noise is made for a cohort that stays whole and of which nobody colludes."""

    def noise_of(self, size):
        return replace(super().noise_of(size), least=self.cohort, colluding=0)


class NotForItsRounds(DistributedDPFedAvg):
    """Noise is made for one round, however often a client takes part."""

    def noise_of(self, size):
        return replace(super().noise_of(size), rounds=1)


def proved(protocol: DistributedDPFedAvg, seed: int) -> float:
    """The epsilon that a run proves, in which the most clients are lost and the most collude.

    Each honest client has a direction of its own, and a fair coin decides whether its change is as long as
    the clip or zero. By the theorem (Steinke, Nasr, Jagielski 2023) a sound protocol's bound is above its
    claim in one run of 20 at most.
    """
    there = np.random.default_rng(seed).random(CLIENTS) < 0.5
    vectors = np.diag(np.where(there, protocol.clip, 0.0))
    honest = np.arange(COLLUDING, LEAST)
    scores = seen(protocol, vectors, seed=seed)[0][honest]
    order, guesses = honest[np.argsort(scores)], len(honest) // 3
    right = int(there[order[-guesses:]].sum() + (~there[order[:guesses]]).sum())
    tally = Tally(right=right, guesses=2 * guesses, canaries=len(honest))
    return max(proof(tally, error=0.05, delta=CLAIM.delta) for proof in (steinke_epsilon, fdp_epsilon))


def test_an_audit_stays_below_the_promise_and_catches_noise_by_one_party() -> None:
    """The party that adds the noise colludes: it tells the server what to take away."""
    assert max(proved(large(), seed) for seed in range(3)) <= CLAIM.epsilon
    assert proved(large(OneParty), 0) > 2 * CLAIM.epsilon


@pytest.mark.parametrize(("broken", "times"), [(ForAll, 1), (NotForItsRounds, 4)])
def test_a_twin_with_noise_for_others_breaks_the_budget(
    broken: type[DistributedDPFedAvg], times: int
) -> None:
    """By the exact delta of the noise of the smallest honest cohort."""

    def delta(protocol: DistributedDPFedAvg) -> float:
        grid = protocol.noise_of(50).grid
        sigma = grid.sigma * math.sqrt(LEAST - COLLUDING)
        return gaussian_delta(
            CLAIM.epsilon, sigma=sigma, sensitivity=math.sqrt(times * grid.l2_squared)
        )  # fmt: skip

    assert delta(large(times=times)) <= CLAIM.delta < delta(large(broken, times=times)) / 2


def test_a_sum_of_fewer_clients_than_the_promise_needs_is_refused() -> None:
    clients = holding(np.zeros((10, 3)))
    with pytest.raises(RefusedError, match="missing are c6, c7, c8, c9"):
        collaborate(
            private(), Sums(3), clients, rounds=1, rng=rng(1),
            secure=summing(dropped={1: ["c6", "c7", "c8", "c9"]}),
        )  # fmt: skip
    run = collaborate(
        private(), Sums(3), clients, rounds=1, rng=rng(1), secure=summing(dropped={1: ["c7", "c8", "c9"]})
    )
    assert run.promise == (
        "epsilon 1, delta 0.001, hiding everything any one client holds, while at least 7 clients remain in "
        "each sum and at most 2 of them collude with the server"
    )
    # A loop that does not ask for terms is stopped all the same.
    protocol = private()
    state = protocol.begin(Plan(10, 1, np.zeros(3)), rng=rng(0))
    few = Upload(tuple(range(6)), {"update": np.zeros(3)})
    with pytest.raises(PromiseError, match="a sum of 6 clients"):
        protocol.received(state, [few], rng=rng(0))


def test_without_a_secure_sum_or_over_a_weaker_one_nothing_begins() -> None:
    def begun(secure) -> None:
        collaborate(private(), Sums(2), holding(np.zeros((10, 2))), rounds=1, rng=rng(0), secure=secure)

    def unstated(uploads, *, number, rng):
        raise AssertionError("nothing is sent")

    for secure, says in (
        (None, "no promise without a secure sum"),
        (unstated, "does not state its terms"),
        (SecureRounds(clients=10), "a cohort of 0, and the noise is made for 7"),
        (summing(least=6), "a cohort of 6"),
        (summing(colluding=1), "colluding clients of 1, and the noise is made for 2"),
        (summing(limit=8.0), "no room for whole numbers"),
        (summing(12), "no room for whole numbers of 10 clients"),
    ):
        with pytest.raises(PromiseError, match=says):
            begun(secure)
    begun(summing())


def test_the_server_sees_masked_words_and_what_it_publishes_is_a_release() -> None:
    clients = holding(np.eye(10))
    run = collaborate(
        private(noise="secure"), Sums(10), clients, rounds=1, rng=rng(0), secure=summing(played=True)
    )
    assert isinstance(run.released, Release) and run.transcript is not None
    assert "update" not in {m.kind for m in run.transcript.seen_by(SERVER).messages}
    again = collaborate(private(), Sums(10), clients, rounds=1, rng=rng(0), secure=summing())
    assert isinstance(again.released, Rehearsal)


def test_clients_take_turns_and_none_works_more_often_than_its_noise_is_made_for() -> None:
    protocol = private(times=3)
    plan = Plan(25, 7, np.zeros(2))  # 70 places for 25 clients: 2.8 each
    state, worked = protocol.begin(plan, rng=rng(3)), np.zeros(25, int)
    for _ in range(7):
        (cohort,) = protocol.turns(state, rng=rng(0))
        assert len(set(cohort)) == 10
        worked[cohort] += 1
        state = protocol.ended(state, rng=rng(0))
    assert worked.max() == 3 and worked.min() >= 2
    with pytest.raises(PromiseError, match="planned rounds are over"):
        protocol.turns(state, rng=rng(0))
    with pytest.raises(PromiseError, match="give times=4"):
        protocol.begin(replace(plan, rounds=8), rng=rng(3))
    assert protocol.spent(plan, 7) == CLAIM and protocol.spent(plan, 8) is None


def test_a_client_counts_its_rounds_itself() -> None:
    """A server that asks one client again and again is refused by it."""
    own = holding(np.zeros((1, 2)))["c0"]
    protocol = private(times=2)
    memory: Payload = {}
    for _ in range(2):
        (done,) = protocol.work([Job({"parameters": np.zeros(2)}, memory, own, rng(0))], Sums(2))
        memory = done.memory
    with pytest.raises(PromiseError, match="round 3 of its own"):
        protocol.work([Job({"parameters": np.zeros(2)}, memory, own, rng(0))], Sums(2))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_training_that_diverged_takes_part_with_noise_alone(wrong: float) -> None:
    """To leave it out would tell the server what the client holds."""
    vectors = np.zeros((10, 2_000))
    vectors[1, 5] = wrong
    run = collaborate(private(), Sums(2_000), holding(vectors), rounds=1, rng=rng(2), secure=summing())
    assert NOT_FINITE not in run.left_out
    deviation = private().noise_of(2_000).deviation(10) / 10
    assert kstest(run.parameters / deviation, norm.cdf).pvalue > ALPHA


def test_the_ledger_is_charged_once_with_what_the_promise_rests_on(tmp_path) -> None:
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/l.sqlite", data="0" * 64, budget=Budget(2.0, 2e-3, Unit.client()),
        composition="zcdp",
    )  # fmt: skip
    protocol = private(times=2)
    collaborate(
        protocol, Sums(2), holding(np.zeros((10, 2))), rounds=2, rng=rng(0), ledger=ledger, secure=summing()
    )
    rho = 2 * protocol.noise_of(2).rho
    assert ledger.spent.rho == pytest.approx(rho * 1e12, rel=1e-6) and rho < 0.5
    ledger.close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"budget": Budget(1.0, 1e-3)}, "hides any one record"),
        ({"least": 11}, "11 of 10 clients remain"),
        ({"colluding": 6}, "at most one honest client"),
        ({"clip": 0.0}, "clip 0"),
        ({"rate": 0.0}, "rate is 0"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_settings_that_keep_no_promise_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(PromiseError, match=says):
        private(**settings)


def test_too_few_clients_or_too_large_a_delta_are_refused() -> None:
    with pytest.raises(PromiseError, match="a cohort of 10 of 9 clients"):
        private().begin(Plan(9, 1, np.zeros(1)), rng=rng(0))
    with pytest.raises(PromiseError, match="for 2,000 clients"):
        private(times=9).begin(Plan(2_000, 1, np.zeros(1)), rng=rng(0))


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
