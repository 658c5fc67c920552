"""One-run bounds: against naive transcriptions, valid on known mechanisms, silent on noise."""

from math import exp, log

import numpy as np
import pytest
from scipy.stats import binom, norm

from confide.measure.epsilon import gaussian_epsilon
from confide.measure.one_run import (
    Tally,
    fdp_epsilon,
    fdp_mu,
    one_run,
    one_run_fdp,
    steinke_epsilon,
    tallies,
)
from confide.measure.rows import Rows, mix


def rows_of(exposed: np.ndarray, claims: np.ndarray) -> Rows:
    return Rows(exposed, claims, mix(np.arange(len(claims))))


def naive_steinke(tally: Tally, epsilon: float, delta: float) -> float:
    """The p-value of theorem 5.2, over every i."""
    v, r, m = tally.right, tally.guesses, tally.canaries
    q = exp(epsilon) / (1 + exp(epsilon))
    beta = binom.sf(v - 1, r, q)
    alpha = max((binom.sf(v - i - 1, r, q) - beta) / i for i in range(1, v + 1))
    return float(beta + 2 * m * delta * alpha)


def naive_fdp(tally: Tally, error: float, shrunk) -> bool:
    c, g, m = tally.right, tally.guesses, tally.canaries
    r, h = np.zeros(c + 1), np.zeros(c + 1)
    r[c], h[c] = error * c / m, error * (g - c) / m
    for i in range(c - 1, -1, -1):
        h[i] = max(h[i + 1], shrunk(r[i + 1]))
        r[i] = r[i + 1] + i / (g - i) * (h[i] - h[i + 1])
    return bool(r[0] + h[0] > g / m)


NEAR = 1e-5
"""A bound is found by bisection, to about 1e-6."""

CASES = [Tally(40, 40, 40), Tally(45, 60, 200), Tally(80, 100, 1000), Tally(30, 60, 60), Tally(3, 60, 60)]


@pytest.mark.parametrize("tally", CASES, ids=str)
@pytest.mark.parametrize("delta", [0.0, 1e-4])
def test_steinke_is_its_formula(tally: Tally, delta: float) -> None:
    got = steinke_epsilon(tally, error=0.05, delta=delta)
    assert naive_steinke(tally, got + NEAR, delta) > 0.05
    assert got == 0 or naive_steinke(tally, got - NEAR, delta) <= 0.05


@pytest.mark.parametrize("tally", CASES, ids=str)
def test_fdp_is_its_recursion(tally: Tally) -> None:
    def gaussian(mu: float):
        return lambda x: float(norm.cdf(norm.ppf(min(x, 1.0)) - mu))

    mu = fdp_mu(tally, error=0.05)
    assert mu == 0 or naive_fdp(tally, 0.05, gaussian(mu - NEAR))
    assert not naive_fdp(tally, 0.05, gaussian(mu + NEAR))


@pytest.mark.parametrize("tally", CASES, ids=str)
@pytest.mark.parametrize("delta", [0.0, 1e-4])
def test_fdp_of_a_budget_is_its_recursion(tally: Tally, delta: float) -> None:
    def budget(epsilon: float):
        return lambda x: max(0.0, exp(-epsilon) * (x - delta), 1 - delta - exp(epsilon) * (1 - x))

    epsilon = fdp_epsilon(tally, error=0.05, delta=delta)
    assert epsilon == 0 or naive_fdp(tally, 0.05, budget(epsilon - NEAR))
    assert not naive_fdp(tally, 0.05, budget(epsilon + NEAR))


@pytest.mark.parametrize("guesses", [50, 1000, 4000])
def test_all_right_is_the_closed_form(guesses: int) -> None:
    x = 0.05 ** (1 / guesses)
    tally = Tally(guesses, guesses, guesses)
    assert steinke_epsilon(tally, error=0.05, delta=0.0) == pytest.approx(log(x / (1 - x)), abs=1e-4)
    assert fdp_epsilon(tally, error=0.05, delta=0.0) == pytest.approx(log(x / (1 - x)), abs=1e-4)


def test_delta_costs() -> None:
    tally = Tally(90, 100, 1000)
    for bound in (steinke_epsilon, fdp_epsilon):
        free, small, large = (bound(tally, error=0.05, delta=d) for d in (0.0, 1e-5, 1e-2))
        assert free >= small > large


def randomised_response(epsilon: float, m: int, rng: np.random.Generator) -> Rows:
    """Each canary's own bit, told truly with probability e^eps / (1 + e^eps): exactly epsilon-private."""
    exposed = rng.random(m) < 0.5
    truly = rng.random(m) < 1 / (1 + exp(-epsilon))
    return rows_of(exposed, np.where(truly, exposed, ~exposed).astype(float))


