"""Two-world and mu-GDP bounds: closed forms, valid and tight from both sides, silent on noise."""

from math import exp, log

import numpy as np
import pytest
from scipy.stats import binom, norm

from confide.core.errors import EvidenceError
from confide.measure.epsilon import gaussian, gaussian_epsilon, largest, two_world, two_world_epsilon
from confide.measure.intervals import lower_limit, upper_limit
from confide.measure.rows import Rows, mix
from confide.measure.thresholds import Bonferroni, Choice, Counts, Fixed, Split, count
from confide.measure.tradeoff import GaussianCurve

STRATEGIES = [Split(), Bonferroni(25), Fixed(0.5)]


def rows_of(exposed: np.ndarray, claims: np.ndarray) -> Rows:
    return Rows(exposed, claims, mix(np.arange(len(claims))))


def normal_rows(mu: float, n: int) -> Rows:
    """n exposed and n control scores that are quantiles of N(mu, 1) and N(0, 1): no sampling, no flake."""
    grid = norm.ppf((np.arange(n) + 0.5) / n)
    return rows_of(np.arange(2 * n) < n, np.concatenate([grid + mu, grid]))


@pytest.mark.parametrize("mu", [0.3, 1.0, 2.0, 6.0])
@pytest.mark.parametrize("delta", [0.1, 1e-5, 1e-12])
def test_gaussian_epsilon_inverts_the_trade_off(mu: float, delta: float) -> None:
    epsilon = gaussian_epsilon(mu, delta=delta)
    got = norm.cdf(-epsilon / mu + mu / 2) - exp(epsilon) * norm.cdf(-epsilon / mu - mu / 2)
    if epsilon > 0:
        assert got == pytest.approx(delta, rel=1e-3)
    else:
        assert got <= delta


@pytest.mark.parametrize(("mu", "truth"), [(1.0, 4.377178095681434), (10.0, 91.81728962466376)])
def test_gaussian_epsilon_of_a_promise_is_above_the_truth(mu: float, truth: float) -> None:
    """The truth by Brent's method on the closed form of delta at 1e-5."""
    low, high = (gaussian_epsilon(mu, delta=1e-5, rounded_up=up) for up in (False, True))
    assert low < truth < high < low * (1 + 2e-6)
    assert GaussianCurve(mu).epsilon(1e-5) == high


def test_gaussian_epsilon_has_no_ceiling() -> None:
    assert gaussian_epsilon(200.0, delta=1e-5, rounded_up=True) == pytest.approx(20851.988679700935, rel=2e-6)
    assert gaussian_epsilon(1e9, delta=1e-5, rounded_up=True) == np.inf
    assert gaussian_epsilon(1e-9, delta=1e-5, rounded_up=True) == 0
    assert 0 < gaussian_epsilon(1e-6, delta=1e-7, rounded_up=True) < 2e-6


def test_gaussian_epsilon_at_its_edges() -> None:
    assert gaussian_epsilon(0.0, delta=1e-5) == 0
    assert gaussian_epsilon(0.1, delta=0.5) == 0
    assert gaussian_epsilon(1.0, delta=0.0) == np.inf
    assert gaussian_epsilon(30.0, delta=1e-5) == pytest.approx(30**2 / 2 + 30 * norm.isf(1e-5), rel=2e-3)


