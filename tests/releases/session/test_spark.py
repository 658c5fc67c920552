"""Sessions on a real Spark: rows stay there, cut as in a file, and answers are those of plain loops."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from click.testing import CliRunner
from tests.releases.session.rooms import without_noise

from confide.cli import main
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.releases.session import private
from confide.releases.session.extract import TABLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.slow

UNIT = Unit.person("u", at_most=3)


def visits() -> pl.DataFrame:
    """Person i has i % 7 rows, and one row is nobody's."""
    rows = [(i, ("NY", "TX")[i % 2], 20 + j) for i in range(1, 141) for j in range(1, i % 7 + 1)]
    schema = {"u": pl.Int64, "state": pl.String, "age": pl.Int32}
    return pl.DataFrame([*rows, (None, "NY", 50)], schema=schema, orient="row")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "visits").mkdir()
    visits().write_parquet(tmp_path / "visits" / "part.parquet")
    return tmp_path / "visits"


def kept(frame: DataFrame, **how: Any) -> list[tuple[int, int]]:
    """The rows of a session, as its statements see them."""
    from confide.releases.session.spark import SparkExtract

    settings: dict[str, Any] = {"unit": UNIT, "order": (), "salt": (5, 7)}
    held = SparkExtract(frame, "visits", **(settings | how))
    found = sorted((int(u), int(age)) for u, age in held.ask(f"SELECT u, age FROM {TABLE}"))  # pyright: ignore
    held.close()
    return found


def of_spark(spark: SparkSession) -> set[int]:
    """The numbers of the copies that executors hold."""
    return set(spark.sparkContext._jsc.getPersistentRDDs())  # pyright: ignore


def test_each_person_keeps_as_many_rows_as_the_bound_allows(spark: SparkSession, folder: Path) -> None:
    before, frame = of_spark(spark), spark.read.parquet(str(folder))
    found = kept(frame)
    assert Counter(u for u, _ in found) == {i: min(i % 7, 3) for i in range(1, 141) if i % 7}
    assert kept(frame, salt=(5, 8)) != found
    assert {age for _, age in kept(frame, order=("age",))} == {21, 22, 23}
    assert {age for u, age in kept(frame, order=("-age",)) if u == 6} == {24, 25, 26}
    # Another person's rows, and another order of all rows, never change my draw.
    fewer = frame.where("u <> 6 and u <= 60").orderBy("age").repartition(3)
    assert kept(fewer) == [r for r in found if r[0] != 6 and r[0] <= 60]
    assert of_spark(spark) == before


def test_a_draw_is_even(spark: SparkSession) -> None:
    """2,000 people with four rows keep one: each row 500 times, give or take 19.4; 5.5 times that in 1e-6."""
    frame = spark.range(8_000).selectExpr("id % 2000 AS u", "CAST(id / 2000 AS INT) AS age")
    counted = Counter(age for _, age in kept(frame, unit=Unit.person("u", at_most=1)))
    assert sorted(counted) == [0, 1, 2, 3] and sum(counted.values()) == 2_000
    assert all(abs(n - 500) < 5.5 * 19.4 for n in counted.values())