def allowed(repeats: int) -> int:
    """False bounds of an audit with an error of 5 %: more occur once in a million runs."""
    return int(binom.ppf(1 - 1e-6, repeats, 0.05))


audited = pytest.mark.parametrize("repeats", [80, pytest.param(300, marks=pytest.mark.slow)])
"""The error rate is that of `allowed` for any number; more repeats find a smaller excess over 5 %."""


@pytest.mark.slow
@audited
@pytest.mark.parametrize("epsilon", [0.0, 1.0, 3.0])
def test_randomised_response_is_never_wronged(epsilon: float, repeats: int) -> None:
    """Each certified bound exceeds the known epsilon in at most 5 % of audits, and comes near it."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(repeats):
        rows = randomised_response(epsilon, 500, rng)
        found.append([f(rows, delta=1e-5, randomised=True).low for f in (one_run, one_run_fdp)])
    above = (np.array(found) > epsilon).sum(axis=0)
    assert (above <= allowed(repeats)).all()
    assert (np.mean(found, axis=0) >= 0.6 * epsilon).all()


def test_the_gaussian_curve_wrongs_randomised_response() -> None:
    """Why a bound under a hypothesis is never certified: here the hypothesis is false, and it shows."""
    rng = np.random.default_rng(0)
    got = [
        one_run_fdp(randomised_response(3.0, 1000, rng), randomised=True, curve="gaussian") for _ in range(20)
    ]
    assert np.median([b.low for b in got]) > 3.3
    assert not any(b.certified for b in got)
    assert all("hypothesis" in b.assumption for b in got)


@pytest.mark.slow
@audited
@pytest.mark.parametrize("mu", [0.0, 1.0])
def test_the_gaussian_mechanism_is_never_wronged(mu: float, repeats: int) -> None:
    rng = np.random.default_rng(6)
    truth = gaussian_epsilon(mu, delta=1e-5)
    above = np.zeros(3)
    for _ in range(repeats):
        exposed = rng.random(400) < 0.5
        rows = rows_of(exposed, rng.standard_normal(400) + mu * exposed)
        bounds = (
            one_run(rows, randomised=True),
            one_run_fdp(rows, randomised=True),
            one_run_fdp(rows, randomised=True, curve="gaussian"),
        )
        above += [b.low > truth for b in bounds]
    assert (above <= allowed(repeats)).all()


@audited
def test_an_uncorrected_best_plan_is_caught(repeats: int) -> None:
    """The best of all numbers of guesses, each at the full error, is fooled by noise."""
    rng, guesses = np.random.default_rng(7), np.arange(5, 400)
    alarms = 0
    for _ in range(repeats):
        right = np.cumsum(rng.random(400) < 0.5)[guesses - 1]
        alarms += (binom.sf(right - 1, guesses, 0.5) <= 0.05).any()
    assert alarms > allowed(repeats)


def test_guesses_are_counted_at_both_ends() -> None:
    exposed = np.array([False] * 30 + [True] * 30 + [False] * 10 + [True] * 30)
    (all_of_them, weight), *more = tallies(rows_of(exposed, np.arange(100.0)))
    assert (all_of_them, weight, more) == (Tally(30 + 40, 100, 100), 1.0, [])


def test_the_error_is_spent_once() -> None:
    rng = np.random.default_rng(0)
    for n in (60, 1000, 8000):
        plans = tallies(rows_of(rng.random(n) < 0.5, rng.standard_normal(n)))
        assert sum(weight for _, weight in plans) == pytest.approx(1)


def test_ties_are_broken_without_looking() -> None:
    """All scores equal: the guesses are coin flips, whatever the order of the rows."""
    exposed = np.arange(4000) < 2000
    tally = tallies(rows_of(exposed, np.zeros(4000)))[0][0]
    assert abs(tally.right - 2000) < 5 * np.sqrt(1000)


def test_without_a_coin_nothing_is_certified() -> None:
    rng = np.random.default_rng(0)
    exposed = np.arange(1200) < 1000
    rows = rows_of(exposed, rng.standard_normal(1200) + 2 * exposed)
    for coin in (False, True):  # 1000 of 1200 is no fair coin, whatever is claimed
        got = one_run(rows, randomised=coin)
        assert not got.certified
        assert "coin" in got.assumption
        assert got.ceiling == one_run(rows.balanced(), randomised=True).ceiling
    assert int(rows.balanced().exposed.sum()) == 200
    assert len(rows.balanced()) == 400


def test_sure_members_need_no_sure_nonmembers() -> None:
    """5 % of members are given away and nothing else: guesses at the top alone show it."""
    rng = np.random.default_rng(0)
    exposed = rng.random(4000) < 0.5
    given_away = exposed & (rng.random(4000) < 0.1)
    got = one_run_fdp(rows_of(exposed, rng.standard_normal(4000) + 9 * given_away), randomised=True)
    assert got.low > 2.5
