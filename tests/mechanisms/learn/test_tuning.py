"""Tuning: the number of runs has its law, its price is the theorem's and holds, and every call is charged."""

from __future__ import annotations

import math
from hashlib import sha256

import numpy as np
import pytest
from scipy.stats import chisquare, geom, logser, nbinom, poisson

from confide.account.opening import open_ledger
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, ModelError, PromiseError
from confide.learn import PrivateLinearRegression, PrivateLogisticRegression, tune
from confide.mechanisms.learn.number_of_runs import NumberOfRuns, tuning_epsilon, tuning_mu
from confide.mechanisms.noise.words import rehearsal_words

ALPHA = 1e-6
LAWS = [(10.0, 0.0), (10.0, 1.0), (5.0, 0.5), (3.0, -0.5), (10.0, math.inf)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("mean", "shape"), LAWS)
def test_the_chances_are_those_of_the_law_and_have_its_mean(mean: float, shape: float):
    """SciPy's laws, the negative binomial cut at 0; eta below 0 by its recursion P(k+1) / P(k)."""
    law, k = NumberOfRuns(mean=mean, shape=shape), np.arange(4_001)
    chances = law.chances(4_000)
    if shape == math.inf:
        expected = poisson.pmf(k, mean)
    elif shape == 0:
        expected = logser.pmf(k, 1 - law.stop)
    elif shape == 1:
        expected = geom.pmf(k, 1 / mean)
    elif shape > 0:
        expected = np.where(k > 0, nbinom.pmf(k, shape, law.stop), 0) / (1 - law.stop**shape)
    else:
        expected = np.zeros(len(k))
        expected[1] = chances[1]
        for i in range(1, 4_000):
            expected[i + 1] = expected[i] * (1 - law.stop) * (i + shape) / (i + 1)
    assert chances == pytest.approx(expected, rel=1e-8, abs=1e-14)
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert (k * chances).sum() == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(("mean", "shape"), LAWS)
def test_what_is_drawn_has_these_chances(mean: float, shape: float):
    """4,000 draws, chi-squared at 1e-6; the law of a mean a fifth larger is told apart."""
    law, words = NumberOfRuns(mean=mean, shape=shape), rehearsal_words(rng(1))
    drawn = np.array([law.drawn(words) for _ in range(4_000)])
    assert (drawn >= (0 if shape == math.inf else 1)).all()
    assert fit(drawn, law) > ALPHA > fit(drawn, NumberOfRuns(mean=1.3 * mean, shape=shape))


def fit(drawn: np.ndarray, law: NumberOfRuns) -> float:
    edges = np.array([0, 1, 2, 3, 4, 6, 9, 14, 22])
    chances = np.append(np.add.reduceat(law.chances(21), edges[:-1]), 0)
    chances[-1] = 1 - chances.sum()
    counts = np.histogram(drawn, bins=[*edges, np.inf])[0]
    some = chances > 1e-12
    return float(chisquare(counts[some], 4_000 * chances[some] / chances[some].sum()).pvalue)


def best_of(chances: np.ndarray, law: NumberOfRuns) -> np.ndarray:
    """The law of the best of K results that have these chances from the worst to the best."""
    up_to, k = np.concatenate([[0.0], np.cumsum(chances)]), np.arange(3_001)
    generated = np.array([(law.chances(3_000) * u**k).sum() for u in up_to])
    return np.append(np.diff(generated), generated[0])  # last: nothing was run


@pytest.mark.parametrize(("mean", "shape"), LAWS)
@pytest.mark.parametrize("mu", [0.05, 0.3])
def test_the_best_of_a_random_number_of_runs_keeps_the_stated_epsilon(mean, shape, mu):
    """Noisy scores on a fine grid: delta at the stated epsilon, by its definition, for both directions.

    A fixed number of runs of the same mean, hidden or not, is no example for the theorem, but a law with
    10 times the mean breaks what is stated for the smaller.
    """
    law, delta = NumberOfRuns(mean=mean, shape=shape), 1e-6
    epsilon = tuning_epsilon(mu, law, delta=delta)
    grid = np.linspace(-8, 8, 801)
    normal = np.exp(-(grid**2) / 2)
    q, p = normal / normal.sum(), np.exp(-((grid - mu) ** 2) / 2)
    p = p / p.sum()
    shown = [best_of(c, law) for c in (p, q)]
    for a, b in (shown, shown[::-1]):
        assert np.maximum(a - math.exp(epsilon) * b, 0).sum() <= delta


