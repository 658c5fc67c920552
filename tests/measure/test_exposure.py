"""Exposure held against naive ranks, closed forms, numerical integration, and known laws."""

from __future__ import annotations

from math import lgamma, log, log2

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from confide.core.errors import EvidenceError
from confide.measure.exposure import (
    MEAN_OF_UNSEEN,
    SkewNormal,
    chance_of_exposure,
    exposure_by_fit,
    exposure_by_rank,
    exposure_by_sampling,
    spread_of_shared,
)

R = 10_000


def naive(space: list[float], at: float) -> float:
    """By counting, from the paper's definition; equal ones share their middle rank."""
    above = sum(other > at for other in space)
    equal = sum(other == at for other in space)
    ranks = [above + k for k in range(1, equal + 1)]
    return log2(len(space)) - log2(sum(ranks) / len(ranks))


def skewed(n: int, *, shape: float, rng: np.random.Generator) -> np.ndarray:
    """Skew-normal numbers by Azzalini's construction from two normal ones, place 20 and scale 3."""
    share = shape / np.sqrt(1 + shape**2)
    return 20 + 3 * (share * abs(rng.normal(size=n)) + np.sqrt(1 - share**2) * rng.normal(size=n))


def test_exposure_is_the_naive_rank_in_bits() -> None:
    space = np.random.default_rng(0).integers(-40, 0, 300).astype(float)  # with many ties
    found = exposure_by_rank(space, space)
    assert found == pytest.approx([naive(space.tolist(), at) for at in space], abs=1e-12)


@pytest.mark.parametrize(
    ("space", "bits"), [([-1.0], [0.0]), ([-1.0, -2.0], [1.0, 0.0]), ([-3.0] * 4, [log2(4 / 2.5)] * 4)]
)
def test_exposure_of_small_spaces_by_hand(space: list[float], bits: list[float]) -> None:
    assert exposure_by_rank(np.array(space), np.array(space)) == pytest.approx(bits)


def test_the_mean_over_all_ranks_is_that_of_the_closed_form() -> None:
    found = exposure_by_rank(-np.arange(R, dtype=float), -np.arange(R, dtype=float))
    stirling = log2(R) - lgamma(R + 1) / log(2) / R  # the mean of log2 r is log2(R!) / R
    assert found.mean() == pytest.approx(stirling, abs=1e-9)
    assert abs(stirling - MEAN_OF_UNSEEN) < 1e-3
    assert found.max() == pytest.approx(log2(R))


def test_what_is_not_in_the_space_is_refused() -> None:
    with pytest.raises(EvidenceError, match="not among the candidates"):
        exposure_by_rank(np.array([-1.0, -2.0]), np.array([-1.5]))


def test_sampled_exposure_of_the_unseen_follows_the_exact_law() -> None:
    """A canary like the others is of each rank among m + 1 equally often: 4 errors, once in 16,000 runs."""
    rng, m, runs = np.random.default_rng(1), 63, 4_000
    bits = [exposure_by_sampling(rng.normal(size=m), rng.normal(size=1), size=10**9)[0] for _ in range(runs)]
    for b in range(7):
        share = np.mean(np.array(bits) >= b - 1e-9)
        assert abs(share - 2.0**-b) < 4 * np.sqrt(2.0**-b / runs)
    assert max(bits) == 6.0  # log2 of 64: no sample resolves more


def test_sampled_exposure_is_near_the_exact_one() -> None:
    rng = np.random.default_rng(2)
    space = rng.normal(size=R)
    at = np.sort(space)[-(2 ** np.arange(6, 13))]  # ranks 64 to 4,096: 7.3 bits and less
    exact = exposure_by_rank(space, at)
    found = exposure_by_sampling(rng.permutation(space)[:4_000], at, size=R)
    # the error of log2 of a binomial share: four deviations
    assert (abs(found - exact) < 4 / np.sqrt(4_000 * 2.0**-exact) / log(2)).all()


@pytest.mark.parametrize("shape", [0.0, 3.0, -3.0])
def test_the_law_is_a_density_and_its_integral(shape: float) -> None:
    law = SkewNormal(1.0, 2.0, shape)

    def density(x: float) -> float:
        z = (x - 1) / 2
        return 2 / 2 * norm.pdf(z) * norm.cdf(shape * z)

    for x in (-3.0, 0.5, 4.0):
        assert law.cdf(np.array([x]))[0] == pytest.approx(quad(density, -40, x)[0], abs=1e-8)
        assert law.log_density(np.array([x])) == pytest.approx(log(density(x)))


