"""Sensitivities against brute force: no person of a table moves a sum by more, and one moves it as far."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np
import pytest

from confide.core.errors import DataError
from confide.releases.sql import (
    Column,
    PersonTable,
    PrivateTable,
    PublicTable,
    Schema,
    group_sums,
    kind_of,
    parse,
    sensitivities,
    sensitivity_of_histogram,
)
from confide.releases.sql.sensitivity import Sensitivity

MOST = 3
COLUMNS = {
    "p": Column(kind="integer"),
    "g": Column(kind="text"),
    "n": Column(kind="integer"),
    "x": Column(kind="float"),
}
SCHEMA = Schema(
    PrivateTable(name="t", columns=COLUMNS, unit="p", at_most=MOST),
    (
        PublicTable(name="open", columns={"g": Column(kind="text"), "r": Column(kind="text")}, key=("g",)),
        PersonTable(
            name="second", columns={"q": Column(kind="integer"), "m": Column(kind="integer")}, unit="q"
        ),
    ),
)
ASKED = (
    "count(*), count(distinct p), sum(clip(n, -3, 5)), avg(clip(x, 0, 2)), "
    "stddev(clip(coalesce(x, 1), 0, 2)), avg(n between 0 and 2), quantile(n, 0.5, 0, 4)"
)
TEXTS = [
    f"select {ASKED} from t where n is null or n < 9",
    f"select g, {ASKED} from t group by g",
    "select r, count(*), count(distinct p), sum(clip(m, -2, 3)) from t left join open on t.g = open.g "
    "join second on second.q = t.p group by r",
]


def filled(people: list[int], rng: np.random.Generator) -> dict[int, tuple[list[Any], list[Any]]]:
    """For each person their rows in the two tables; every one at a bound or beyond it."""
    found: dict[int, tuple[list[Any], list[Any]]] = {}
    for person in people:
        n = int(rng.integers(0, MOST + 1))
        rows = [
            (person, str(rng.choice(["a", "b", "c"])), [None, -9, 0, 5, 7][rng.integers(5)],
             [None, math.nan, -1.0, 0.3, 2.0, math.inf][rng.integers(6)])
            for _ in range(n)
        ]  # fmt: skip
        found[person] = rows, [(person, int(m)) for m in rng.integers(-5, 5, rng.integers(0, 4))]
    return found


def asked(base: duckdb.DuckDBPyConnection, data: Any, query: Any) -> Any:
    """The sums of this query of these people, in DuckDB."""
    for name, column in (("t", 0), ("second", 1)):
        base.execute(f"DELETE FROM {name}")
        rows = [row for both in data.values() for row in both[column]]
        if rows:
            base.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    return group_sums(query, lambda s: base.execute(s).fetchall(), "duckdb")


def moved(one: Any, other: Any, pick: Any) -> list[int]:
    """How far each entry of a sum moved, over the groups of both."""
    a, b = (dict(zip(side.keys, pick(side), strict=True)) for side in (one, other))
    found: list[int] = []
    for key in set(a) | set(b):
        left, right = np.atleast_1d(a.get(key, 0)), np.atleast_1d(b.get(key, 0))
        found += [int(d) for d in np.ravel(left - right)]
    return found


def within(moves: list[int], bound: Sensitivity) -> None:
    """No norm is above its bound."""
    assert sum(d != 0 for d in moves) <= bound.groups
    assert max((abs(d) for d in moves), default=0) <= bound.largest
    assert sum(abs(d) for d in moves) <= bound.l1
    assert sum(d * d for d in moves) <= bound.l2_squared <= bound.l2**2


def made() -> duckdb.DuckDBPyConnection:
    base = duckdb.connect(config={"threads": 1})
    base.execute("CREATE TABLE t (p BIGINT, g TEXT, n BIGINT, x DOUBLE)")
    base.execute("CREATE TABLE second (q BIGINT, m BIGINT)")
    base.execute("CREATE TABLE open AS SELECT * FROM (VALUES ('a', 'u'), ('a', 'v'), ('b', 'u')) AS o(g, r)")
    return base


def hold(tables: int, seed: int) -> None:
    rng, base = np.random.default_rng(seed), made()
    for text in TEXTS:
        for keys in (None, {text.split()[1].strip(","): ["a", "u", None]} if "group by" in text else None):
            query = parse(text, SCHEMA, keys=keys)
            bounds = sensitivities(query)
            for _ in range(tables):
                data = filled([1, 2, 3], rng)
                whole = asked(base, data, query)
                left = {p: rows for p, rows in data.items() if p != 2}
                less = asked(base, left, query)
                for one, bound in bounds.items():
                    within(moved(whole, less, lambda s, one=one: s.sums[one]), bound)
                for one in whole.histograms:
                    bound = sensitivity_of_histogram(query, one)
                    within(
                        moved(whole, less, lambda s, one=one: [np.array(c) for c in s.histograms[one]]), bound
                    )
    base.close()


def test_no_person_moves_a_sum_by_more() -> None:
    hold(2, seed=0)


@pytest.mark.slow
def test_no_person_of_many_tables_moves_a_sum_by_more() -> None:
    hold(25, seed=1)


def test_the_worst_person_moves_every_sum_as_far_as_its_bound() -> None:
    """So no bound is larger than it has to be: three rows in one group, each at a bound."""
    base = made()
    query = parse(f"select {ASKED} from t", SCHEMA)
    empty = asked(base, {}, query)
    reached = dict.fromkeys(sensitivities(query), 0)
    for n, x in ((5, 2.0), (0, 0.0), (-3, 0.0)):
        one = asked(base, {1: ([(1, "a", n, x)] * MOST, [])}, query)
        for what in reached:
            reached[what] = max(reached[what], abs(moved(one, empty, lambda s, what=what: s.sums[what])[0]))
    assert reached == {what: bound.largest for what, bound in sensitivities(query).items()}
    base.close()


def test_by_hand() -> None:
    """Three rows a person: 3 rows, 1 person, 3 * 5 for a clip to [-3, 5]."""
    query = parse("select count(*), count(distinct p), sum(clip(n, -3, 5)) from t", SCHEMA)
    assert [(s.l1, s.l2) for s in sensitivities(query).values()] == [(3, 3.0), (1, 1.0), (15, 15.0)]
    query = parse("select g, count(distinct p) from t group by g", SCHEMA)
    people = next(iter(sensitivities(query).values()))
    assert (people.groups, people.l1, people.l2_squared) == (3, 3, 3) and people.l2 >= math.sqrt(3)
    query = parse("select g, count(distinct p) from t group by g", SCHEMA, keys={"g": ["a", "b"]})
    assert next(iter(sensitivities(query).values())).l1 == 2


def test_a_schema_that_would_break_a_bound_is_refused() -> None:
    with pytest.raises(DataError, match="no unit"):
        PrivateTable(name="t", columns=COLUMNS, at_most=2)
    with pytest.raises(DataError, match="a key has none"):
        PrivateTable(name="t", columns=COLUMNS, unit="x")
    with pytest.raises(DataError, match="no key"):
        PublicTable(name="t", columns=COLUMNS, key=())
    with pytest.raises(DataError, match="no person's column"):
        Schema(PrivateTable(name="t", columns=COLUMNS), (PersonTable(name="s", columns=COLUMNS, unit="p"),))
    unusable = ("numeric", "HUGEINT", "UBIGINT", "char(3)", "timestamp with time zone", "JSON", "INTEGER[]")
    assert [kind_of(name) for name in unusable] == [None] * len(unusable)
