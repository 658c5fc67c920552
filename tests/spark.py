"""A real Spark for tests: one local session for all of them, with tables read from parquet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "1",
    # For tables of some rows: no second compiler, no second plan.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    # What a user's session may say, and no answer may depend on.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "Pacific/Apia",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.legacy.exponentLiteralAsDecimal.enabled": "true",
}


def needed() -> None:
    """Skip a test where there is no Spark; in continuous integration that is an error."""
    why = ""
    if find_spec("pyspark") is None:
        why = "no PySpark: pip install 'confide[spark]'"
    elif not java():
        why = "no Java on this machine, which Spark runs in"
    if why and os.environ.get("CI") == "true":
        pytest.fail(why)
    if why:
        pytest.skip(why)


def java() -> bool:
    """Whether there is a Java."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java") is not None or (home is not None and Path(home, "bin", "java").exists())


@contextmanager
def local_spark() -> Generator[SparkSession]:
    """A session of Spark in a process of its own, with one core."""
    from pyspark.sql import SparkSession

    with TemporaryDirectory(prefix="spark") as room:
        builder = SparkSession.builder.master("local[1]").appName("tests")
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        for name in ("spark.local.dir", "spark.sql.warehouse.dir"):
            builder = builder.config(name, str(Path(room, name)))
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("OFF")
        try:
            yield spark
        finally:
            spark.stop()