@pytest.mark.parametrize("shape", [0.0, 2.0, -4.0])
def test_the_fit_finds_the_law(shape: float) -> None:
    x = skewed(R, shape=shape, rng=np.random.default_rng(3))
    found, true = SkewNormal.fit(x), SkewNormal(20.0, 3.0, shape)
    at = np.quantile(x, [0.01, 0.1, 0.5, 0.9])
    # four deviations of an empirical share at 10,000 numbers, which the fit is no worse than
    assert (abs(found.cdf(at) - true.cdf(at)) < 4 * np.sqrt(true.cdf(at) / R)).all()


@pytest.mark.parametrize("shape", [0.0, 2.0, -4.0])
def test_fitted_exposure_is_within_a_third_of_a_bit_up_to_eight_bits(shape: float) -> None:
    rng = np.random.default_rng(4)
    x = skewed(R, shape=shape, rng=rng)
    at = np.sort(x)[[39, 78, 156, 1_250, 5_000]]  # 8 bits and less
    exact = exposure_by_rank(-x, -at)
    assert exact.max() == pytest.approx(log2(R / 40))
    # the rank of 40 itself varies by a sixth, .23 bit, whatever estimates it
    assert (abs(exposure_by_fit(-x, -at, size=R) - exact) < 0.3).all()
    wrong = SkewNormal(float(x.mean()), 0.8 * float(x.std()), 0.0).cdf(at)
    assert (abs(-np.log2(wrong) - exact) > 0.3).any(), "this test could not have failed"


def test_fitted_exposure_is_cut_where_the_tail_invents() -> None:
    x = skewed(R, shape=0.0, rng=np.random.default_rng(5))
    far = np.array([x.mean() - 5 * x.std()])
    assert -np.log2(SkewNormal.fit(x).cdf(far))[0] > 17  # what the law says
    assert exposure_by_fit(-x, -far, size=R)[0] == pytest.approx(log2(R))
    assert exposure_by_fit(-x[:999], -far, size=R)[0] == pytest.approx(log2(1_000))


def test_a_sample_of_one_value_has_no_law_but_ranks() -> None:
    assert exposure_by_fit(np.full(99, -5.0), np.array([-5.0, -4.0]), size=R).tolist() == pytest.approx(
        [log2(100 / 50.5), log2(100)]
    )


@pytest.mark.parametrize("canaries", [1, 5, 60])
def test_chance_of_exposure_is_a_bound_on_false_alarms(canaries: int) -> None:
    """Over 4,000 audits of unseen canaries: no level is passed more often than it says (four errors)."""
    rng, runs = np.random.default_rng(6), 4_000
    ranks = rng.integers(1, R + 1, (runs, canaries))
    found = np.array([chance_of_exposure(log2(R) - np.log2(r)) for r in ranks])
    for level in (0.3, 0.1, 0.01):
        assert (found < level).mean() < level + 4 * np.sqrt(level / runs)
    assert (found < 0.3).mean() > 0.1, "a bound that is never reached says nothing"
    assert chance_of_exposure(np.full(canaries, 13.0)) < 1e-3


def test_canaries_that_share_few_drawn_candidates_are_rarely_called_exposed() -> None:
    """300 canaries among the same 100 candidates: at one in 100 no more than four errors above.

    The rarity of all of them is off together, by what the sample happens to be.
    """
    rng, runs = np.random.default_rng(7), 1_000
    spread = spread_of_shared(np.zeros(300, np.int64), np.array([100.0]))
    bits = [exposure_by_sampling(rng.random(100), rng.random(300), size=10**9) for _ in range(runs)]
    limit = 0.01 + 4 * np.sqrt(0.01 / runs)
    assert np.mean([chance_of_exposure(b, spread=spread) < 0.01 for b in bits]) < limit
    assert np.mean([chance_of_exposure(b) < 0.01 for b in bits]) > limit, "this test could not have failed"


def test_canaries_of_templates_that_are_asked_about_whole_are_independent() -> None:
    """Two of three canaries share ten drawn candidates: 1 + 2^2 / 10 / 3."""
    assert spread_of_shared(np.array([0, 1, 1]), np.array([np.inf, 10.0])) == pytest.approx(1 + 4 / 30)
    assert spread_of_shared(np.array([0, 0]), np.array([np.inf])) == 1.0
