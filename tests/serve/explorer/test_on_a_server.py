"""The explorer over a table of a real PostgreSQL: bins as in a file, and answers through the API."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opendp")

from tests.postgresql import Server
from tests.serve.explorer.conftest import SCHEMA, Browser, rows_of

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.serve.explorer.app import application
from confide.serve.explorer.bins import bin_sql
from confide.serve.explorer.groups import edges_of, starts_of
from confide.serve.explorer.reading import read_schema
from confide.serve.explorer.schema import Numbers, Times
from confide.serve.explorer.settings import ServeSettings
from confide.serve.explorer.starting import open_explorer
from confide.serve.explorer.tokens import Tokens, Visitor

pytestmark = pytest.mark.slow

UNIT = Unit.person("user_id", at_most=3)


def found(server: Server, kind: str, values: list[object], column: Numbers | Times) -> list[int | None]:
    """What PostgreSQL says."""
    listed = ", ".join(
        f"({i}, {'NULL' if v is None else repr(str(v))}::{kind})" for i, v in enumerate(values)
    )
    text = f"SELECT {bin_sql(column, 'x', 'postgres')} FROM (VALUES {listed}) t(i, x) ORDER BY i"
    return [row[0] for row in server.run(text)]


def test_bins_are_those_of_a_search_through_their_edges(postgresql: Server) -> None:
    for low, high, step in ((0.0, 1.0, 0.1), (0.1, 0.4, 0.1), (-3.3, 7.0, 0.7)):
        column = Numbers(name="x", label="x", description="", unit="", low=low, high=high, step=step)
        edges = edges_of(column)
        near = [math.nextafter(e, s) for e in edges for s in (-math.inf, math.inf)]
        values = [*edges, *near, math.nan, math.inf, -math.inf, 1e308, -0.0]
        expected = [
            next((i for i in range(len(edges) - 1) if edges[i] <= v < edges[i + 1]), None) for v in values
        ]
        assert found(postgresql, "float8", [*values, None], column) == [*expected, None]
    whole = Numbers(name="x", label="x", description="", unit="", low=0.5, high=20.5, step=5)
    assert found(postgresql, "bigint", [-(2**63), 0, 1, 20, 2**63 - 1], whole) == [None, None, 0, 3, None]


@pytest.mark.parametrize("step", ["hour", "day", "week", "month", "quarter", "year"])
def test_times_are_in_the_bins_of_the_calendar(postgresql: Server, step) -> None:
    if step == "hour":
        low, high = datetime(2024, 2, 28, 13, 30), datetime(2024, 3, 1)
        values = [low + i * timedelta(minutes=13) for i in range(-9, 180)]
    else:
        low, high = date(2023, 11, 29), date(2025, 3, 4)
        values = [low + timedelta(days=i) for i in range(-3, (high - low).days + 3)]
    column = Times(name="x", label="x", description="", low=low, high=high, step=step)
    starts = starts_of(column)
    expected = [
        max(i for i, start in enumerate(starts) if start <= v) if low <= v < high else None for v in values
    ]
    kind = "timestamp" if step == "hour" else "date"
    ends = ["infinity", "-infinity", None]
    assert found(postgresql, kind, [*values, *ends], column) == [*expected, None, None, None]


def test_a_histogram_and_a_cross_table_come_through_the_api(postgresql: Server, tmp_path: Path) -> None:
    """With an epsilon of 40 for one number a person, noise of scale 3 / 40 passes 3 once in 10^17."""
    rows = rows_of(200)
    postgresql.run(
        "CREATE TABLE survey (user_id bigint, age integer, state text, income float8, visited date, "
        "lat float8, lon float8)"
    )
    listed = ", ".join("(" + ", ".join(repr(str(v)) for v in row) + ")" for row in rows.iter_rows())
    postgresql.run(f"INSERT INTO survey VALUES {listed}")
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    settings = ServeSettings(
        postgresql.address, unit=UNIT, budget=Budget(100.0), schema=tmp_path / "schema.toml",
        table="survey", ledger=f"sqlite:///{tmp_path}/s.ledger", tokens=tmp_path / "s.tokens",
        analysts=["ada:1"],
    )  # fmt: skip
    explorer, engine = open_explorer(settings, read_schema(settings.schema), Tokens(None))
    try:
        bearer = {"authorization": f"Bearer {explorer.tokens.new(Visitor('ada', 'analyst'))}"}
        there = Browser(application(explorer, hosts=("127.0.0.1",), secure=False), "http://127.0.0.1")

        def cells(*by: str) -> list[float]:
            asked = {"measure": "rows", "by": list(by), "precision": 40}
            answer = there.post("/api/ask", json=asked, headers=bearer)
            assert answer.status_code == 200, answer.text
            return [cell["value"] for cell in answer.json()["cells"]]

        ages = Counter(age // 20 for age in rows["age"])
        assert cells("age") == pytest.approx([ages[i] for i in range(5)], abs=3)
        both = Counter(zip((a // 20 for a in rows["age"]), rows["state"], strict=True))
        states = ["north", "south", "west", None]
        expected = [both[i, state] for i in range(5) for state in states]
        assert cells("age", "state") == pytest.approx(expected, abs=3)
        there.close()
    finally:
        engine.close()
        postgresql.run("DROP TABLE survey")


def test_a_database_needs_a_ledger_and_tokens(tmp_path: Path) -> None:
    how: dict[str, Any] = {"unit": UNIT, "schema": tmp_path / "s.toml", "table": "t"}
    with pytest.raises(DataError, match="no file stands beside a database"):
        ServeSettings("postgresql://h/d", **how)
    with pytest.raises(DataError, match="asks no Spark"):
        ServeSettings("spark:t", **how)
