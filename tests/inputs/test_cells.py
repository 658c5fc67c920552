"""Cells of released tables are held to hand-made texts, and to coming back as they were written."""

from __future__ import annotations

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
        ("*", (0, 4)),
        ("", (4, 4)),
        (None, (4, 4)),
        ("33", (2, 2)),
    ],
)
def test_ranges_of_numbers_are_read(text: str | None, expected: tuple[int, int]) -> None:
    assert read([text], AGE) == [expected]


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
