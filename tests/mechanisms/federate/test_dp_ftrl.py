"""DP-FTRL keeps its promise by its participation rule, and an audit catches who breaks the rule."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest, norm
from tests.mechanisms.federate.made_up import Sums, holding

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.measure.one_run import Tally, fdp_epsilon
from confide.mechanisms.federate.clipped_updates import clipped
from confide.mechanisms.federate.dp_ftrl import DPFTRL
from confide.mechanisms.federate.prefix_sums import Banded, Participation, PrefixSums, Tree
from confide.mechanisms.federate.protocol import Plan
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.views.records import Records

CLAIM = Budget(1.0, 1e-5, Unit.client())
CANARIES = 1000


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def private(**settings) -> DPFTRL:
    given = {"budget": Budget(1e13, 1e-3, Unit.client()), "clip": 1.0, "separation": 3, "noise": "rehearsal"}
    return DPFTRL(**{**given, **settings})


@pytest.mark.parametrize("sums", [Tree(), Banded(3)])
def test_without_noise_it_is_fedavg_of_cohorts_that_take_turns(sums: PrefixSums) -> None:
    vectors = rng(0).normal(size=(9, 4))
    run = collaborate(private(sums=sums, multiplier=1e-6), Sums(4), holding(vectors), rounds=6, rng=rng(1))
    assert run.transcript is not None
    # Six rounds at a separation of three: each client twice, three clients a round.
    of = {name: [m.round for m in run.transcript.seen_by(name).sent()] for name in run.transcript.parties[1:]}
    assert all(len(rounds) == 2 and rounds[1] - rounds[0] == 3 for rounds in of.values())
    wanted = 2 * sum(clipped(v, 1.0) for v in vectors) / 3
    assert np.abs(run.parameters - wanted).max() < 1e-3


@pytest.mark.parametrize("sums", [Tree(), Banded(3)])
def test_the_last_prefix_sum_has_the_noise_of_the_closed_form(sums: PrefixSums) -> None:
    rounds, p = 6, 20_000
    run = collaborate(
        private(sums=sums, multiplier=2.0), Sums(p), holding(np.zeros((3, p))), rounds=rounds, rng=rng(2),
        record=False,
    )  # fmt: skip
    if isinstance(sums, Tree):
        draws = 2.0  # 6 = 4 + 2: two nodes
    else:
        c = sum(np.diag(np.full(6 - k, v), -k) for k, v in enumerate(sums.coefficients))
        draws = float((np.ones(6) @ np.linalg.inv(c)) @ (np.ones(6) @ np.linalg.inv(c)))
    sigma = 2.0 * sums.sensitivity(rounds, Participation(3, 2)) * math.sqrt(draws) * 1.001
    assert kstest(run.parameters, norm(scale=sigma).cdf).pvalue > 1e-6
    assert kstest(run.parameters, norm(scale=1.1 * sigma).cdf).pvalue < 1e-6


def test_the_promise_is_that_of_one_gaussian_mechanism() -> None:
    plan = Plan(100, 40, np.zeros(1))
    promise = DPFTRL(budget=CLAIM, clip=1.0, separation=10).spent(plan, 40)
    assert promise is not None and promise.epsilon <= 1
    z = 2.5
    found = private(budget=Budget(10.0, 1e-5, Unit.client()), multiplier=z).spent(plan, 40)
    assert found is not None and math.isclose(gaussian_delta(found.epsilon, sigma=z, sensitivity=1), 1e-5)
    assert private(multiplier=z).spent(plan, 41) is None, "no noise is planned for more rounds"


class EveryRound(DPFTRL):
    """All clients take part in every round: the participation rule is forgotten."""

    def turns(self, state, *, rng):
        return [range(state.plan.clients)]


class NoClip(DPFTRL):
    """The clip is forgotten, by the clients and by the server."""

    def work(self, jobs, learner):
        free = replace(self, clip=1e9)
        return DPFTRL.work(free, jobs, learner)

    def fault(self, state, upload):
        return None


def shown(protocol: type[DPFTRL], seed: int, sums: PrefixSums) -> float:
    """The epsilon that one run of 1,000 canaries proves, as for DP-FedAvg."""
    coins = rng(seed)
    there = coins.random(CANARIES) < 0.5
    label = np.zeros(1, np.int64)
    empty = Records(np.zeros((0, CANARIES), np.float32), np.zeros(0, np.int64))
    clients = {
        f"c{k}": Records(10 * np.eye(1, CANARIES, k, np.float32), label) if there[k] else empty
        for k in range(CANARIES)
    }
    made = protocol(budget=CLAIM, clip=0.5, separation=16, sums=sums, noise="rehearsal")
    run = collaborate(made, Sums(CANARIES), clients, rounds=16, rng=coins, record=False)
    order, guesses = np.argsort(run.parameters), CANARIES // 4
    right = int(there[order[-guesses:]].sum() + (~there[order[:guesses]]).sum())
    tally = Tally(right=right, guesses=2 * guesses, canaries=CANARIES)
    return fdp_epsilon(tally, error=0.05, delta=CLAIM.delta)


@pytest.mark.parametrize("sums", [Tree(), Banded(16)])
def test_an_audit_is_below_the_promise_and_catches_who_breaks_it(sums: PrefixSums) -> None:
    assert shown(DPFTRL, 1, sums) <= CLAIM.epsilon
    assert shown(EveryRound, 2, sums) > CLAIM.epsilon
    assert shown(NoClip, 3, sums) > CLAIM.epsilon


def test_given_cohorts_that_break_the_rule_are_refused_before_the_first_round() -> None:
    clients = holding(np.ones((4, 2)))
    for cohorts, words in (
        (((0, 1), (2,), (0,)), "client 0 took part in round 1 and would again in 3"),
        (((0, 1), (2,)), "2 cohorts for 3 rounds"),
        (((0, 4), (1,), (2,)), "the cohort of round 1"),
        (((0, 0), (1,), (2,)), "the cohort of round 1"),
    ):
        with pytest.raises(PromiseError, match=words):
            collaborate(private(cohorts=cohorts), Sums(2), clients, rounds=3, rng=rng(0))
    sound = private(cohorts=((0, 1), (2,), (3,)), multiplier=1e-6)
    run = collaborate(sound, Sums(2), clients, rounds=3, rng=rng(0))
    # Four updates of length 1, over cohorts of 4/3 clients.
    assert np.abs(run.parameters - 4 * math.sqrt(0.5) / (4 / 3)).max() < 1e-3


def test_the_rule_is_checked_again_in_each_round() -> None:
    protocol = private(multiplier=1.0)
    state = protocol.begin(Plan(6, 6, np.zeros(2)), rng=rng(0))
    (cohort,) = protocol.turns(state, rng=rng(0))
    late = replace(state, last={cohort[0]: -1})
    with pytest.raises(PromiseError, match="rounds between"):
        protocol.turns(late, rng=rng(0))
    often = replace(state, times={cohort[0]: 2})
    with pytest.raises(PromiseError, match="took part 2 times"):
        protocol.turns(often, rng=rng(0))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"clip": -1.0}, "clip is -1"),
        ({"multiplier": 0.0}, "multiplier is 0"),
        ({"separation": 0}, "separation is 0"),
        ({"separation": 2, "sums": Banded(3)}, "give 2 bands or fewer"),
        ({"budget": Budget(1.0, 1e-5)}, "hides any one record"),
    ],
)
def test_settings_that_break_the_promise_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(PromiseError, match=words):
        private(**settings)