def test_a_question_is_answered_from_a_copy_and_its_ledger_is_bound(
    spark: SparkSession, folder: Path, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"unit": UNIT, "budget": Budget(10.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"}
    text = "select state, count(*) as n, avg(clip(age, 0, 99)) as m from visits group by state"
    before, frame = of_spark(spark), spark.read.parquet(str(folder))
    with private(frame, table="visits", **how) as session:
        pl.DataFrame(visits().head(5)).write_parquet(folder / "part.parquet")
        found = session.sql(text, keys={"state": ["NY", "TX"]}, epsilon=5)
        # Half of 20 x (1 + 2 + 3 + 3 + 3 + 3) rows each; noise of scale 9 / 5 passes 50 once in 10^11.
        assert found.frame["n"].to_list() == pytest.approx([150, 150], abs=50)
        assert session.histogram("age", bins=[20, 30], epsilon=5).frame["count"][0] == pytest.approx(
            300, abs=50
        )
    assert of_spark(spark) == before
    spark.catalog.clearCache()
    with pytest.raises(Exception, match="another data set"):
        private(f"spark:{folder}", **how)


def test_sums_are_those_of_a_file_under_any_settings(
    spark: SparkSession, folder: Path, tmp_path: Path
) -> None:
    """No noise; up to 2^62, where a sum of 64 bits would wrap, since the user's session has ANSI off."""
    from confide.releases.session.extract import Extract
    from confide.releases.session.planning import plan
    from confide.releases.session.prices import Price
    from confide.releases.session.spark import SparkExtract
    from confide.releases.session.speaking import speak
    from confide.releases.sql import parse

    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    odd = "a `b` ${spark.app.name}"
    frame = visits().with_columns(
        pl.lit(2**62).alias("big"), (pl.col("age") - 24.5).alias("x"), pl.col("state").alias("odd")
    )
    frame.write_parquet(folder / "part.parquet")
    frame.rename({"odd": odd}).write_parquet(tmp_path / "visits.parquet")
    # Nobody has more rows than that: nothing is cut.
    how: dict[str, Any] = {"unit": Unit.person("u", at_most=6), "order": (), "salt": (5, 7)}
    # Spark reads nulls from a parquet file with such a name of a column.
    named = spark.read.parquet(str(folder)).withColumnRenamed("odd", odd)
    there = SparkExtract(named, "visits", **how)
    here = Extract(tmp_path / "visits.parquet", keep="memory", **how)
    for text in (
        f"select sum(clip(big, {-(2**62)}, {2**62})) as s, count(distinct u) as p from visits",
        f'select "{odd}", var(clip(x, -9, 9)) as v, quantile(age, 0.5, 0, 99) as q from visits '
        f'group by "{odd}"',
    ):
        keys = {odd: ["NY", "TX", "${spark.app.name}", "\\u004e'"]} if "group by" in text else None
        made = without_noise(
            plan(parse(text, there.schema, keys=keys), Price.of(epsilon=1, rho=None, delta=None))
        )
        assert speak(made, there.ask, "spark") == speak(made, here.ask)
    exact = there.ask(f"SELECT CAST(sum(CAST(big AS DECIMAL(38, 0))) AS STRING) FROM {TABLE}")[0][0]
    assert exact == str(420 * 2**62)
    there.close()
    here.close()


def test_a_table_that_spark_computes_anew_each_time_is_computed_once(spark: SparkSession) -> None:
    """Were it computed for each question, the people above the bound would not be those that were cut."""
    from confide.releases.session.spark import SparkExtract

    frame = spark.range(600).selectExpr("CAST(rand() * 100 AS INT) AS u", "rand() AS x")
    held = SparkExtract(frame, "t", unit=UNIT, order=(), salt=(5, 7))
    first, second = (held.ask(f"SELECT sum(x), max(u) FROM {TABLE}") for _ in range(2))
    assert first == second
    assert max(int(str(n)) for (n,) in held.ask(f"SELECT count(*) FROM {TABLE} GROUP BY u")) == 3
    held.close()
    with pytest.raises(DataError, match="open another session"):
        held.ask(f"SELECT sum(x) FROM {TABLE}")


def test_columns_that_depend_on_who_asks_cannot_be_asked(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.sql(
        "SELECT id AS u, current_timestamp() AS at, timestamp_ntz'2020-01-01 00:00:00' AS seen, "
        "array(id) AS many, 'a' COLLATE UTF8_LCASE AS loose, CAST(1 AS DECIMAL(9, 2)) AS price, "
        "'b' AS plain FROM range(5)"
    )
    how: dict[str, Any] = {"budget": Budget(1.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"}
    with private(frame, table="t", unit=Unit.record(), **how) as session:
        kinds = {name: one.kind for name, one in session.extract.schema.table.columns.items()}
    assert kinds == {"u": "integer", "seen": "timestamp", "price": "float", "plain": "text"}
    with pytest.raises(DataError, match="collate UTF8_LCASE, by which no person"):
        private(frame, table="t", unit=Unit.person("loose", at_most=1), **how)


def test_refuses_what_cannot_be_in_spark(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    frame = spark.read.parquet(str(folder))
    how: dict[str, Any] = {"unit": UNIT, "budget": Budget(1.0), "ledger": f"sqlite:///{tmp_path}/v.ledger"}
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (frame, {}, 'give table="visits"'),
        (frame, {"table": "v", "keep": "file"}, "leave out"),
        (frame, {"table": "v", "unit": Unit.person("who", at_most=1)}, "no column 'who'"),
        (frame, {"table": "v", "order": ["day"]}, "no column 'day'"),
        (frame.selectExpr("u", "age AS U"), {"table": "v"}, "differ in capitals alone"),
        (frame.select("u", "u"), {"table": "v"}, "two columns are called 'u'"),
        ("spark:", {}, "names no table"),
        ("spark://host:7077", {}, "address of a master"),
        ("spark:nowhere.visits", {}, "TABLE_OR_VIEW_NOT_FOUND"),
        (f"spark:{tmp_path}/nothing", {}, "PATH_NOT_FOUND"),
    ]
    for given, wrong, says in refused:
        with pytest.raises(DataError, match=says):
            private(given, **(how | wrong))
    assert not list(tmp_path.glob("*.ledger"))


def test_what_spark_says_of_a_cell_is_not_repeated(spark: SparkSession) -> None:
    from confide.releases.session.spark import SparkExtract

    frame = spark.sql("SELECT 1 AS u, CAST(raise_error('cell of ada') AS STRING) AS x")
    with pytest.raises(DataError, match="cannot be read by Spark") as error:
        SparkExtract(frame, "t", unit=UNIT, order=(), salt=(5, 7))
    assert "ada" not in str(error.value) and error.value.__cause__ is None


def test_the_command_asks_spark(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    words = ["query", f"spark:{folder}", "--unit", "u:3", "--budget", "10"]
    words += ["--ledger", f"sqlite:///{tmp_path}/v.ledger", "--sql", "select count(*) as n from visits"]
    done = CliRunner().invoke(main, [*words, "--within", "10"])
    assert done.exit_code == 0 and "Spent epsilon" in done.output


def test_joined_sums_are_those_of_files(spark: SparkSession, tmp_path: Path) -> None:
    """No noise. People have the same home three times, and one row is nobody's."""
    from confide.releases.session.beside import beside_of
    from confide.releases.session.extract import Extract
    from confide.releases.session.planning import plan
    from confide.releases.session.prices import Price
    from confide.releases.session.spark import SparkExtract
    from confide.releases.session.speaking import speak
    from confide.releases.sql import parse

    rows = [(i, i % 5) for i in range(0, 160, 2) for _ in range(3)]
    frames = {
        "visits": visits(),
        "homes": pl.DataFrame(
            [*rows, (None, 4)], schema={"person": pl.Int64, "rooms": pl.Int32}, orient="row"
        ),
        "regions": pl.DataFrame({"code": ["NY", "TX"], "region": ["east", "south"]}),
    }
    paths = {name: tmp_path / f"{name}.parquet" for name in frames}
    for name, frame in frames.items():
        frame.write_parquet(paths[name])
    beside = beside_of({"regions": (paths["regions"], "code")}, {"homes": (paths["homes"], "person")})
    how: dict[str, Any] = {"unit": Unit.person("u", at_most=6), "order": (), "salt": (5, 7), "beside": beside}
    before = of_spark(spark)
    there = SparkExtract(spark.read.parquet(str(paths["visits"])), "visits", **how)
    here = Extract(paths["visits"], keep="memory", **how)
    query = parse(
        "select r.region, count(*) as n, sum(clip(h.rooms, 0, 9)) as s from visits v left join regions r "
        "on r.code = v.state join homes h on h.person = v.u where h.rooms > 1 group by r.region",
        there.schema, keys={"region": ["east", "south"]},
    )  # fmt: skip
    made = without_noise(plan(query, Price.of(epsilon=1, rho=None, delta=None)))
    assert speak(made, there.ask, "spark") == speak(made, here.ask)
    kept = there.ask(f"SELECT count(*), count(DISTINCT person) FROM {TABLE}_2")
    assert kept == [(80, 80)] and len(there.public) == 1
    there.close()
    here.close()
    assert of_spark(spark) == before
