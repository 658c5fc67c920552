"""Names of tables of Spark, which are read without PySpark."""

from __future__ import annotations

import subprocess
import sys

import pytest

from confide.core.spark import backticked, is_in_spark, is_spark_address


def test_what_is_in_spark() -> None:
    assert is_spark_address("spark:sales.visits") and is_in_spark("SPARK:/data/visits")
    for other in ("visits.parquet", "postgresql://db/people", "sparks:x", 3, None):
        assert not is_spark_address(other) and not is_in_spark(other)


@pytest.mark.parametrize(("name", "quoted"), [("a", "`a`"), ("a`b", "`a``b`"), ("`", "````"), ('"', '`"`')])
def test_a_name_is_one_name(name: str, quoted: str) -> None:
    assert backticked(name) == quoted


def test_pyspark_is_not_imported_before_a_table_of_spark_is_asked_for() -> None:
    script = (
        "import sys, confide, confide.cli.query, confide.releases.session\n"
        "from confide.core.spark import is_in_spark\n"
        "sys.exit(is_in_spark('visits.parquet') or 'pyspark' in sys.modules or 'py4j' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
