"""Runs that stop early, or whose noise is chosen on the way, spend no more than was promised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.integrate import quad
from tests.mechanisms.learn.dpsgd.test_runs import crowd, kinds, mlp, paying, rng, trainer
from torch import Tensor

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of, most_steps
from confide.mechanisms.learn.dpsgd.digests import weights_digest
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.renyi import at_delta, renyi_of_step
from confide.mechanisms.learn.dpsgd.stopping import RenyiFilter
from confide.mechanisms.noise.gaussian import gaussian_delta

BUDGET = Budget(2.0, 1e-4)


def flat(net) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def is_paid(steps: int, *, multiplier: float, epsilon: float, rate: float) -> bool:
    return epsilon_of(multiplier=multiplier, delta=1e-5, rate=rate, steps=steps) <= epsilon


@pytest.mark.parametrize(
    ("multiplier", "epsilon", "rate"), [(1.0, 1.5, 0.02), (4.0, 1.0, 0.2), (20.0, 2.0, 1.0), (2.0, 0.6, 0.05)]
)
def test_the_budget_pays_for_the_last_step_and_for_no_other(
    multiplier: float, epsilon: float, rate: float
) -> None:
    given = {"multiplier": multiplier, "epsilon": epsilon, "rate": rate}
    steps = most_steps(delta=1e-5, **given)
    assert steps > 3 and is_paid(steps, **given)
    assert not is_paid(steps + 1, **given), "a filter that makes one step too many is seen by the same check"
    assert most_steps(delta=1e-5, at_most=3, **given) == 3


def test_with_noise_that_is_given_a_run_makes_as_many_steps_as_the_budget_pays() -> None:
    private = trainer(epochs=None, noise_multiplier=4.0)
    trained = private.train(crowd(), rng=rng())
    found = {"multiplier": 4.0, "delta": 1e-4, "rate": 0.25}
    assert trained.steps == trained.plan.steps and trained.plan.multiplier == 4.0
    spent, more = (epsilon_of(steps=trained.steps + k, **found) for k in (0, 1))
    assert spent <= BUDGET.epsilon < more
    assert trainer(epochs=2, noise_multiplier=4.0).train(crowd(), rng=rng()).steps == 8, "epochs is the most"


@dataclass(frozen=True)
class At:
    """Stops at a step, and keeps what it saw."""

    step: int

    def __call__(self, view, step: int) -> bool:
        SEEN.append((step, flat(view.module).clone(), view.module.training))
        return step >= self.step


SEEN: list[tuple[int, Tensor, bool]] = []


@pytest.mark.parametrize("average", [0.0, 0.5])
def test_a_run_that_stops_is_the_beginning_of_the_one_that_does_not(average: float) -> None:
    """By this a stop is post-processing: neither noise nor samples of the planned steps change."""
    whole = trainer(average=average)
    whole(crowd(), rng=rng())
    SEEN.clear()
    never = trainer(average=average, until=At(10**6))
    assert never.train(crowd(), rng=rng()).steps == 32
    assert weights_digest(never.net) == weights_digest(whole.net), "asking changes nothing"
    assert [(step, training) for step, _, training in SEEN] == [(k, False) for k in range(5, 31, 5)]
    there = {step: weights for step, weights, _ in SEEN}
    stopped = trainer(average=average, until=At(15))
    trained = stopped.train(crowd(), rng=rng())
    assert (trained.steps, trained.plan.steps) == (15, 32)
    assert torch.equal(flat(stopped.net), there[15]), "what is published is what the rule was shown"


def test_a_stop_is_charged_as_the_whole_plan_and_a_finished_run_does_not_go_on(tmp_path: Path) -> None:
    ledger, path = paying(tmp_path, crowd()), tmp_path / "run.safetensors"
    asked: list[int] = []

    def once(view, step: int) -> bool:
        asked.append(step)
        return len(asked) == 2

    first = trainer(ledger=ledger, checkpoint=path, until=once)
    assert first.train(crowd(), rng=rng()).steps == 10
    assert ledger.spent.epsilon == 2_000_000 and kinds(ledger) == ["charged", "answered"]
    again = trainer(ledger=ledger, checkpoint=path, until=once, net=mlp())
    asked.clear()
    # The closure holds the same list, so the digest is the same; a rule is not asked after the end.
    assert again.train(crowd(), rng=rng()).steps == 10 and asked == []
    assert weights_digest(again.net) == weights_digest(first.net)
    assert ledger.spent.epsilon == 2_000_000 and kinds(ledger) == ["charged", "answered"]
    ledger.close()


def test_a_rule_sees_only_weights_that_a_resumed_run_goes_on_from(tmp_path: Path) -> None:
    """Steps that are lost by a kill are made again with other noise: nobody may have seen them."""
    path, asked = tmp_path / "run.safetensors", []

    def looks(view, step: int) -> bool:
        kept = load_file(path)
        there = dict(view.module.state_dict())
        asked.append(all(torch.equal(kept[f"weights/{name}"], there[name]) for name in there))
        return False

    trainer(noise="secure", checkpoint=path, until=looks)(crowd(), rng=rng())
    assert len(asked) == 6 and all(asked)


def divergence(multiplier: float, rate: float, order: int) -> float:
    """The Renyi divergence of one step, by quadrature."""
    s = multiplier

    def density(x: float) -> float:
        ratio = (1 - rate) + rate * math.exp((2 * x - 1) / (2 * s * s))
        return math.exp(-x * x / (2 * s * s)) / (s * math.sqrt(2 * math.pi)) * ratio**order

    found, _ = quad(density, -40 * s, 60 * s + order, points=[0, order / 2, order], limit=500)
    return math.log(found) / (order - 1)


def test_a_steps_divergence_is_the_integral_and_the_other_direction_is_smaller() -> None:
    for multiplier, rate, order in ((1.5, 0.2, 4), (3.0, 0.05, 12), (4.0, 0.5, 8)):
        found = float(renyi_of_step(multiplier, rate, np.array([order]))[0])
        assert found == pytest.approx(divergence(multiplier, rate, order), rel=1e-6)
        s = multiplier

        def reverse(x: float, s=s, rate=rate, order=order) -> float:
            ratio = (1 - rate) + rate * math.exp((2 * x - 1) / (2 * s * s))
            return math.exp(-x * x / (2 * s * s)) / (s * math.sqrt(2 * math.pi)) * ratio ** (1 - order)

        other = math.log(quad(reverse, -40 * s, 40 * s, points=[0, 1], limit=500)[0]) / (order - 1)
        assert other <= found


class OneTooMany(RenyiFilter):
    """A broken twin: it looks at what was spent, and not at what the next step will cost."""

    def grants(self, spent: float, multiplier: float) -> bool:
        return spent <= self.most


def epsilon_spent(kind: type[RenyiFilter], seed: int) -> float:
    """The epsilon of steps that a filter grants to noises which an adversary chooses, counted again."""
    filter_ = kind.of(BUDGET, rate=0.2, multiplier=3.0)
    chooses, spent, total = rng(seed), 0.0, 0.0
    for _ in range(10_000):
        noise = float(chooses.choice([1.5, 3.0, 6.0]))
        if not filter_.grants(spent, noise):
            break
        spent += filter_.cost(noise)
        total += divergence(noise, 0.2, filter_.order)
    a = filter_.order
    return total + math.log1p(-1 / a) - (math.log(BUDGET.delta) + math.log(a)) / (a - 1)


def test_what_a_filter_grants_is_within_the_budget_and_one_step_more_is_not() -> None:
    assert all(epsilon_spent(RenyiFilter, seed) <= BUDGET.epsilon for seed in range(5))
    assert all(epsilon_spent(OneTooMany, seed) > BUDGET.epsilon for seed in range(5))


def test_on_everybody_the_granted_steps_are_one_gaussian_whose_exact_delta_is_below_the_promise() -> None:
    filter_ = RenyiFilter.of(BUDGET, rate=1.0, multiplier=10.0)
    spent, precision, noise = 0.0, 0.0, 10.0
    while filter_.grants(spent, noise):
        spent, precision = spent + filter_.cost(noise), precision + noise**-2
        noise = 8.0 + 30 * (precision * 1e3 % 1)
    found = gaussian_delta(BUDGET.epsilon, sigma=precision**-0.5, sensitivity=1.0)
    assert 0.05 * BUDGET.delta < found <= BUDGET.delta, "sound, and no more than a share is lost"


def test_the_filter_pays_for_as_many_steps_as_its_page_says() -> None:
    for epsilon, rate, noise, by_filter, exact in ((3.0, 0.1, 2.0, 134, 161), (1.0, 0.01, 1.0, 2, 254)):
        filter_ = RenyiFilter.of(Budget(epsilon, 1e-5), rate=rate, multiplier=noise)
        assert int(filter_.most / filter_.cost(noise)) == by_filter
        found = {"multiplier": noise, "epsilon": epsilon, "rate": rate}
        assert is_paid(exact, **found) and not is_paid(exact + 1, **found)


NOISES: list[tuple[int, float]] = []


def louder(view, step: int) -> float:
    """Noise that grows where the weights have grown: it depends on all that was seen."""
    NOISES.append((step, 3.0 + float(flat(view.module).norm()) % 2))
    return NOISES[-1][1]


def adaptive(**changes) -> DPSGD:
    return trainer(epochs=40, noise_multiplier=louder, **changes)


def test_adaptive_noise_ends_where_the_filter_says_and_is_what_was_chosen() -> None:
    NOISES.clear()
    trained = adaptive().train(crowd(), rng=rng())
    assert 0 < trained.steps < trained.plan.steps == 160
    chosen = dict(NOISES)
    filter_ = RenyiFilter.of(BUDGET, rate=0.25, multiplier=trained.plan.multiplier)
    costs = [filter_.cost(chosen[step - step % 5]) for step in range(trained.steps)]
    assert len(set(costs)) > 3
    last = chosen[trained.steps - trained.steps % 5]
    assert sum(costs) <= filter_.most < sum(costs) + filter_.cost(last)
    assert filter_.most == pytest.approx(2.0 - float(at_delta(1e-4, np.array([filter_.order]))[0]))


def test_an_adaptive_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path) -> None:
    NOISES.clear()
    whole = adaptive()
    steps = whole.train(crowd(), rng=rng()).steps
    path = tmp_path / "run.safetensors"
    ledger = paying(tmp_path, crowd())
    for _ in range(2):
        NOISES.clear()
        with pytest.raises(KeyboardInterrupt) as stopped:
            adaptive(checkpoint=path, ledger=ledger, until=stops_once)(crowd(), rng=rng())
        assert "was charged epsilon 2" in stopped.value.__notes__[0]
        LEFT.append(1)
    LEFT.extend([1] * 99)
    last = adaptive(checkpoint=path, ledger=ledger, until=stops_once)
    assert last.train(crowd(), rng=rng()).steps == steps
    assert weights_digest(last.net) == weights_digest(whole.net)
    assert kinds(ledger) == ["charged", "answered"]
    ledger.close()
    LEFT.clear()


LEFT: list[int] = []


def stops_once(view, step: int) -> bool:
    if step == 10 + 10 * len(LEFT):
        raise KeyboardInterrupt
    return False


class Silent:
    def plan(self, plan, model=None) -> None: ...
    def gradients(self, rows, gradients):
        return gradients

    def noised(self, clipped, noised, applied=None) -> None: ...


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epochs": None, "noise_multiplier": 0.2}, "one step with a noise multiplier of 0.2 costs epsilon"),
        ({"epochs": None, "noise_multiplier": 1e5}, "pays for 1,000,000 steps and more: give epochs"),
        ({"noise_multiplier": -1.0}, "noise_multiplier is -1.0: give a finite number above 0"),
        ({"epochs": None, "noise_multiplier": louder}, "is a function: give epochs"),
        ({"noise_multiplier": louder, "individual": True}, "fixed beforehand: leave out individual"),
        ({"noise_multiplier": lambda view, step: math.nan}, "noise_multiplier gave nan after 0 steps"),
        ({"noise_multiplier": lambda view, step: 0.1}, "one step with a noise multiplier of 0.1 costs more"),
        ({"until": stops_once, "tap": Silent()}, "leave out until and processes"),
    ],
)
def test_what_cannot_be_is_refused(changes, said: str) -> None:
    net = mlp()
    before = flat(net).clone()
    with pytest.raises(PromiseError, match=said):
        trainer(net=net, **changes)(crowd(), rng=rng())
    assert torch.equal(flat(net), before) and net.training


def test_persons_stop_by_the_same_filter() -> None:
    budget = Budget(2.0, 1e-4, Unit.person("who", at_most=3))
    private = trainer(budget=budget, batch=50, epochs=None, noise_multiplier=5.0)
    trained = private.train(crowd(), rng=rng(), people=np.repeat(np.arange(200), 2))
    found = {"multiplier": 5.0, "delta": 1e-4, "rate": 0.25}
    assert epsilon_of(steps=trained.steps, **found) <= 2.0 < epsilon_of(steps=trained.steps + 1, **found)
