"""Cells of released tables are held to hand-made texts, and to coming back as they were written."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.cells import cell_ranges, cell_texts
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain

AGE = Domain("age", ("18", "30", "31.5", "40", "missing"), np.array([18, 30, 31.5, 40, np.nan]), missing=True)
ODD = Domain("odd", ("a, b", 'say "c"', "{", "d"))
STATE = Domain("state", ("NY", "NJ", "CA", "WA"))
COASTS = Hierarchy(
    "state", np.array([[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]]), (STATE.labels, ("East", "West"), ("*",))
)


def read(
    texts: list[str | None], domain: Domain, hierarchy: Hierarchy | None = None
) -> list[tuple[int, int]]:
    low, high = cell_ranges(pl.Series(texts), domain, name="r.csv", hierarchy=hierarchy)
    return list(zip(low.tolist(), high.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", (1, 1)),
        ("30.0", (1, 1)),
        ("18..31", (0, 1)),
        ("18-31.5", (0, 2)),
        ("[18, 30]", (0, 1)),
        ("[18, 30[", (0, 0)),
        ("]18;40)", (1, 2)),
        ("(18,40]", (1, 3)),
        ("<= 30", (0, 1)),
        ("<30", (0, 0)),
        (">31", (2, 3)),
        ("30+", (1, 3)),
        ("30 +", (1, 3)),
        (">=30", (1, 3)),
        ("≥ 30", (1, 3)),
        (">30", (2, 3)),
        ("<=30", (0, 1)),
        ("≤30", (0, 1)),
        ("*", (0, 4)),
        ("", (4, 4)),
        (None, (4, 4)),
        ("33", (2, 2)),
    ],
)
def test_ranges_of_numbers_are_read(text: str | None, expected: tuple[int, int]) -> None:
    assert read([text], AGE) == [expected]


NUMBERS = np.array([18262, 18266, 18293, np.nan])
DAYS = Domain("seen", ("2020-01-01", "2020-01-05", "2020-02-01", "missing"), NUMBERS, missing=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2020-01-01..2020-01-05", (0, 1)), ("2020-01-05 .. 2020-02-01", (1, 2)), ("2020-01-05", (1, 1))],
)
def test_ranges_of_dates_are_read_between_two_values(text: str, expected: tuple[int, int]) -> None:
    assert read([text], DAYS) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=2020-01-05", (1, 2)),
        ("2020-01-02+", (1, 2)),
        (">2020-01-05", (2, 2)),
        ("<2020-01-05", (0, 0)),
        ("≤2020-01-05", (0, 1)),
        ("<= 2020-01-31", (0, 1)),
    ],
)
def test_dates_from_one_on_or_up_to_one_are_read(text: str, expected: tuple[int, int]) -> None:
    assert read([text], DAYS) == [expected]


@pytest.mark.parametrize("text", ["18262", "18262..18266", "<18266", "18262+", "<2020", "2020-13-01+", "+"])
def test_the_number_of_a_day_is_no_date(text: str) -> None:
    with pytest.raises(DataError, match="no value of the original column"):
        read([text], DAYS)


def test_ranges_with_one_end_are_read_in_columns_of_numbers_alone() -> None:
    grade = Domain("grade", ("1", "2", "3+"))
    assert read(["3+"], grade) == [(2, 2)]
    for text in ("2+", ">=2", "≤2", "<2"):
        with pytest.raises(DataError, match=re.escape(f"'{text}' in row 1, which is no value")):
            read([text], grade)


@pytest.mark.parametrize("text", ["41+", "<18", ">40"])
def test_a_range_that_holds_no_value_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="no value of the original column"):
        read([text], AGE)


NO_RANGES = ("2020-02-01..2020-01-01", "2020-01-01..2021-01-01", "2020-01-01..missing", "..", "*..*")


@pytest.mark.parametrize("text", NO_RANGES)
def test_what_is_no_range_of_dates_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="no value of the original column"):
        read([text], DAYS)


def test_times_are_read_as_they_are_labelled() -> None:
    labels = ("2020-01-01 00:00:00", "2020-01-01 07:30:00.500000")
    times = Domain("seen", labels, np.array([18262.0, 18262.3]))
    given = pl.Series([datetime(2020, 1, 1, 7, 30, 0, 500_000), datetime(2020, 1, 1)])
    assert cell_ranges(given, times, name="r", exact=True)[0].tolist() == [1, 0]


def test_a_line_break_in_a_set_is_read_back_and_a_torn_set_is_refused() -> None:
    lines = Domain("said", ("a\nb", "c", "d\re", "f"))
    written = cell_texts(lines, np.array([0, 1], np.int32), np.array([1, 2], np.int32))
    assert read(written, lines) == [(0, 1), (1, 2)]
    with pytest.raises(DataError, match="no value of the original column"):
        read(["{a\nb, c}"], lines)


def test_groups_and_sets_are_read_and_a_gap_in_a_set_is_filled() -> None:
    assert read(["East", "{NJ, WA}", "CA", "*", ""], STATE, COASTS) == [
        (0, 1),
        (1, 3),
        (2, 2),
        (0, 3),
        (0, 3),
    ]


@pytest.mark.parametrize("text", ["Mars", "{NY, Mars}", "East", "1..2"])
def test_what_is_no_group_of_values_is_refused_with_its_rows(text: str) -> None:
    with pytest.raises(DataError, match=r"r\.csv: column 'state' holds .* in row 2, which is no value"):
        read(["NY", text], STATE)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1), st.sampled_from(["age", "state"])
)
def test_what_is_written_is_read_back(ends: list[tuple[int, int]], name: str) -> None:
    domain, hierarchy = {"age": (AGE, None), "state": (STATE, COASTS), "odd": (ODD, None)}[name]
    codes = np.array(ends, np.int32) % len(domain)
    low, high = codes.min(axis=1), codes.max(axis=1)
    texts = cell_texts(domain, low, high, hierarchy)
    assert read(list(texts), domain, hierarchy) == list(zip(low.tolist(), high.tolist(), strict=True))
