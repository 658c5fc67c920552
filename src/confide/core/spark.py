"""Tables of Spark as a user names them: a DataFrame, spark:TABLE, or spark:FOLDER of parquet files.

Nothing here imports PySpark before a table of Spark is asked for.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from confide.core.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEME = "spark:"
HOW = "write spark:TABLE, such as spark:sales.visits, or spark:FOLDER of parquet files"


def is_spark_address(given: object) -> bool:
    """Whether this names a table of Spark.

    >>> is_spark_address("spark:sales.visits"), is_spark_address("visits.parquet")
    (True, False)
    """
    return isinstance(given, str) and given.lower().startswith(SCHEME)


def is_in_spark(given: object) -> bool:
    """Whether this is a table of Spark, or names one."""
    if is_spark_address(given):
        return True
    if "pyspark" not in sys.modules:  # then nothing is a DataFrame of it
        return False
    from pyspark.sql import DataFrame

    return isinstance(given, DataFrame)


def table_of(given: object, name: str | None) -> tuple[DataFrame, str]:
    """The table, and what queries call it.

    Args:
        given: a DataFrame, or a text that begins with `spark:`.
        name: what queries call it; None takes the last part of the text.

    Raises:
        DataError: if there is none, or Spark does not start.
    """
    if find_spec("pyspark") is None:
        raise DataError("Spark needs PySpark and Java: pip install 'confide[spark]'.")
    from py4j.protocol import Py4JError  # pyright: ignore[reportMissingTypeStubs]
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame
    from pyspark.sql.classic.dataframe import DataFrame as Classic

    if isinstance(given, DataFrame):
        if name is None:
            raise DataError('a DataFrame has no name for queries to call it by: give table="visits".')
        frame = given
    else:
        place = str(given)[len(SCHEME) :]
        if not place.strip():
            raise DataError(f"{given} names no table: {HOW}.")
        if place.startswith("//"):
            raise DataError(
                f"{given!s:.90} is the address of a master: name it as spark.master in spark-defaults.conf, "
                f"and {HOW}."
            )
        try:
            spark = _started()
            frame = spark.read.parquet(place) if "/" in place else spark.table(place)
        except (PySparkException, Py4JError, OSError) as error:
            raise DataError(
                f"Spark does not open {place!r:.90} ({said(error)}): {HOW}; Spark itself needs Java 17 or "
                "later."
            ) from None
        name = name or _called(place)
    # Over Spark Connect neither the copy nor its end has been tested.
    if not isinstance(frame, Classic) or frame.isStreaming:
        raise DataError(
            "the table is a stream, or comes over Spark Connect: give a DataFrame of a session without it."
        )
    return frame, name


def backticked(name: str) -> str:
    """A name of a table or column, as Spark has it.

    >>> backticked("a `b`")
    '`a ``b```'
    """
    return "`" + name.replace("`", "``") + "`"


def said(error: BaseException) -> str:
    """What kind of error this is; what Spark says of it may hold a cell, and is not repeated."""
    from pyspark.errors import PySparkException

    condition = error.getCondition() if isinstance(error, PySparkException) else None
    return condition or type(error).__name__


def _started() -> SparkSession:
    """The session of Spark that there is, or a new one without a page, and without logs once it has started.

    Both would show exact numbers of rows, and the log of an error can hold a cell.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if SparkContext._active_spark_context is not None:  # pyright: ignore[reportPrivateUsage]
        return SparkSession.builder.getOrCreate()
    builder = SparkSession.builder.appName("confide")
    for setting in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(setting, "false")
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def _called(place: str) -> str:
    last = place.rstrip("/").rsplit("/", 1)[-1] if "/" in place else place.rsplit(".", 1)[-1]
    return last.removesuffix(".parquet").strip("`")
