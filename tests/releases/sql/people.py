"""A schema of people who do not exist, and a small table of them with every trap that a value can be."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import duckdb

from confide.releases.sql import Column, PersonTable, PrivateTable, PublicTable, Schema

COLUMNS = {
    "user_id": Column(kind="integer"),
    "age": Column(kind="integer", low=0, high=100),
    "big": Column(kind="integer"),
    "income": Column(kind="float", low=0, high=200_000),
    "state": Column(kind="text"),
    "name": Column(kind="text"),
    'we"ird; --': Column(kind="text"),
    "active": Column(kind="boolean"),
    "born": Column(kind="date"),
    "seen": Column(kind="timestamp"),
}
STATES = {"code": Column(kind="text"), "region": Column(kind="text"), "size": Column(kind="integer")}
HOMES = {"person": Column(kind="integer"), "rooms": Column(kind="integer"), "first": Column(kind="text")}
SCHEMA = Schema(
    PrivateTable(name="people", columns=COLUMNS, unit="user_id", at_most=4),
    (
        PublicTable(name="states", columns=STATES, key=("code",)),
        PersonTable(name="homes", columns=HOMES, unit="person", order=("rooms",)),
    ),
)
SINGLE = Schema(PrivateTable(name="people", columns={k: v for k, v in COLUMNS.items() if k != "user_id"}))
"""The same where each row is another person."""

_TYPES = {
    "integer": "BIGINT",
    "float": "DOUBLE PRECISION",
    "text": "TEXT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
NAN, INF = math.nan, math.inf
SMALLEST = 5e-324
"""Below it is only 0: what PostgreSQL calls an underflow must never be computed of it."""
PEOPLE: list[tuple[Any, ...]] = [
    (1, 30, 2**62, 1000.5, "ny", "O'Hara", "a\\", True, date(1990, 1, 31), datetime(2020, 1, 1, 12, 30)),
    (1, 31, 2**62, NAN, "ny", "O'Hara", '";--', False, date(1990, 1, 31), None),
    (1, -5, -7, INF, "ca", "", "'", None, None, datetime(2021, 5, 6, 7, 8, 9, 123456)),
    (2, 250, 0, -INF, "ca", "Zoë", 'we"ird', True, date(2001, 2, 28), None),
    (2, None, None, None, None, None, None, None, None, None),
    (3, 44, 12, SMALLEST, "tx", "drop table people", "b", True, date(1970, 1, 1), datetime(1999, 12, 31)),
    (3, 45, -(2**63), -0.0, "tx", "x", "c", False, date(1970, 1, 1), None),
    (3, 46, 2**63 - 1, 1e300, "ny", "y", "c", True, date(1971, 1, 1), None),
    (None, 50, 5, 5.0, "ny", "nobody", "d", True, None, None),
    (4, 29, 9, 150_000.25, "ma", "z", "d", False, date(1980, 6, 1), None),
]
STATE_ROWS: list[tuple[Any, ...]] = [
    ("ny", "east", 20),
    ("ma", "east", 7),
    ("ca", "west", 39),
    ("ca", "zzz", 39),
    (None, "none", 0),
]
HOME_ROWS: list[tuple[Any, ...]] = [
    (1, 5, "b"),
    (1, 3, "a"),
    (1, 4, "a"),
    (2, None, "c"),
    (2, 9, "c"),
    (9, 1, "d"),
    (None, 2, "e"),
]
TABLES = {"people": (COLUMNS, PEOPLE), "states": (STATES, STATE_ROWS), "homes": (HOMES, HOME_ROWS)}


def creation(name: str) -> str:
    """The statement that makes one of the tables."""
    columns, _ = TABLES[name]
    listed = ", ".join(f'"{c.replace(chr(34), chr(34) * 2)}" {_TYPES[k.kind]}' for c, k in columns.items())
    return f"CREATE TABLE {name} ({listed})"


def in_duckdb() -> duckdb.DuckDBPyConnection:
    """A database in memory with the tables."""
    base = duckdb.connect(config={"threads": 1})
    for name, (columns, rows) in TABLES.items():
        base.execute(creation(name))
        base.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    return base
