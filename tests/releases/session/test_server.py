"""Sessions on a real PostgreSQL: rows stay there, cut as in a file, and answers are those of plain loops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from tests.postgresql import Server

from confide.cli import main
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.releases.session import private
from confide.releases.session.extract import TABLE
from confide.releases.session.server import ServerExtract
from confide.releases.sql import QueryError

pytestmark = pytest.mark.slow

UNIT = Unit.person("u", at_most=3)


@pytest.fixture
def visits(postgresql: Server) -> Iterator[Server]:
    """Person i has i % 7 rows, and one row is nobody's."""
    postgresql.run("CREATE TABLE visits (u bigint, state text, age integer, note numeric)")
    postgresql.run(
        "INSERT INTO visits SELECT i, (ARRAY['NY', 'TX'])[1 + i % 2], 20 + j, 1 "
        "FROM generate_series(1, 700) i, LATERAL generate_series(1, i % 7) j "
        "UNION ALL SELECT NULL, 'NY', 50, 1"
    )
    yield postgresql
    postgresql.run("DROP TABLE visits")


def rows(server: Server, **how: Any) -> list[tuple[int, int]]:
    settings: dict[str, Any] = {"unit": UNIT, "order": (), "salt": (5, 7)}
    held = ServerExtract(server.address, "visits", **(settings | how))
    found = sorted((int(u), int(age)) for u, age in held.ask(f"SELECT u, age FROM {TABLE}"))  # pyright: ignore
    held.close()
    return found


def test_each_person_keeps_as_many_rows_as_the_bound_allows(visits: Server) -> None:
    counted = Counter(u for u, _ in rows(visits))
    assert counted == {i: min(i % 7, 3) for i in range(1, 701) if i % 7}
    assert rows(visits, salt=(5, 8)) != rows(visits) == rows(visits)
    assert {age for _, age in rows(visits, order=("age",))} == {21, 22, 23}
    assert {age for u, age in rows(visits, order=("-age",)) if u == 6} == {24, 25, 26}


def test_another_persons_rows_never_change_my_draw(visits: Server) -> None:
    before = rows(visits)
    visits.run("DELETE FROM visits WHERE u = 6 OR u > 300")
    visits.run("VACUUM FULL visits")
    assert rows(visits) == [r for r in before if r[0] != 6 and r[0] <= 300]


def test_a_question_is_answered_from_a_snapshot_and_its_ledger_is_bound(
    visits: Server, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"unit": UNIT, "budget": Budget(10.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"}
    text = "select state, count(*) as n, avg(clip(age, 0, 99)) as m from visits group by state"
    with private(visits.address, table="visits", **how) as session:
        visits.run("DELETE FROM visits WHERE state = 'TX'")
        found = session.sql(text, keys={"state": ["NY", "TX"]}, epsilon=5)
        # Half of 100 x (1 + 2 + 3 + 3 + 3 + 3) rows each; noise of scale 9 / 5 passes 50 once in 10^11.
        assert found.frame["n"].to_list() == pytest.approx([750, 750], abs=50)
        assert session.histogram("age", bins=[20, 30], epsilon=5).frame["count"][0] == pytest.approx(
            1500, abs=50
        )
    with pytest.raises(Exception, match="another data set"):
        private(visits.address, table="visits", **how)


def test_refuses_what_cannot_be_on_a_server(visits: Server, tmp_path: Path) -> None:
    how: dict[str, Any] = {"unit": UNIT, "budget": Budget(1.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"}
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "name one"),
        ({"table": "visitors"}, "no table 'visitors'"),
        ({"table": "visits", "keep": "file"}, "leave out"),
        ({"table": "visits", "unit": Unit.person("note", at_most=1)}, "by which no person"),
        ({"table": "visits", "order": ["day"]}, "no column 'day'"),
    ]
    for wrong, says in refused:
        with pytest.raises(DataError, match=says):
            private(visits.address, **(how | wrong))
    pl.DataFrame({"u": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="leave out table"):
        private(tmp_path / "t.parquet", table="t", **how)
    assert not list(tmp_path.glob("*.ledger"))


def test_texts_that_are_equal_to_others_name_neither_people_nor_groups(
    postgresql: Server, tmp_path: Path
) -> None:
    """Where 'a' = 'A' the spelling of a group would be that of one person, and two people could be one."""
    for statement in (
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "CREATE TABLE spelled (u text COLLATE ci, state text COLLATE ci, plain text)",
        "INSERT INTO spelled SELECT (ARRAY['a', 'A'])[1 + i % 2] || i / 2, (ARRAY['ny', 'NY'])[1 + i % 2], "
        "'x' FROM generate_series(1, 100) i",
    ):
        postgresql.run(statement)
    how: dict[str, Any] = {
        "table": "spelled", "budget": Budget(10.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"
    }  # fmt: skip
    try:
        with pytest.raises(DataError, match="collation that takes other texts for equal"):
            private(postgresql.address, unit=Unit.person("u", at_most=3), **how)
        with private(postgresql.address, unit=Unit.record(), **how) as session:
            assert list(session.extract.schema.table.columns) == ["plain"]
            with pytest.raises(
                QueryError, match=r"column state is text of a collation that takes .*equal only if"
            ):
                session.sql("select state, count(*) as n from spelled group by state", epsilon=1, delta=1e-9)
            found = session.sql("select count(*) as n from spelled where plain = 'X'", epsilon=5)
            # Nobody's text is 'X'; noise of scale 0.2 passes 20 once in 10^43.
            assert found.frame["n"][0] == pytest.approx(0, abs=20)
    finally:
        postgresql.run("DROP TABLE spelled")
        postgresql.run("DROP COLLATION ci")


def test_the_command_asks_a_server(visits: Server, tmp_path: Path) -> None:
    words = ["query", visits.address, "--table", "visits", "--unit", "u:3", "--budget", "10"]
    words += ["--ledger", f"sqlite:///{tmp_path}/v.ledger", "--sql", "select count(*) as n from visits"]
    done = CliRunner().invoke(main, [*words, "--within", "10"])
    assert done.exit_code == 0 and "Spent epsilon" in done.output


def test_questions_beside_sql_are_answered_on_a_server_too(visits: Server, tmp_path: Path) -> None:
    """With an epsilon of 300 the noise is 0 but for a chance below 1e-10."""
    ledger = f"sqlite:///{tmp_path}/visits.ledger"
    people = Counter("TX" if i % 2 else "NY" for i in range(1, 701) if i % 7)
    kept = Counter(dict.fromkeys(people, 0))
    for i in range(1, 701):
        kept["TX" if i % 2 else "NY"] += min(i % 7, 3)
    with private(
        visits.address, table="visits", unit=UNIT, budget=Budget(999.0, 1e-3), ledger=ledger
    ) as opened:
        want = {"state": ["NY", "TX", "WY"]}
        top = opened.top_k("state", k=2, candidates=want["state"], epsilon=300).frame
        assert dict(top.select("state", "count").iter_rows()) == people
        cells = opened.tables(["state"], keys=want, epsilon=300).frame
        assert cells["count"].to_list() == [kept["NY"], kept["TX"], 0]
        run = opened.above(threshold=kept["TX"] - 50, epsilon=300)
        assert run.ask("select count(*) from visits where state = 'WY'") is False
        assert run.ask("select count(*) from visits where state = 'TX'") is True