def test_a_run_that_was_not_paid_for_breaks_the_promise():
    """Of a hundred fixed runs the best shows more than ten random ones are stated to."""
    mu, delta = 0.3, 1e-6
    epsilon = tuning_epsilon(mu, NumberOfRuns(mean=1.01, shape=1.0), delta=delta)
    grid = np.linspace(-8, 8, 801)
    cumulated = []
    for shift in (mu, 0.0):
        p = np.exp(-((grid - shift) ** 2) / 2)
        cumulated.append(np.diff(np.concatenate([[0.0], np.cumsum(p / p.sum())]) ** 1_000))
    assert np.maximum(cumulated[0] - math.exp(epsilon) * cumulated[1], 0).sum() > delta


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "shape"), [law for law in LAWS if law[1] >= 0])
def test_the_epsilon_is_the_one_of_a_peer(mean: float, shape: float):
    """dp_accounting's account of the same event, on its own orders: within 2 per cent."""
    event_of = pytest.importorskip("dp_accounting.dp_event")
    accountant = pytest.importorskip("dp_accounting.rdp.rdp_privacy_accountant").RdpAccountant
    orders = np.concatenate([1 + np.geomspace(1e-2, 1e3, 600), np.linspace(2, 600, 400)])
    mu = 0.2
    event = event_of.RepeatAndSelectDpEvent(event_of.GaussianDpEvent(1 / mu), mean, shape)
    theirs = accountant(np.sort(orders)).compose(event).get_epsilon(1e-6)
    ours = tuning_epsilon(mu, NumberOfRuns(mean=mean, shape=shape), delta=1e-6)
    # Of the Poisson law theirs takes delta from Rényi orders, ours from the exact curve of normal noise.
    assert (0.7 if shape == math.inf else 0.98) * theirs <= ours <= 1.02 * theirs


def test_the_budget_of_a_run_is_used_up_and_smaller_than_that_of_one_training():
    budget = Budget(1.0, 1e-6)
    for mean, shape in LAWS:
        law = NumberOfRuns(mean=mean, shape=shape)
        mu = tuning_mu(budget, law)
        assert 0.98 < tuning_epsilon(mu, law, delta=1e-6) <= 1.0
        assert 0.03 < mu < 0.23  # of one training with the whole budget


def data(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = rng(seed).uniform(-1, 1, (n, 3))
    return x, (x[:, 0] + 0.3 * rng(seed + 1).standard_normal(n) > 0).astype(int)


EASY = PrivateLogisticRegression(bounds=(-1, 1), steps=20)
REHEARSED = {"noise": "rehearsal", "random_state": 0}


def test_the_better_setting_is_found():
    """A rate of 1e-6 learns nothing: it is chosen only where no run drew the other.

    That has a chance of .18, the law's mean of 2^-K: four times in six, of .013.
    """
    x, y = data(4_000)
    budget, found = Budget(4.0, 1e-6), []
    for seed in range(6):
        settings = {"rate": [1e-6, 2.0]}
        best = tune(EASY, settings, x, y, budget=budget, noise="rehearsal", random_state=seed)
        found.append(best.settings["rate"] == 2.0)
        assert best.budget == budget and best.model.budget_.epsilon < budget.epsilon
        assert best.model.epsilon < 4.0
    assert sum(found) >= 3


def test_people_are_held_out_whole_and_numbers_are_tuned_too():
    x, _ = data(4_000)
    target = x[:, 0] + 0.1 * rng(3).standard_normal(4_000)
    line = PrivateLinearRegression(bounds=(-1, 1), target=(-2, 2))
    people = np.repeat(np.arange(2_000), 2)
    budget = Budget(4.0, 1e-6, Unit.person("person", at_most=20))
    best = tune(line, {"ridge": [0.1, 1.0]}, x, target, budget=budget, person=people, **REHEARSED)
    assert best.model.budget_.unit.kind == "person"
    assert best.model.score(x, target) > 0.5


def test_every_call_is_charged_once_with_the_whole_and_before_the_first_run(tmp_path):
    x, y = data(300)
    digest = sha256(b"data").hexdigest()
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/l", data=digest, budget=Budget(2.0, 4e-6), composition="basic"
    )
    given = {"budget": Budget(1.0, 1e-6), "ledger": ledger}
    for spent in (1, 2):
        tune(EASY, {"rate": [0.5, 1.0]}, x, y, **given, **REHEARSED)
        assert ledger.spent.epsilon == spent * 10**6
    with pytest.raises(BudgetError):
        tune(EASY, {"rate": [0.5, 1.0]}, x, y, **given, **REHEARSED)
    assert [e.kind for e in ledger.history()].count("charged") == 2
    ledger.close()


