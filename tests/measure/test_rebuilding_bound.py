"""The bound on reconstruction against the Neyman-Pearson lemma, a game of cards, and its own inverse."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from confide.core.errors import PromiseError
from confide.measure.rebuilding_bound import most_mu, success_bound, success_bound_of_budget

NORMAL = NormalDist()


@pytest.mark.parametrize("mu", [0.1, 1.0, 2.5])
@pytest.mark.parametrize("prior", [1e-4, 0.01, 0.3])
def test_it_is_the_power_of_the_best_test_at_the_level_of_chance(mu: float, prior: float) -> None:
    """N(0, 1) against N(mu, 1): the test that rejects above the (1 - kappa)-quantile has this power."""
    threshold = NORMAL.inv_cdf(1 - prior)
    assert success_bound(mu=mu, prior=prior) == pytest.approx(1 - NORMAL.cdf(threshold - mu), rel=1e-9)


def test_ends() -> None:
    assert success_bound(mu=0.0, prior=0.2) == 0.2
    assert success_bound(mu=3.0, prior=0.0) == 0.0
    assert success_bound(mu=3.0, prior=1.0) == 1.0
    assert success_bound(mu=math.inf, prior=0.2) == 1.0
    assert success_bound_of_budget(epsilon=0.0, delta=0.0, prior=0.2) == 0.2
    assert success_bound_of_budget(epsilon=1e6, delta=0.0, prior=0.2) == 1.0


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_randomised_response_meets_the_bound_of_its_budget(epsilon: float) -> None:
    """One of k values is published truthfully with e^eps / (e^eps + k - 1): the success of who believes it.

    Against a release without the target (a uniform value) the target's value is likelier by at most e^eps,
    so success is below the bound, and above what half of epsilon would allow for many values.
    """
    k = 50
    success = math.exp(epsilon) / (math.exp(epsilon) + k - 1)
    assert success <= success_bound_of_budget(epsilon=epsilon, delta=0.0, prior=1 / k)
    assert success > success_bound_of_budget(epsilon=epsilon / 2, delta=0.0, prior=1 / k)


def test_the_best_guess_of_a_card_under_normal_noise_never_beats_it() -> None:
    """k cards as unit vectors, normal noise of deviation sigma; the nearest card is the best guess.

    From "no card" to a card the mean moves by 1, so mu = 1 / sigma. The standard error of the rate is below
    .0023 with 50,000 draws, so five of them miss once in some million runs.
    """
    rng, k, runs = np.random.default_rng(5), 20, 50_000
    for sigma in (0.4, 0.8, 1.6):
        drawn = rng.integers(k, size=runs)
        seen = np.eye(k)[drawn] + sigma * rng.standard_normal((runs, k))
        rate = float((seen.argmax(axis=1) == drawn).mean())
        bound = success_bound(mu=1 / sigma, prior=1 / k)
        assert rate <= bound + 5 * 0.0023
        # No loose bound either: the cards are told apart at least half as well as it allows.
        assert rate >= bound / 2


def test_a_broken_bound_would_be_caught_by_the_cards() -> None:
    """The twin with half of mu is beaten by the same adversary."""
    rng, k, runs = np.random.default_rng(6), 20, 50_000
    drawn = rng.integers(k, size=runs)
    seen = np.eye(k)[drawn] + 0.4 * rng.standard_normal((runs, k))
    assert (seen.argmax(axis=1) == drawn).mean() > success_bound(mu=0.5 / 0.4, prior=1 / k) + 5 * 0.0023


@pytest.mark.parametrize("mu", [0.0, 0.3, 4.0])
def test_the_inverse_gives_mu_back(mu: float) -> None:
    assert most_mu(success=success_bound(mu=mu, prior=0.05), prior=0.05) == pytest.approx(mu, abs=1e-9)
    assert most_mu(success=1.0, prior=0.05) == most_mu(success=0.5, prior=0.0) == math.inf


def test_what_is_no_number_of_the_kind_is_refused() -> None:
    for wrong in (-1.0, math.nan):
        with pytest.raises(PromiseError, match="mu is"):
            success_bound(mu=wrong, prior=0.1)
        with pytest.raises(PromiseError, match="epsilon is"):
            success_bound_of_budget(epsilon=wrong, delta=0.0, prior=0.1)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(PromiseError, match="prior is"):
            success_bound(mu=1.0, prior=wrong)
        with pytest.raises(PromiseError, match="delta is"):
            success_bound_of_budget(epsilon=1.0, delta=wrong, prior=0.1)
    with pytest.raises(PromiseError, match="chance alone"):
        most_mu(success=0.01, prior=0.05)
