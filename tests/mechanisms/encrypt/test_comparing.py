"""Layouts are compared by what they cost, and what fits no limit says what would have to give."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from confide.core.errors import PromiseError

pytest.importorskip("tenseal")

from tests.mechanisms.encrypt.test_columns import linear, squared

from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Square
from confide.mechanisms.encrypt.comparing import LAYOUTS, Limits, choose_layout, compare_layouts
from confide.mechanisms.encrypt.errors import worst_error
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS
from confide.mechanisms.encrypt.plan import plan_layout

LOGISTIC = Arithmetic(linear(20, 1).layers, "sigmoid")


def test_columns_win_for_many_rows_and_rows_for_one() -> None:
    model = squared(20, 8)
    many = choose_layout(model, rows=4000, bound=1.0, limits=Limits(), seconds=0.5)
    one = choose_layout(model, rows=1, bound=1.0, limits=Limits(), seconds=0.5)
    assert (many.layout, one.layout) == ("columns", "rows")
    assert many.forecast is not None and one.forecast is not None
    assert one.forecast.cpu < many.forecast.cpu
    assert one.forecast.kit > many.forecast.kit  # rotation keys are what a row costs
    quick = choose_layout(model, rows=1, bound=1.0, limits=Limits(kit=many.forecast.kit), seconds=0.5)
    assert quick.layout == "columns"


def test_a_last_step_of_the_server_says_what_it_is_off_by_and_is_not_taken() -> None:
    options = compare_layouts(LOGISTIC, rows=10, bound=1.0, limits=Limits(), reach=6.0, seconds=0.5)
    assert {(o.layout, o.last_step) for o in options} == {
        (layout, step) for layout in ("columns", "rows") for step in ("client", "server")
    }
    for option in options:
        assert option.fits == (option.last_step == "client")
        assert option.error > 0.05 or option.last_step == "client"
        assert option.fits or "off by" in option.obstacles[0]
    assert options[0].fits
    loose = compare_layouts(
        LOGISTIC, rows=10, bound=1.0, limits=Limits(precision=0.2), reach=6.0, seconds=0.5
    )
    assert all(option.fits for option in loose)
    assert loose[0].last_step == "client"  # it is cheaper too


def test_what_fits_no_limit_says_for_each_layout_what_would_have_to_give() -> None:
    with pytest.raises(PromiseError) as refused:
        choose_layout(LOGISTIC, rows=10, bound=1.0, limits=Limits(latency=1e-6, up=10), seconds=0.5)
    told = str(refused.value)
    assert "latency takes" in told and "(allowed 1e-06)" in told and "up takes" in told
    assert "columns:" in told and "rows:" in told and "last step by the server" in told
    deep = Arithmetic((*linear(3, 3).layers, *(Square(), *linear(3, 3).layers) * 14))
    with pytest.raises(PromiseError, match=r"no parameters of the standard's table hold a model of depth 29"):
        choose_layout(deep, rows=1, bound=0.1, limits=Limits())


def test_scores_are_never_offered_at_4096_with_primes_of_twenty_bits() -> None:
    """[40, 20, 40] was off by .066: no plan has it, and none is beyond the table."""
    for precision in (1e-1, 1e-3, 1e-5):
        for model, layout in product((linear(3, 1), linear(30, 10), squared(4, 3)), LAYOUTS):
            plan = plan_layout(model, layout, rows=5, bound=1.0, precision=precision)
            assert min(plan.parameters.bits) >= 25
            assert sum(plan.parameters.bits) <= LARGEST_MODULUS[plan.parameters.degree]
            assert worst_error(model, plan.parameters, 1.0, layout=layout) <= precision


def test_a_row_that_does_not_stand_twice_in_the_slots_is_left_to_columns() -> None:
    wide = Arithmetic((Affine(np.ones((1, 20_000)), np.zeros(1)),))
    options = compare_layouts(wide, rows=1, bound=1.0, limits=Limits(precision=1e-2), seconds=0.1)
    assert [option.layout for option in options if option.fits] == ["columns"]
    assert "take columns" in options[-1].obstacles[0]
