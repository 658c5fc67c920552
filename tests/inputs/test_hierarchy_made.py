"""Hierarchies that are made: round steps, calendars, prefixes, and values that look similar."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.coded_table import in_codes
from confide.inputs.hierarchies import MISSING
from confide.inputs.hierarchy_made import alike, of_dates, of_numbers


def test_ages_are_joined_in_doubling_steps_of_five():
    ages = np.arange(17, 91, dtype=float)
    made = of_numbers("age", [f"{age:.0f}" for age in ages], ages)
    assert [level[1] for level in made.labels[1:-1]] == ["20-24", "20-29", "20-39", "40-79"]
    assert made.labels[-1] == ("*",)
    # Each border of a level is a multiple of its step.
    for level, step in zip(made.start[1:-1], (5, 10, 20, 40), strict=True):
        assert (ages[level][1:] % step == 0).all()


def test_numbers_below_one_and_below_zero():
    values = np.round(np.arange(-0.6, 0.6, 0.05), 2)
    made = of_numbers("x", [str(v) for v in values], values)
    assert made.labels[1][0] == "-0.6 to below -0.4" and made.labels[-1] == ("*",)


def test_dates_follow_the_calendar():
    days = [date(2019, 1, 1) + timedelta(days=i) for i in range(0, 1200)]
    numbers = np.array([(day - date(1970, 1, 1)).days for day in days], float)
    made = of_dates("born", [str(day) for day in days], numbers)
    assert [level[0] for level in made.labels[1:]] == [
        "2019-01",
        "2019-01 to 2019-03",
        "2019-01 to 2019-06",
        "2019",
        "2018-2019",
        "*",
    ]
    weeks = of_dates("seen", [str(day) for day in days[:60]], numbers[:60])
    assert weeks.labels[1][1] == "2019-01-07 to 2019-01-13" and days[6].weekday() == 0


def test_postal_codes_are_cut_from_the_end_and_get_their_zeros_back():
    frame = pl.DataFrame({"zip": [1301, 1302, 90210]})
    made = in_codes(frame, ["zip"]).hierarchies[0]
    assert made.labels[1:] == (("0130*", "90210"), ("*",))
    text = pl.DataFrame({"plz": ["80331", "80333", "80469", "10115"]})
    assert in_codes(text, ["plz"]).hierarchies[0].labels[1:] == (
        ("10115", "8033*", "80469"),
        ("10115", "80***"),
        ("*",),
    )


def test_values_whose_other_columns_look_alike_are_joined():
    # a and c have one distribution of the other column, b and d another.
    job = ["a"] * 40 + ["b"] * 40 + ["c"] * 40 + ["d"] * 40
    pay = (["low"] * 30 + ["high"] * 10 + ["low"] * 10 + ["high"] * 30) * 2
    coded = in_codes(pl.DataFrame({"job": job, "pay": pay}), ["job", "pay"])
    assert coded.hierarchies[0].labels[1] == ("a | c", "b | d")


def test_the_distance_is_hellingers():
    # Three values of equal size: those nearest by Hellinger distance are joined.
    part = np.array([[50, 50, 0], [60, 30, 10], [35, 65, 0]], float)
    shares = part / 100
    hellinger = [1 - np.sqrt(shares[i] * shares[j]).sum() for i, j in ((0, 1), (0, 2), (1, 2))]
    assert int(np.argmin(hellinger)) == 1
    order, levels = alike([part])
    assert {int(i) for i in order[levels[0] == levels[0][0]]} in ({0, 2}, {1})


@pytest.mark.slow
@given(st.data())
def test_every_column_gets_a_hierarchy_of_its_values(data: st.DataObject):
    n = data.draw(st.integers(1, 30))
    pools = {
        "number": st.one_of(st.none(), st.integers(-50, 50)),
        "share": st.one_of(st.none(), st.floats(0, 1, width=16)),
        "word": st.sampled_from(["a", "b", "c", "d", "e", "", "?"]),
        "day": st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2020, 1, 1))),
        "flag": st.booleans(),
        "same": st.just("x"),
        "zip": st.sampled_from(["01301", "01302", "94110", "94112"]),
    }
    rows = {name: data.draw(st.lists(pool, min_size=n, max_size=n)) for name, pool in pools.items()}
    kinds = {"number": pl.Int64, "share": pl.Float64, "word": pl.String, "day": pl.Date}
    frame = pl.DataFrame(rows, schema_overrides=kinds)
    coded = in_codes(frame, list(pools))
    for i, name in enumerate(pools):
        domain, hierarchy, codes = coded.domains[i], coded.hierarchies[i], coded.codes[:, i]
        assert hierarchy.values == len(domain) and not hierarchy.group[-1].any()
        for row, code in zip(frame[name].to_list(), codes.tolist(), strict=True):
            if row is None or row in ("", "?"):
                assert domain.missing and code == len(domain) - 1 and domain.labels[code] == MISSING
                # A branch of its own until the root.
                for group in hierarchy.group[:-1]:
                    assert (group == group[code]).sum() == 1
            elif domain.numbers is not None and isinstance(row, int | float) and not isinstance(row, bool):
                assert domain.numbers[code] == row
            else:
                assert domain.labels[code] == (str(row).lower() if isinstance(row, bool) else str(row))
        if domain.numbers is not None:
            known = domain.numbers[: len(domain) - domain.missing]
            assert (np.diff(known) > 0).all()


def test_a_column_of_lists_and_infinite_numbers_are_refused():
    with pytest.raises(DataError, match="is of type List"):
        in_codes(pl.DataFrame({"a": [[1], [2]]}), ["a"])
    with pytest.raises(DataError, match="infinite"):
        in_codes(pl.DataFrame({"a": [1.0, float("inf")]}), ["a"])