@pytest.mark.parametrize("mu", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("strategy", [Split(), Bonferroni(25)], ids=str)
def test_two_world_is_valid_and_tight(mu: float, strategy) -> None:
    shown = two_world(normal_rows(mu, 100_000), delta=0.1, threshold=strategy).low
    truth = gaussian_epsilon(mu, delta=0.1)
    assert 0.8 * truth < shown <= truth


@pytest.mark.slow
@pytest.mark.parametrize("mu", [0.7, 1.0, 2.0])
@pytest.mark.parametrize("strategy", [Split(), Bonferroni(25)], ids=str)
def test_gaussian_is_valid_and_tight(mu: float, strategy) -> None:
    shown = gaussian(normal_rows(mu, 100_000), delta=1e-5, threshold=strategy).low
    truth = gaussian_epsilon(mu, delta=1e-5)
    assert 0.93 * truth < shown <= truth


def test_a_fixed_threshold_is_the_closed_form() -> None:
    """60 of 100 against 10 of 100 above 1/2, by hand."""
    claims = np.concatenate([np.ones(60), np.zeros(40), np.ones(10), np.zeros(90)])
    rows = rows_of(np.arange(200) < 100, claims)
    tpr = float(lower_limit(60, 100, confidence=0.975))
    fpr = float(upper_limit(10, 100, confidence=0.975))
    expected = max(log((tpr - 0.01) / fpr), log((1 - fpr - 0.01) / (1 - tpr)))
    assert two_world(rows, delta=0.01, threshold=Fixed(0.5)).low == pytest.approx(expected)


def test_both_sides_are_looked_at() -> None:
    """An attack that clears some controls for sure shows as much as one that catches some exposed."""
    n = 2000
    catches = np.concatenate([np.ones(n // 2), np.zeros(n // 2), np.zeros(n)])
    clears = np.concatenate([np.ones(n), np.zeros(n // 2), np.ones(n // 2)])
    found = [
        two_world(rows_of(np.arange(2 * n) < n, c), delta=0, threshold=Fixed(0.5)).low
        for c in (catches, clears)
    ]
    assert found[0] == pytest.approx(found[1])
    assert found[0] > 5


def test_no_wrong_call_does_not_mean_ln_n() -> None:
    """Another tool reports 9.21 = ln(10 000), and 9.21 as its lower end, when no control is called."""
    rng = np.random.default_rng(0)
    n = 10_000
    exposed = np.concatenate([np.full(100, 9.0), rng.uniform(0, 1, n - 100)])
    rows = rows_of(np.arange(2 * n) < n, np.concatenate([exposed, rng.uniform(0, 1, n)]))
    ceiling_here = log(lower_limit(100, n, confidence=0.975) / upper_limit(0, n, confidence=0.975))
    for strategy in (Split(), Bonferroni(25), Fixed(2.0)):
        assert 1.5 < two_world(rows, threshold=strategy, delta=0).low <= ceiling_here + 1e-9 < 3.1


class Oracle:
    """The mistake: the best threshold of all, uncorrected."""

    def choose(self, rows: Rows, objective, *, error: float) -> Choice:
        at = np.unique(rows.claims)
        best = at[[np.argmax(objective(count(rows, at), error))]]
        return Choice(float(best[0]), count(rows, best), 1, rows)


REPEATS = 300
ALLOWED = int(binom.ppf(1 - 1e-6, REPEATS, 0.05))  # one false alarm in 1e6 for a bound that is exactly valid


def alarms(bound, strategy, n: int, confidence: float = 0.95) -> int:
    rng = np.random.default_rng(11)
    lows = [
        bound(
            rows_of(rng.random(n) < 0.5, rng.standard_normal(n)),
            threshold=strategy,
            delta=1e-5,
            confidence=confidence,
        ).low
        for _ in range(REPEATS)
    ]
    return int(np.count_nonzero(lows))


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
@pytest.mark.parametrize("bound", [two_world, gaussian])
def test_noise_shows_nothing(bound, strategy) -> None:
    assert alarms(bound, strategy, 400) <= ALLOWED


def test_noise_fools_an_uncorrected_choice() -> None:
    """Limits that hold half of the time are enough to be fooled: the test above could have failed."""
    assert alarms(gaussian, Oracle(), 400, confidence=0.5) > ALLOWED


def test_the_ceiling_is_never_below_the_bound() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 1.0, 5.0):
        exposed = rng.random(300) < 0.5
        for bound in (two_world, gaussian):
            got = bound(rows_of(exposed, rng.standard_normal(300) + shift * exposed))
            assert 0 <= got.low <= got.ceiling + 1e-9


def test_what_is_certified() -> None:
    rows = normal_rows(1.0, 100)
    assert two_world(rows, randomised=True).certified
    assert not two_world(rows, randomised=False).certified
    assert "coin" in two_world(rows, randomised=False).assumption
    assert not gaussian(rows).certified
    assert "hypothesis" in gaussian(rows).assumption


def test_counts_in_bulk() -> None:
    false = np.array([0, 0, 10])
    counts = Counts(np.array([0, 10, 10]), 10, false, 10, false)
    none, some, every = two_world_epsilon(counts, error=0.05, delta=0.0)
    assert none == every == 0
    assert some == pytest.approx(log(0.025**0.1 / (1 - 0.025**0.1)))


def test_largest_of_a_monotone_test() -> None:
    assert largest(lambda x: x < 3.7) == pytest.approx(3.7, abs=1e-5)
    assert largest(lambda x: False) == 0


@pytest.mark.parametrize("delta", [-0.1, 1.0])
def test_a_delta_out_of_range_is_named(delta: float) -> None:
    with pytest.raises(EvidenceError, match=f"delta is {delta}"):
        two_world(normal_rows(1, 10), delta=delta)
