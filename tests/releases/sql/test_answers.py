"""Answers: equal in DuckDB, PostgreSQL and plain loops; whole numbers that cannot overflow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.postgresql import Server
from tests.releases.sql import naive
from tests.releases.sql.accepted import ACCEPTED
from tests.releases.sql.people import SCHEMA, SINGLE, TABLES, creation, in_duckdb

from confide.releases.sql import (
    Dialect,
    GroupSums,
    Histogram,
    Query,
    estimate,
    group_sums,
    parse,
    quantile,
    shown_rows,
)
from confide.releases.sql.grid import grid_of
from confide.releases.sql.query import Clip, ColumnOf, Quantile

ROWS = {
    name: [dict(zip(columns, row, strict=True)) for row in rows] for name, (columns, rows) in TABLES.items()
}


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_duckdb() as base:
        yield base


def values(query: Query, found: GroupSums) -> dict[Any, list[float]]:
    """The aggregates of all groups, without noise."""
    answers: dict[Any, list[float]] = {}
    for i, key in enumerate(found.keys):
        sums = {one: numbers[i] for one, numbers in found.sums.items()}
        answers[key] = [
            quantile(a, found.histograms[Histogram(a.value)][i])
            if isinstance(a, Quantile)
            else estimate(a, sums)
            for a in query.aggregates
        ]
    return answers


def steps(query: Query) -> list[float]:
    """How far each aggregate may be from the plain one: steps of its grid, and rounding."""
    found: list[float] = []
    for a in query.aggregates:
        value: Clip | None = getattr(a, "value", None)
        wide = 0.0 if value is None else max(abs(value.low), abs(value.high), value.high - value.low)
        exact = value is not None and value.column.kind == "integer" and not isinstance(a, Quantile)
        share = 2.0**-48 if exact else 2.0**-9 if isinstance(a, Quantile) else 2.0**-26
        if value is not None and getattr(a, "function", "") == "var":
            wide *= value.high - value.low
        found.append(share * wide)
    return found


def assert_right(query: Query, found: GroupSums) -> None:
    plain, ours = naive.answers(query, ROWS), values(query, found)
    assert set(ours) == set(plain)
    for key, wanted in plain.items():
        for got, want, within in zip(ours[key], wanted, steps(query), strict=True):
            assert got == pytest.approx(want, rel=1e-12, abs=within, nan_ok=True), key


def assert_same(there: GroupSums, here: GroupSums, text: str) -> None:
    """Two databases have the same groups, in any order, and the same sums of each."""
    assert set(there.keys) == set(here.keys), text
    at = [here.keys.index(key) for key in there.keys]
    for one, numbers in there.sums.items():
        assert numbers == tuple(here.sums[one][i] for i in at), text
    for one, counts in there.histograms.items():
        assert counts == tuple(here.histograms[one][i] for i in at), text


@pytest.mark.parametrize(("text", "keys"), ACCEPTED)
def test_an_accepted_query_answers_as_plain_loops_do(
    text: str, keys: dict[str, list[Any]] | None, duck: duckdb.DuckDBPyConnection
) -> None:
    query = parse(text, SCHEMA, keys=keys)
    assert_right(query, group_sums(query, lambda s: duck.execute(s).fetchall(), "duckdb"))


def test_there_are_thirty_of_them() -> None:
    assert len(ACCEPTED) >= 30


def connected(server: Server) -> Any:
    from pg8000.dbapi import connect

    return connect("postgres", unix_sock=f"{server.folder}/.s.PGSQL.{server.port}", database="postgres")


@pytest.mark.slow
@pytest.mark.parametrize("strings", ["on", "off"])
def test_postgresql_has_the_very_sums_of_duckdb(postgresql: Server, strings: str) -> None:
    """With `standard_conforming_strings` off too: a backslash in a literal must not end it."""
    base, duck = connected(postgresql), in_duckdb()
    cursor = base.cursor()
    cursor.execute("CREATE SCHEMA sql_answers")
    cursor.execute("SET search_path = sql_answers")
    for name, (columns, rows) in TABLES.items():
        cursor.execute(creation(name))
        cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(columns))})", rows)
    cursor.execute(f"SET standard_conforming_strings = {strings}")

    def ask(statement: str) -> list[Any]:
        # As it stands: the driver would read % as a parameter.
        return list(base.execute_unnamed(statement).rows or [])

    for text, keys in ACCEPTED:
        query = parse(text, SCHEMA, keys=keys)
        there = group_sums(query, ask, "postgres")
        here = group_sums(query, lambda s: duck.execute(s).fetchall(), "duckdb")
        assert_same(there, here, text)
        assert_right(query, there)
    base.rollback()
    base.close()


def test_sums_beyond_64_bits_are_right(duck: duckdb.DuckDBPyConnection) -> None:
    text = (
        "select state, sum(clip(big, -4611686018427387904, 4611686018427387904)) from people group by state"
    )
    query = parse(text, SCHEMA, keys={"state": ["ny"]})
    found = group_sums(query, lambda s: duck.execute(s).fetchall(), "duckdb")
    assert next(iter(found.sums.values())) == (3 * 2**62,)


def test_a_query_brings_back_what_was_asked_and_where_that_may_surprise_says_how() -> None:
    query = parse("select avg(income between 0 and 200000) from people", SCHEMA)
    assert any("share" in note and "avg(clip(income" in note for note in query.notes)
    query = parse(
        "select sum(clip(coalesce(income, 3), 0, 9)) from people join homes on user_id = person", SCHEMA
    )
    assert any("3 stands for income where it is null or NaN" in note for note in query.notes)
    assert any("one row a person is used: the first by rooms" in note for note in query.notes)


def test_having_order_and_limit_see_released_values_alone() -> None:
    text = "select state, count(*) as n from people group by state having n > 1 and state in ('a', 'b') "
    query = parse(text + "or state is null order by n desc limit 2", SCHEMA)
    rows = [("a", 0.5), ("b", 7.0), (None, 9.0), ("c", 99.0), ("a", 3.0), ("b", math.nan)]
    assert shown_rows(query, rows) == [(None, 9.0), ("b", 7.0)]
    assert "HAVING" not in group_text(query, "duckdb")


def group_text(query: Query, dialect: Dialect) -> str:
    from confide.releases.sql import compiled

    return compiled(query, dialect)


FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100)


@settings(max_examples=150, deadline=None)
@given(FINITE, FINITE, st.floats(allow_nan=False), st.sampled_from(["plain", "centred", "candidates"]))
@example(0.0, 1e100, 5e-324, "centred")
def test_a_code_stands_for_its_value_to_one_step(low: float, high: float, value: float, form: Any) -> None:
    low, high = min(low, high), max(low, high)
    if high - low < 1e-100:
        return
    grid = grid_of(Clip(ColumnOf(0, "x", "float"), low, high), form)
    x = Fraction(min(max(value, low), high))
    code = grid.code(value)
    assert grid.lowest <= code <= grid.highest
    assert grid.reach <= 2**32
    # Beside the step, float64 numbers near the bounds are only this dense.
    assert (
        abs(grid.origin + code * Fraction(grid.step) - x)
        <= Fraction(grid.step) + Fraction(max(abs(low), abs(high))) / 2**50
    )


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), data=st.data())
def test_names_and_literals_hold_anything(
    text: str, data: st.DataObject, duck: duckdb.DuckDBPyConnection
) -> None:
    """In DuckDB and back; a name is one column, and a literal one value."""
    from sqlglot import exp

    from confide.releases.sql.expressions import literal

    name = data.draw(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8))
    written = literal(text, "duckdb").sql("duckdb")
    quoted = exp.to_identifier(name, quoted=True).sql("duckdb")
    assert duck.execute(f"SELECT {written} AS {quoted}").fetchall() == [(text,)]
    assert duck.description is not None and duck.description[0][0] == name


def test_rows_are_people_where_no_column_names_them(duck: duckdb.DuckDBPyConnection) -> None:
    query = parse("select state, count(*) from people group by state", SINGLE)
    found = group_sums(query, lambda s: duck.execute(s).fetchall(), "duckdb")
    assert sum(next(iter(found.sums.values()))) == len(ROWS["people"])
