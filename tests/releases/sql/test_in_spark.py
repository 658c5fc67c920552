"""Answers in Spark: the very sums of DuckDB, and those of plain loops, whatever the user's session says."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from tests.releases.sql.accepted import ACCEPTED
from tests.releases.sql.people import SCHEMA, TABLES, in_duckdb
from tests.releases.sql.test_answers import assert_right, assert_same

from confide.releases.sql import compiled, group_sums, parse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asking(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The session that a private session asks through, with the tables of people who do not exist."""
    from confide.releases.session.spark import asking as of_spark

    folder, own = tmp_path_factory.mktemp("spark"), of_spark(spark)
    with in_duckdb() as base:
        for name in TABLES:
            path = folder / f"{name}.parquet"
            base.execute(f"COPY {name} TO '{path}' (FORMAT parquet)")
            own.read.parquet(str(path)).createTempView(name)
    return own


def test_spark_has_the_very_sums_of_duckdb(asking: SparkSession) -> None:
    """DuckDB's are those of PostgreSQL, by `test_answers.py`."""

    def ask(statement: str) -> list[Any]:
        return [tuple(row) for row in asking.sql(statement).collect()]

    with in_duckdb() as duck:
        for text, keys in ACCEPTED:
            query = parse(text, SCHEMA, keys=keys)
            there = group_sums(query, ask, "spark")
            assert_same(there, group_sums(query, lambda s: duck.execute(s).fetchall(), "duckdb"), text)
            assert_right(query, there)


def test_a_twin_that_sums_in_64_bits_is_stopped(asking: SparkSession) -> None:
    """So the data of the test above need more, and what would wrap without ANSI mode is an error."""
    from pyspark.errors import ArithmeticException

    query = parse("select sum(clip(big, -4611686018427387904, 4611686018427387904)) from people", SCHEMA)
    text = compiled(query, "spark").replace("DECIMAL(38, 0)", "BIGINT")
    assert text != compiled(query, "spark")
    with pytest.raises(ArithmeticException):
        asking.sql(text).collect()


def test_names_and_literals_hold_anything(asking: SparkSession) -> None:
    """A name is one column, and a literal one value; 200 texts drawn from the signs that mean something."""
    from sqlglot import exp

    from confide.releases.sql.expressions import literal

    draw = Random(1)
    signs = ["'", '"', "`", "\\", "${spark.app.name}", "%", "_", "u004e", "x'00'", ";", "--", "/*", "\n",
             "\t", "\x1a", "é", "👩", " ", ":p", "?", "{}"]  # fmt: skip
    texts = ["", *("".join(draw.choices(signs, k=draw.randint(1, 6))) for _ in range(200))]
    names = [f"{i}{text}" for i, text in enumerate(texts)]
    parts = [exp.alias_(literal(t, "spark"), n, quoted=True) for t, n in zip(texts, names, strict=True)]
    found = asking.sql(exp.select(*parts).sql("spark"))
    assert found.columns == names
    assert list(found.collect()[0]) == texts
