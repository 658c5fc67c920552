"""Bins, steps and refusals of columns, against hand-computed cases."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.kinds import Date, Integer, Real
from confide.mechanisms.synthesize.columns.labels import named_domain


def test_even_bins_of_whole_numbers_differ_by_one_at_most() -> None:
    cuts = Integer("age", 17, 90, bins=16).cuts
    widths = cuts.ends - cuts.starts + 1
    assert (cuts.starts[0], cuts.ends[-1]) == (17, 90)
    assert set(widths.tolist()) <= {4, 5} and widths.sum() == 74
    assert (cuts.starts[1:] == cuts.ends[:-1] + 1).all()


def test_no_more_bins_than_whole_numbers() -> None:
    assert Integer("children", 0, 3).cuts.starts.tolist() == [0, 1, 2, 3]


def test_an_edge_makes_a_bin_of_one_number() -> None:
    cuts = Integer("gain", 0, 99_999, edges=(0, 1, 5_000, 99_999)).cuts
    assert cuts.starts.tolist() == [0, 1, 5_000]
    assert cuts.codes(np.array([0, 1, 4_999, 5_000, 99_999])).tolist() == [0, 1, 1, 2, 2]


def test_multiples_of_a_step() -> None:
    hours = Integer("minutes", 0, 60, bins=3, step=15)  # 0, 15, 30, 45, 60
    assert hours.cuts.starts.tolist() == [0, 1, 3]
    assert named_domain("minutes", hours, hours.cuts).labels == ("0", "15 to 30", "45 to 60")


def test_reals_belong_to_the_bin_that_begins_with_them() -> None:
    cuts = Real("x", 0.0, 1.0, bins=4).cuts
    assert cuts.codes(np.array([0.0, 0.25, np.nextafter(0.5, 0), 0.5, 1.0])).tolist() == [0, 1, 1, 2, 3]
    assert cuts.middles.tolist() == [0.125, 0.375, 0.625, 0.875]


def test_values_stay_inside_their_bins() -> None:
    cuts = Real("x", 0.0, 1e-300, bins=3).cuts
    codes = np.repeat(np.arange(3), 1_000)
    assert (cuts.codes(cuts.drawn(codes, rng=np.random.default_rng(0))) == codes).all()


def test_days_and_hours_since_1970() -> None:
    born = Date("born", date(1969, 12, 31), date(1970, 1, 2), bins=3)
    assert born.cuts.starts.tolist() == [-1, 0, 1]
    assert named_domain("born", born, born.cuts).labels == ("1969-12-31", "1970-01-01", "1970-01-02")
    at = Date("at", date(1970, 1, 1), date(1970, 1, 2), bins=2, every="hour")
    assert at.ends() == (0, 47) and at.cuts.starts.tolist() == [0, 24]
    assert Date("at", datetime(1970, 1, 1, 6), datetime(1970, 1, 1, 7, 30), every="hour").ends() == (6, 7)


def test_an_empty_cell_is_the_last_code() -> None:
    domain = named_domain("sex", Category("sex", ("f", "m"), nulls=True), None)
    assert domain.labels == ("f", "m", "(missing)") and domain.missing
    ages = Integer("age", 0, 1, nulls=True)
    assert np.isnan(named_domain("age", ages, ages.cuts).numbers[-1])  # type: ignore[index]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Integer("age", 90, 17), "low is 90 and high 17"),
        (lambda: Integer("age", 0.5, 17), "low is 0.5: give a whole number"),  # type: ignore[arg-type]
        (lambda: Integer("age", 0, 10**5_000), "give a whole number"),
        (lambda: Integer("age", 0, 2**60), "larger step"),
        (lambda: Integer("age", 0, True), "high is True"),
        (lambda: Integer("age", 1, 60, step=15), "no multiples of the step 15"),
        (lambda: Integer("age", 0, 9, edges=(0, 5)), "end them with high"),
        (lambda: Integer("age", 0, 9, edges=(0, 5, 5, 9)), "do not rise"),
        (lambda: Integer("age", 0, 9, bins="quartiles"), "quantiles:16"),
        (lambda: Integer("age", 0, 9, bins="quantiles:0"), "quantiles:16"),
        (lambda: Integer("age", 0, 9, bins=0), "bins is 0"),
        (lambda: Integer("age", 0, 9, outside="drop"), "refuse or clip"),  # type: ignore[arg-type]
        (lambda: Real("x", 0.0, float("inf")), "high is inf: give a finite number"),
        (lambda: Real("x", float("nan"), 1.0), "low is nan"),
        (lambda: Real("x", 1.0, 1.0), "low and high are both 1.0"),
        (lambda: Real("x", 0.1, 0.2, step=1.0), "no multiple of the step"),
        (lambda: Real("x", 0.0, 1.0, step=0), "step is 0"),
        (lambda: Date("d", "2020-01-01", date(2021, 1, 1)), "without quotation marks"),  # type: ignore[arg-type]
        (lambda: Date("d", date(2020, 1, 1), datetime(2021, 1, 1)), "both in one way"),
        (lambda: Date("d", date(2020, 1, 1), date(2021, 1, 1), every="week"), "every is 'week'"),  # type: ignore[arg-type]
        (lambda: Category("sex", ()), "has no values"),
        (lambda: Category("sex", ("f", "m", "f")), "lists 'f' twice"),
        (lambda: Category("code", (1, 1.0)), "lists '1' twice"),
        (lambda: Category("sex", (True, "no")), "mixes truth values"),
        (lambda: Category("sex", ("f", "m"), other="x"), "not listed"),
    ],
)
def test_refusals_name_the_value(make: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        make()  # type: ignore[operator]