def test_no_run_at_all_shows_nothing_and_is_paid_for(tmp_path):
    """A Poisson number of mean .01 is 0 in 99 of 100 cases."""
    x, y = data(300)
    digest = sha256(b"data").hexdigest()
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/l", data=digest, budget=Budget(2.0, 4e-6), composition="basic"
    )
    given = {"budget": Budget(1.0, 1e-6), "ledger": ledger, "runs": 0.01, "shape": math.inf}
    with pytest.raises(ModelError, match="there was no run"):
        tune(EASY, {"rate": [1.0]}, x, y, **given, **REHEARSED)
    assert ledger.spent.epsilon == 10**6
    ledger.close()


def test_a_law_that_cannot_be_drawn_from_costs_nothing(tmp_path):
    x, y = data(400)
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/ledger", data="a" * 64, budget=Budget(6.0, 1e-3), composition="basic"
    )
    with pytest.raises(PromiseError, match="there can be over 32,768 runs"):
        tune(
            PrivateLogisticRegression(bounds=(-1, 1)), {"clip": [0.2, 0.5]}, x, y,
            budget=Budget(3.0, 1e-5), runs=30, shape=-0.5, ledger=ledger,
        )  # fmt: skip
    assert ledger.spent.epsilon == 0
    ledger.close()


def test_a_grid_of_which_one_setting_cannot_be_trained_costs_nothing(tmp_path):
    x, y = data(300)
    digest = sha256(b"data").hexdigest()
    ledger = open_ledger(
        f"sqlite:///{tmp_path}/l", data=digest, budget=Budget(2.0, 4e-6), composition="basic"
    )
    for budget, grid, says in (
        (Budget(1.0, 1e-6), {"steps": [20, 0]}, "steps 0"),
        (Budget(0.01, 1e-6), {"steps": [20]}, "would do in place of"),
    ):
        with pytest.raises(PromiseError, match=says):
            tune(EASY, grid, x, y, budget=budget, ledger=ledger, **REHEARSED)
    assert ledger.spent.epsilon == 0
    ledger.close()


@pytest.mark.parametrize(
    ("grid", "changes", "says"),
    [
        ({}, {"held_out": 1.0}, "held_out is 1.0"),
        ([], {}, "no settings"),
        (["rate"], {}, "a list of .setting: value"),
        ({"rate": 1.0}, {}, "give a list of values"),
        ({"rate": [1.0]}, {"runs": "ten"}, "runs is 'ten'"),
        ({"speed": [1]}, {}, "no setting 'speed'"),
        ({"epsilon": [1.0]}, {}, "epsilon is given to"),
        ({"method": ["objective"]}, {}, "objective"),
        ({"rate": [1.0]}, {"noise": "secure"}, "who knows a seed"),
        ({"rate": [1.0]}, {"runs": 0.5}, "runs is 0.5"),
        ({"rate": [1.0]}, {"budget": Budget(1e-3, 1e-6)}, "do not pay for a choice"),
        ({"rate": [1.0]}, {"budget": Budget(1.0, 1e-12)}, "too small for tuning"),
        ({"rate": [1.0]}, {"person": np.arange(50)}, "give `person`"),
    ],
)
def test_what_cannot_be_tuned_is_refused(grid, changes, says):
    x, y = data(50)
    with pytest.raises(PromiseError, match=says):
        tune(EASY, grid, x, y, **({"budget": Budget(1.0, 1e-6)} | REHEARSED | changes))
