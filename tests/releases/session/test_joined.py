"""Joins on files and on a real PostgreSQL: the same sums, one row a person, a ledger bound to all tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from tests.postgresql import Server
from tests.releases.session.rooms import without_noise

from confide.cli import main
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.releases.session import private
from confide.releases.session.beside import Given, beside_of
from confide.releases.session.extract import TABLE, Extract
from confide.releases.session.planning import plan
from confide.releases.session.prices import Price
from confide.releases.session.server import ServerExtract
from confide.releases.session.speaking import speak
from confide.releases.sql import parse

HOW: dict[str, Any] = {"unit": Unit.person("u", at_most=6), "order": (), "salt": (5, 7)}
TEXTS = (
    "select r.region, count(*) as n, count(distinct v.u) as p from visits v left join regions r "
    "on r.code = v.state group by r.region",
    "select h.owned, sum(clip(h.rooms, 0, 9)) as s, avg(clip(v.age, 0, 99)) as m from visits v "
    "join homes h on h.person = v.u where h.rooms > 1 group by h.owned",
    "select count(*) as n from visits v join regions r on r.code = v.state left join homes h "
    "on h.person = v.u where h.rooms is null and r.region = 'south'",
)
KEYS = ({"region": ["east", "south", None]}, {"owned": [True, False]}, None)


def visits() -> pl.DataFrame:
    """Person i has i % 7 rows, and one row is nobody's."""
    rows = [(i, ("NY", "TX", "WY")[i % 3], 20 + j) for i in range(1, 141) for j in range(1, i % 7 + 1)]
    schema = {"u": pl.Int64, "state": pl.String, "age": pl.Int32}
    return pl.DataFrame([*rows, (None, "NY", 50)], schema=schema, orient="row")


def homes() -> pl.DataFrame:
    """Every second person has a home, which stands there three times; nobody's is there too."""
    rows = [(i, i % 5, i % 4 == 0) for i in range(0, 160, 2) for _ in range(3)]
    schema = {"person": pl.Int64, "rooms": pl.Int32, "owned": pl.Boolean}
    return pl.DataFrame([*rows, (None, 4, True)], schema=schema, orient="row")


REGIONS = pl.DataFrame({"code": ["NY", "TX"], "region": ["east", "south"]})


@pytest.fixture
def server(postgresql: Server) -> Iterator[Server]:
    """The same three tables there, one of them in a schema of its own."""
    postgresql.run("CREATE SCHEMA open")
    for name, frame, columns in (
        ("visits", visits(), "u bigint, state text, age integer"),
        ("homes", homes(), "person bigint, rooms integer, owned boolean"),
        ("open.regions", REGIONS, "code text, region text"),
    ):
        postgresql.run(f"CREATE TABLE {name} ({columns})")
        values = ", ".join(str(tuple(row)).replace("None", "NULL") for row in frame.iter_rows())
        postgresql.run(f"INSERT INTO {name} VALUES {values}")
    yield postgresql
    postgresql.run("DROP TABLE visits, homes, open.regions CASCADE")
    postgresql.run("DROP SCHEMA open")


def given(folder: Path) -> tuple[Given, Given]:
    """The files that may be joined."""
    visits().write_parquet(folder / "visits.parquet")
    homes().write_parquet(folder / "homes.parquet")
    REGIONS.write_parquet(folder / "regions.parquet")
    return (
        {"regions": (folder / "regions.parquet", "code")},
        {"homes": (folder / "homes.parquet", "person")},
    )


THERE: tuple[Given, Given] = {"regions": ("open.regions", "code")}, {"homes": ("homes", "person")}


def second_of(extract: Extract | ServerExtract) -> list[tuple[int, int]]:
    """The rows of the second table that a session uses, which is joined after the public one."""
    asked = extract.ask(f"SELECT person, rooms FROM {TABLE}_2")
    return sorted((int(str(u)), int(str(rooms))) for u, rooms in asked)


def test_of_a_second_table_one_row_a_person_is_drawn_evenly_and_by_itself(tmp_path: Path) -> None:
    """2,000 people with four rows keep one: each row 500 times, give or take 19.4; 5.5 times that in 1e-6."""
    public, second = given(tmp_path)
    many = pl.DataFrame({"person": [*range(2_000)] * 4, "rooms": [r for r in range(4) for _ in range(2_000)]})

    def kept(frame: pl.DataFrame, **other: Any) -> list[tuple[int, int]]:
        frame.write_parquet(tmp_path / "homes.parquet")
        extract = Extract(
            tmp_path / "visits.parquet", keep="memory", beside=beside_of(public, second), **(HOW | other)
        )
        with closing(extract):
            return second_of(extract)

    found = kept(many)
    assert [person for person, _ in found] == [*range(2_000)]
    counted = Counter(rooms for _, rooms in found)
    assert all(abs(counted[rooms] - 500) < 5.5 * 19.4 for rooms in range(4))
    # Without some people the others keep what they kept; another salt draws otherwise.
    assert kept(many.filter(pl.col("person") % 3 > 0)) == [r for r in found if r[0] % 3]
    assert kept(many, salt=(5, 8)) != found


