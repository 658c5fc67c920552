"""Bounding: nobody keeps more rows, everybody's draw is even, and it looks at nobody else."""

from __future__ import annotations

import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.releases.session.bounding import OWN, PLACE, Bound, fresh_salt
from confide.releases.session.extract import TABLE, Extract

Row = tuple[int, int]


BASE = duckdb.connect(config={"threads": 1})
"""One for all draws: opening one takes longer than a draw."""


def kept(rows: list[tuple[int | None, int]], bound: Bound) -> list[Row]:
    """The rows that a bound keeps."""
    values = ", ".join(f"({'NULL' if u is None else u}, {x}, {i})" for i, (u, x) in enumerate(rows))
    BASE.execute(f"CREATE OR REPLACE TABLE source (u BIGINT, x BIGINT, {PLACE} BIGINT)")
    if rows:
        BASE.execute(f"INSERT INTO source VALUES {values}")
    for statement in bound.statements("source", "kept"):
        BASE.execute(statement)
    found = BASE.execute("SELECT u, x FROM kept").fetchall()
    BASE.execute("DROP TABLE kept")
    return sorted(found)


def by(at_most: int, *order: str, salt: tuple[int, int] = (5, 7)) -> Bound:
    return Bound(unit="u", at_most=at_most, columns=("u", "x"), order=order, salt=salt)


@dataclass(frozen=True)
class ByPlace:
    """The broken twin: it draws by the number of a row in the whole table, which other people's rows move."""

    honest: Bound

    def statements(self, source: str, table: str) -> list[str]:
        return [
            s.replace(f"{OWN}, {self.honest.salt[1]}:", f"{PLACE}, {self.honest.salt[1]}:")
            for s in self.honest.statements(source, table)
        ]


PEOPLE = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=40)


@settings(max_examples=20)
@given(PEOPLE, st.integers(1, 4), st.integers(0, 4), st.sampled_from([(), ("x",), ("-x",)]), st.randoms())
def test_another_persons_rows_never_change_my_draw(
    rows: list[Row], at_most: int, other: int, order: tuple[str, ...], random: Any
) -> None:
    """With any salt, each person keeps the same rows whether somebody else is there or not."""
    bound = by(at_most, *order, salt=(random.getrandbits(62), random.getrandbits(62)))
    there = kept(list(rows), bound)
    gone = kept([(u, x) for u, x in rows if u != other], bound)
    assert [r for r in there if r[0] != other] == gone


def test_a_twin_that_looks_at_other_peoples_rows_is_caught() -> None:
    rows = [(u, x) for x in range(30) for u in (1, 2)]
    mine = [(u, x) for u, x in rows if u == 1]
    honest = by(5)
    assert [r for r in kept(list(rows), honest) if r[0] == 1] == kept(list(mine), honest)
    twin: Any = ByPlace(honest)
    assert [r for r in kept(list(rows), twin) if r[0] == 1] != kept(list(mine), twin)


@settings(max_examples=20)
@given(PEOPLE, st.integers(1, 4))
def test_a_person_keeps_as_many_rows_as_the_bound_allows(rows: list[Row], at_most: int) -> None:
    """Each is one of their own, and nobody without an id is kept."""
    found = Counter(kept([*rows, (None, 1)], by(at_most)))
    assert not found - Counter(rows)
    had = Counter(u for u, _ in rows)
    assert Counter(u for u, _ in found.elements()) == {u: min(n, at_most) for u, n in had.items()}


def test_by_order_the_first_rows_are_kept() -> None:
    rows: list[Any] = [(1, x) for x in (5, 3, 9, 1, 7)]
    assert kept(rows, by(2, "x")) == [(1, 1), (1, 3)]
    assert kept(rows, by(2, "-x")) == [(1, 7), (1, 9)]


def test_every_row_is_drawn_equally_often() -> None:
    """500 people of 8 rows, 3 kept: each place is kept in 3 of 8; refused by chance once in a million."""
    rows: list[Any] = [(u, x) for u in range(500) for x in range(8)]
    found = Counter(x for _, x in kept(rows, by(3, salt=fresh_salt())))
    # Within a person draws are without replacement, which makes the statistic smaller than chi-squared.
    assert stats.chisquare([found[x] for x in range(8)]).pvalue > 1e-6
    pairs = Counter(
        tuple(sorted(x for v, x in drawn))
        for u, drawn in _by_person(kept(rows, by(3, salt=fresh_salt()))).items()
    )
    assert stats.chisquare([pairs[k] for k in sorted(pairs)]).pvalue > 1e-6 and len(pairs) == 56


def _by_person(rows: list[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def test_another_salt_draws_other_rows() -> None:
    rows: list[Any] = [(1, x) for x in range(1_000)]
    assert kept(rows, by(10, salt=fresh_salt())) != kept(rows, by(10, salt=fresh_salt()))


def extract(path: Path, **how: Any) -> Extract:
    settings: dict[str, Any] = {
        "unit": Unit.person("u", at_most=2),
        "order": (),
        "keep": "memory",
        "salt": (1, 2),
    }
    return Extract(path, **(settings | how))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people[1]*.parquet"
    frame = pl.DataFrame({"u": [1, 1, 1, 2, None], "x": [1, 2, 3, 4, 5], "list": [[1]] * 5})
    frame.write_parquet(path)
    return path


@pytest.mark.parametrize("keep", ["memory", "file"])
def test_an_extract_is_the_owners_alone_and_gone_at_the_end(table: Path, keep: str) -> None:
    held = extract(table, keep=keep)
    room = Path(held._room.name)
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    assert (room / "extract.db").exists() == (keep == "file")
    assert held.ask(f"SELECT count(*) FROM {TABLE}") == [(3,)]
    assert list(held.schema.table.columns) == ["u", "x"], "a column of lists cannot be asked about"
    with pytest.raises(DataError, match="cannot be read"):
        held.ask(f"SELECT * FROM read_parquet('{table.parent}/x.parquet')")
    held.close()
    assert not room.exists()


def test_a_unit_of_rows_keeps_all_rows(table: Path) -> None:
    held = extract(table, unit=Unit.record())
    assert held.ask(f"SELECT count(*) FROM {TABLE}") == [(5,)]
    assert held.schema.table.unit is None and held.schema.table.at_most == 1
    held.close()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"unit": Unit.person("y", at_most=2)}, "no column 'y'"),
        ({"unit": Unit.person("list", at_most=2)}, "by which no person"),
        ({"unit": Unit.client()}, "cannot hide"),
        ({"order": ("z",)}, "order names no column 'z'"),
    ],
)
def test_refuses_a_unit_or_an_order_that_cannot_be(table: Path, how: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        extract(table, **how)


def test_refuses_files_that_declare_no_types_or_are_none(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("u,x\n1,2\n")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 secret 17")
    for name, says in (
        ("people.csv", "declared"),
        ("none.parquet", "cannot be read"),
        ("broken.parquet", "check it"),
    ):
        with pytest.raises(DataError, match=says) as refused:
            extract(tmp_path / name)
        assert "17" not in str(refused.value)


def test_a_file_that_changed_is_refused_and_one_that_was_touched_is_not(table: Path) -> None:
    held = extract(table)
    table.touch()
    held.identity.need_unchanged()
    pl.DataFrame({"u": np.arange(3), "x": np.arange(3)}).write_parquet(table)
    with pytest.raises(DataError, match="changed since"):
        held.identity.need_unchanged()
    table.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        held.identity.need_unchanged()
    held.close()
