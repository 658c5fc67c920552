"""Bins in SQL against a naive search through their edges, with values that fail in careless arithmetic."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.serve.explorer.bins import bin_sql, binned_names
from confide.serve.explorer.groups import edges_of, number_of_groups, starts_of
from confide.serve.explorer.schema import Numbers, PublicSchema, Times


def numbers(low: float, high: float, step: float) -> Numbers:
    return Numbers(name="x", label="x", description="", unit="", low=low, high=high, step=step)


def found(kind: str, values: list[object], column: Numbers | Times) -> list[int | None]:
    """What DuckDB says."""
    with duckdb.connect() as base:
        base.execute(f"CREATE TABLE t (i INTEGER, x {kind})")
        base.executemany("INSERT INTO t VALUES (?, ?)", [[i, v] for i, v in enumerate(values)])
        return [row[0] for row in base.execute(f"SELECT {bin_sql(column, 'x')} FROM t ORDER BY i").fetchall()]


def naive(value: float | None, edges: tuple[float, ...]) -> int | None:
    """The bin whose edges are around a value."""
    if value is None:
        return None
    return next((i for i in range(len(edges) - 1) if edges[i] <= value < edges[i + 1]), None)


@pytest.mark.parametrize("low, high, step", [(0, 1, 0.1), (0.1, 0.4, 0.1), (-3.3, 7, 0.7), (0, 100, 7)])
def test_numbers_at_the_edges(low: float, high: float, step: float) -> None:
    column = numbers(low, high, step)
    edges = edges_of(column)
    near = [f(e, s) for e in edges for f, s in ((math.nextafter, -math.inf), (math.nextafter, math.inf))]
    values = [*edges, *near, None, math.nan, math.inf, -math.inf, 1e308, -1e308, -0.0]
    assert found("DOUBLE", values, column) == [naive(v, edges) for v in values]


@settings(max_examples=8, deadline=None)
@given(
    low=st.floats(-1e6, 1e6),
    bins=st.integers(1, 30),
    step=st.floats(1e-3, 1e5),
    shares=st.lists(st.floats(-0.2, 1.2), min_size=1, max_size=20),
)
def test_numbers_of_all_sizes(low: float, bins: int, step: float, shares: list[float]) -> None:
    high = low + bins * step
    column = numbers(low, high, step)
    values = [low + share * (high - low) for share in shares]
    assert found("DOUBLE", values, column) == [naive(v, edges_of(column)) for v in values]


def test_whole_numbers_and_decimals() -> None:
    column, values = numbers(0, 20, 5), [-1, 0, 4, 5, 19, 20, None, 2**62]
    assert found("BIGINT", values, column) == [None, 0, 0, 1, 3, None, None, None]
    # A bound with a fraction, beside whole numbers of all sizes: no conversion may fail on a row.
    small = numbers(0.5, 20.5, 5)
    assert found("BIGINT", [-(2**63), 0, 1, 20, 2**63 - 1], small) == [None, None, 0, 3, None]
    most = "9" * 36 + ".99"
    assert found("DECIMAL(38, 2)", [most, f"-{most}", "0.51"], small) == [None, None, 0]
    assert found("DECIMAL(38, 2)", [0.0, 4.99, 19.99, 20.0], column) == [0, 0, 3, None]


@pytest.mark.parametrize("step", ["day", "week", "month", "quarter", "year"])
def test_dates_against_the_starts_of_their_bins(step) -> None:
    low, high = date(2023, 11, 29), date(2025, 3, 4)
    column = Times(name="x", label="x", description="", low=low, high=high, step=step)
    starts = starts_of(column)
    assert len(starts) == number_of_groups(column)
    values = [low + timedelta(days=i) for i in range(-3, (high - low).days + 3)]
    expected = [
        max(i for i, start in enumerate(starts) if start <= v) if low <= v < high else None for v in values
    ]
    assert found("DATE", [*values, None], column) == [*expected, None]


@pytest.mark.parametrize("step", ["hour", "day", "month"])
def test_times_against_the_starts_of_their_bins(step) -> None:
    low, high = datetime(2024, 2, 28, 13, 30), datetime(2024, 3, 2, 0, 0)
    column = Times(name="x", label="x", description="", low=low, high=high, step=step)
    starts = starts_of(column)
    rng = np.random.default_rng(3)
    values = [low + timedelta(seconds=float(s)) for s in rng.uniform(-9e3, 3e5, 60)]
    values += [low, high, high - timedelta(microseconds=1), *starts]
    expected = [
        max(i for i, start in enumerate(starts) if start <= v) if low <= v < high else None for v in values
    ]
    assert found("TIMESTAMP", values, column) == expected
    assert found("TIMESTAMP", ["infinity", "-infinity"], column) == [None, None]


def test_a_bin_is_of_one_row_alone() -> None:
    """The SQL names one column, and no other row: the same value has the same bin in every table."""
    column = numbers(0, 10, 3)
    together = found("DOUBLE", [1.0, 5.0, 9.9, None], column)
    assert together == [found("DOUBLE", [v], column)[0] for v in (1.0, 5.0, 9.9, None)]


def test_names_of_bins_are_free() -> None:
    schema = PublicSchema(title="x", columns={"x": numbers(0, 1, 1)})
    assert binned_names(schema, ["x", "X_BIN"]) == {"x": "x_bin_"}
