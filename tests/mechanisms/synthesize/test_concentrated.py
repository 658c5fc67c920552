"""What a synthesiser spends: noise of the right law, choices of the right odds, and the sum of both."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers
from confide.mechanisms.synthesize.concentrated import Concentrated, played
from confide.mechanisms.synthesize.exponential import Exponential
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.mechanisms.synthesize.mst import MST
from confide.views.margins import counted
from confide.views.table import Domain, Table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


TABLE = Table.of(
    [Domain("a", ("x", "y", "z")), Domain("b", ("0", "1"))],
    np.array([[0, 0], [0, 1], [1, 1], [2, 0], [2, 0]]),
)


def test_the_tight_conversion_gives_more_than_the_usual_formula() -> None:
    spends = Concentrated(budget=Budget(1.0, 1e-9))
    # epsilon = rho + 2 sqrt(rho log(1 / delta)), solved for rho.
    usual = (math.sqrt(math.log(1e9) + 1) - math.sqrt(math.log(1e9))) ** 2
    assert usual == pytest.approx(0.0118, abs=5e-5)
    assert spends.rho == pytest.approx(0.0150, abs=5e-5)


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_a_margin_costs_the_noise_that_it_gets(noise: str) -> None:
    spends = Concentrated(budget=Budget(1.0, 1e-9), noise=noise)  # pyright: ignore[reportArgumentType]
    found = spends.measure(TABLE, (0, 1), rho=0.005, rng=rng())
    assert found.counts.shape == (3, 2)
    assert found.sigma == 10 and found.rho == pytest.approx(0.005, rel=1e-9)
    many = np.concatenate(
        [spends.measure(TABLE, (0,), rho=0.005, rng=rng(i)).counts - [2, 1, 2] for i in range(2_000)]
    )
    # 6,000 numbers of deviation 10: the variance's own deviation is 100 sqrt(2 / 6000) = 1.8, five of which.
    assert abs(many.var() - 100) < 9.2 and abs(many.mean()) < 0.65


def test_a_person_of_many_rows_is_hidden_by_more_noise() -> None:
    unit = Unit.person("who", at_most=5)
    assert Concentrated(budget=Budget(1, 1e-9, unit)).deviation(0.005) == 50


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_choices_have_the_odds_of_the_exponential_mechanism(noise: str) -> None:
    choose = Exponential(move=1.0, rho=0.125)  # scale 2 rows, but for the grid
    scores = np.array([0.0, 1.0, 3.0])
    drawn = np.bincount(
        [choose(scores, noise=noise, rng=rng(i)) for i in range(4_000)],  # pyright: ignore[reportArgumentType]
        minlength=3,
    )
    odds = np.exp(scores / 2)
    expected = 4_000 * odds / odds.sum()
    # Chi-squared of two degrees of freedom exceeds 23 once in 10^5 runs.
    assert ((drawn - expected) ** 2 / expected).sum() < 23
    assert choose.cost == pytest.approx(0.125, rel=0.01) and choose.cost <= 0.125


def test_no_budget_without_delta() -> None:
    with pytest.raises(PromiseError, match="delta"):
        Concentrated(budget=Budget(1.0))
    with pytest.raises(PromiseError, match="nothing is left"):
        Concentrated(budget=Budget(1.0, 1e-9)).measure(TABLE, (0,), rho=0.0, rng=rng())


@pytest.mark.parametrize("sigma", [0.4, 2.6])
def test_a_rehearsal_and_a_release_have_the_noise_of_the_formula(sigma: float) -> None:
    """Deviations are no whole numbers: that would waste up to 40 % of a budget. Chi-squared, one in 10^6."""
    n, ks = 20_000, np.arange(-4, 5)
    law = GaussianIntegers(1, sigma)
    expected = np.exp(-(ks**2) / (2 * sigma**2))
    expected *= n / np.exp(-(np.arange(-60, 61) ** 2) / (2 * sigma**2)).sum()
    for noise in (law(np.zeros(n, np.int64)), played(sigma, n, rehearsal_words(rng(1)))):
        seen = np.array([(noise == k).sum() for k in ks])
        common = expected > 5
        off = ((seen - expected)[common] ** 2 / expected[common]).sum()
        assert off < chi2.isf(1e-6, common.sum())


@pytest.mark.parametrize("epsilon", [1.0, 4.0, 10.0, 30.0])
def test_the_whole_budget_is_spent(epsilon: float) -> None:
    maker = IndependentMargins(budget=Budget(epsilon, 1e-9), noise="rehearsal")
    release = maker(TABLE, rng=rng())
    assert 0.999 * maker.rho < release.spent <= maker.rho


def test_with_a_huge_epsilon_margins_are_those_of_the_table() -> None:
    table = Table.of(TABLE.domains, np.repeat(TABLE.low, [300, 200, 50, 400, 50], axis=0))
    release = MST(budget=Budget(1e6, 1e-9), noise="rehearsal")(table, rng=rng())
    for columns in ((0,), (1,), (0, 1)):
        assert (counted(release.view, columns) == counted(table, columns)).all()


def test_scores_beyond_64_bits_are_refused() -> None:
    with pytest.raises(PromiseError, match="too large"):
        Exponential(1e6, 0.02)(np.array([1e16, 0.0]), noise="rehearsal", rng=rng())
