"""Costs as whole numbers: sums are exact, and nothing is rounded down."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Cost, decimal
from confide.account.filters import Filter
from confide.core.budget import Budget
from confide.core.errors import BudgetError


def total(*costs: Cost) -> Cost:
    return sum(costs, Cost.nothing())


@pytest.mark.parametrize(
    ("each", "times", "budget"), [(0.1, 10, 1.0), (0.01, 100, 1.0), (0.7, 3, 2.1), (1.1, 3, 3.3)]
)
def test_a_budget_is_neither_overrun_nor_stranded_by_floats(each: float, times: int, budget: float) -> None:
    """In floats 0.1 ten times is below 1, and 0.7 three times is above 2.1."""
    fits = Filter.of(Budget(budget))
    assert fits.grants(total(*[Cost.pure(each)] * times))
    assert not fits.grants(total(*[Cost.pure(each)] * times, Cost.pure("0.000001")))


@settings(max_examples=40)
@given(st.lists(st.decimals("0.000001", "3", places=9), min_size=1, max_size=20))
def test_a_sum_of_costs_is_never_below_the_exact_sum(amounts: list[Decimal]) -> None:
    exact = sum(map(Fraction, amounts), Fraction(0))
    spent = total(*map(Cost.pure, amounts))
    assert spent.epsilon is not None
    assert exact <= Fraction(spent.epsilon, MILLIONTH) < exact + Fraction(len(amounts), MILLIONTH)
    squares = sum((Fraction(a) ** 2 / 2 for a in amounts), Fraction(0))
    assert Fraction(spent.rho, RHO_UNITS) >= squares


def test_small_amounts_are_rounded_up_to_one_unit_and_not_to_nothing() -> None:
    assert Cost.pure("1e-9").epsilon == 1 and Cost.pure("1e-9").rho == 1
    assert Cost.concentrated(1e-20).rho == 1
    assert Cost.pure(1, delta=1e-12).delta == 1000
    assert Cost.pure(1, delta=1e-18).delta == 1
    assert Cost.pure(np.float64(0.1)) == Cost.pure(0.1) == Cost.pure("0.1") == Cost.pure(Fraction(1, 10))


def test_a_sum_with_a_cost_that_has_no_epsilon_has_none() -> None:
    mixed = total(Cost.pure(0.5), Cost.concentrated("0.01"), Cost.pure(0.5))
    assert mixed == Cost(epsilon=None, rho=260_000_000_000)


@pytest.mark.parametrize(
    "amount", [0, -1, float("nan"), float("inf"), 1000, "x", "", "1e999", True, Decimal("NaN"), "0x1"]
)
def test_what_is_no_cost_is_refused_with_the_value(amount: object) -> None:
    with pytest.raises(BudgetError, match=r"(?s)epsilon is .*: give a"):
        Cost.pure(amount)  # pyright: ignore[reportArgumentType]
    with pytest.raises(BudgetError, match="rho is"):
        Cost.concentrated(amount)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("delta", [-1e-9, 1, float("nan"), float("inf")])
def test_a_delta_outside_its_range_is_refused(delta: float) -> None:
    with pytest.raises(BudgetError, match="delta is"):
        Cost.pure(1, delta=delta)


@settings(max_examples=40)
@given(st.integers(0, 10**19))
def test_decimals_are_exact(units: int) -> None:
    assert Fraction(decimal(units, DELTA_UNITS)) == Fraction(units, DELTA_UNITS)
