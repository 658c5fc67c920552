"""What a synthesiser spends: noise of the right law, choices of the right odds, and the sum of both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.exponential import Exponential
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