@pytest.mark.slow
def test_joined_sums_of_a_server_are_those_of_files(server: Server, tmp_path: Path) -> None:
    public, second = given(tmp_path)
    here = Extract(tmp_path / "visits.parquet", keep="memory", beside=beside_of(public, second), **HOW)
    there = ServerExtract(server.address, "visits", beside=beside_of(*THERE), **HOW)
    last: Any = None
    with closing(here), closing(there):
        for text, keys in zip(TEXTS, KEYS, strict=True):
            query = parse(text, there.schema, keys=keys)
            assert query == parse(text, here.schema, keys=keys)
            made = without_noise(plan(query, Price.of(epsilon=1, rho=None, delta=None)))
            last = speak(made, there.ask, "postgres")
            assert last == speak(made, here.ask)
    # By hand: visits of people with i % 3 == 1 are in TX, and those of odd i have no home.
    assert last["cells"][0][0] == sum(i % 7 for i in range(1, 141) if i % 3 == 1 and i % 2)


@pytest.mark.slow
def test_a_server_uses_one_row_a_person_and_its_ledger_is_bound_to_it(server: Server, tmp_path: Path) -> None:
    server.run("UPDATE homes SET rooms = CASE WHEN ctid::text ~ '[02468]\\)$' THEN 1 ELSE 9 END")

    def kept(**how: Any) -> tuple[list[tuple[int, int]], str, list[str]]:
        settings: dict[str, Any] = HOW | how
        with closing(ServerExtract(server.address, "visits", beside=beside_of(*THERE), **settings)) as held:
            return second_of(held), held.digest, held.public

    rows, digest, public = kept()
    assert [person for person, _ in rows] == [*range(0, 160, 2)] and {r for _, r in rows} == {1, 9}
    assert kept() == (rows, digest, public)
    assert kept(salt=(5, 8))[0] != rows and kept(salt=(5, 8))[1:] == (digest, public)
    server.run("DELETE FROM homes WHERE person > 80")
    fewer, other, _ = kept()
    assert fewer == [r for r in rows if r[0] <= 80] and other != digest
    server.run("UPDATE open.regions SET region = 'west' WHERE code = 'NY'")
    again = kept()
    assert again[1] == other and again[2] != public
    how: dict[str, Any] = {
        "unit": HOW["unit"], "budget": Budget(10.0), "ledger": f"sqlite:///{tmp_path}/v.ledger",
        "table": "visits", "public": THERE[0], "second": THERE[1],
    }  # fmt: skip
    with private(server.address, **how) as session:
        assert not session.sql(TEXTS[2], epsilon=5).known
    with private(server.address, **how) as session:
        assert session.sql(TEXTS[2], epsilon=5).known
    server.run("DELETE FROM homes WHERE person = 2")
    with pytest.raises(Exception, match="another data set"):
        private(server.address, **how)


@pytest.mark.slow
def test_the_command_joins_tables_of_a_server(server: Server, tmp_path: Path) -> None:
    words = [
        "query",
        server.address,
        "--table",
        "visits",
        "--unit",
        "u:6",
        "--budget",
        "10",
        "--sql",
        TEXTS[2],
    ]
    words += ["--ledger", f"sqlite:///{tmp_path}/v.ledger", "--epsilon", "1", "--public"]
    done = CliRunner().invoke(main, [*words, "regions=open.regions:code", "--second", "homes=homes:person"])
    assert done.exit_code == 0 and "Spent epsilon 1" in done.output
    for public, says in (
        ("regions=regions.parquet:code", "no table 'regions.parquet'"),
        ("regions=open.regions:no", "no column 'no'"),
        ("visits=open.regions:code", "one name"),
    ):
        done = CliRunner().invoke(main, [*words, public])
        assert done.exit_code == 2 and says in done.output, done.output


@pytest.mark.slow
def test_rows_that_differ_each_time_never_pass_the_bound(server: Server) -> None:
    """A view that draws: were it read twice, people could have one row at first and several later."""
    server.run("CREATE VIEW drawn AS SELECT * FROM visits WHERE random() < 0.5")
    how: dict[str, Any] = HOW | {"unit": Unit.person("u", at_most=1)}
    with closing(ServerExtract(server.address, "drawn", **how)) as held:
        counted = Counter(row[0] for row in held.ask(f"SELECT u FROM {TABLE}"))
    assert len(counted) > 50 and set(counted.values()) == {1}


@pytest.mark.slow
def test_a_question_that_fails_ends_no_session_and_threads_take_turns(server: Server) -> None:
    texts = [f"SELECT count(*) FROM {TABLE} WHERE u <= {i}" for i in range(40)]
    with closing(ServerExtract(server.address, "visits", **HOW)) as held:
        with pytest.raises(DataError, match="SQLSTATE 22012"):
            held.ask("SELECT 1 / 0")
        with ThreadPoolExecutor(8) as pool:
            found = [rows[0][0] for rows in pool.map(held.ask, texts)]
    assert found == [sum(min(j % 7, 6) for j in range(1, i + 1)) for i in range(40)]
