"""Opening an extract: of a file, of a table of PostgreSQL or of Spark, with the tables beside it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.postgresql import is_address
from confide.core.spark import is_in_spark, table_of
from confide.releases.session.beside import Given, beside_of
from confide.releases.session.bounding import fresh_salt
from confide.releases.session.extract import Extract, Keep
from confide.releases.session.server import ServerExtract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from confide.releases.session.spark import SparkExtract


def open_extract(
    data: Path | str | DataFrame,
    *,
    unit: Unit,
    table: str | None = None,
    order: tuple[str, ...] = (),
    keep: Keep = "memory",
    public: Given | None = None,
    second: Given | None = None,
    derived: Mapping[str, str] | None = None,
) -> Extract | ServerExtract | SparkExtract:
    """Cut each person's rows, wherever they are, with a fresh salt.

    Args:
        data, unit, table, order, keep, public, second: as of `confide.private`.
        derived: of a file or a table of PostgreSQL, further columns: a name, and SQL of its database of a
            whole number that is a function of the row alone and cannot fail on it.

    Raises:
        DataError: if a file, a table or a column cannot be used.
    """
    if keep not in ("memory", "file"):
        raise DataError(f"keep is {keep!r:.40}: say 'memory' or 'file'.")
    if order and unit.kind != "person":
        raise DataError(
            "an order says which rows of a person are kept, and the unit is no person: leave it out."
        )
    if (is_address(data) or is_in_spark(data)) and keep != "memory":
        raise DataError("rows of a server are not kept here: leave out keep.")
    salt, beside = fresh_salt(), beside_of(public or {}, second or {})
    if is_in_spark(data):
        frame, name = table_of(data, table)
        from confide.releases.session.spark import SparkExtract  # which needs PySpark

        assert not derived  # the explorer asks no Spark
        return SparkExtract(frame, name, unit=unit, order=order, salt=salt, beside=beside)
    if is_address(data):
        if table is None:
            raise DataError(
                'the database has many tables: name one (--table people, in Python table="people").'
            )
        return ServerExtract(
            str(data), table, unit=unit, order=order, salt=salt, beside=beside, derived=derived
        )
    if table is not None:
        raise DataError("a file is one table: leave out table.")
    assert isinstance(data, str | PathLike)
    return Extract(Path(data), unit=unit, order=order, keep=keep, salt=salt, beside=beside, derived=derived)
