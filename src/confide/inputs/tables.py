"""Table reader: a .parquet or .csv file, a polars or a pandas frame, as one polars frame."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeGuard, cast

import polars as pl

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.parquet import library_errors, read_parquet
from confide.core.paths import is_there
from confide.inputs.csv_files import CsvForm, read_csv
from confide.inputs.frames import PandasFrame, from_pandas, is_pandas
from confide.inputs.reading import Reading

Tabular: TypeAlias = str | Path | pl.DataFrame | PandasFrame
Format: TypeAlias = Literal["csv", "parquet", "frame"]

SUFFIXES = (".parquet", ".csv")
AS_FOUND = Reading()
"""The reading where the user says nothing: everything is recognised."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table and where it came from.

    Args:
        frame: the rows.
        name: what to call it in a message: the file's name, or what the caller calls it.
        format: of the file; "frame" for a frame in memory.
        path: of the file; None for a frame.
        form: how a csv file is written; None for other formats.
    """

    frame: pl.DataFrame
    name: str
    format: Format
    path: Path | None = None
    form: CsvForm | None = None

    @property
    def separator(self) -> str | None:
        """What stands between the values of a csv file; None for other formats."""
        return None if self.form is None else self.form.separator


def read_table(
    given: Tabular,
    *,
    name: str,
    others: Sequence[str] = (),
    reading: Reading = AS_FOUND,
    ids: Container[str] = (),
) -> Table:
    """Read a table from a .parquet or .csv file, a polars frame or a pandas frame.

    A csv file is UTF-8 or UTF-16. It has a header, and commas, semicolons, tabs or bars (|) between its
    values. Numbers of which one is written as a code, such as 007, are text; so are ids that a number would
    change.

    Args:
        given: the file or the frame.
        name: what to call a frame in messages; a file is called by its name.
        others: further file formats that the caller reads, to be named where the format is wrong.
        reading: what the user says about the file.
        ids: columns that name people, items or places.

    Raises:
        DataError: if it is none of these, cannot be read, has two columns of one name, or has no rows.
    """
    if isinstance(given, str | Path):
        table = _from_file(Path(given), others, reading, ids)
    elif is_table(given):
        table = Table(_frame(given, name=name), name, "frame")
    else:
        raise DataError(f"{name} is of type {type(given).__name__}: give a file or a frame.")
    # Rates over nobody would be 0 of 0.
    if not table.frame.height:
        raise DataError(f"{table.name} has no rows: give a file with one record or more.")
    return table


def is_table(given: object) -> TypeGuard[pl.DataFrame | PandasFrame]:
    """Whether this is a frame of polars or pandas, or a table of Arrow."""
    if isinstance(given, pl.DataFrame | pl.LazyFrame) or is_pandas(given):
        return True
    return hasattr(given, "__arrow_c_stream__") and hasattr(given, "column_names")


def _frame(given: pl.DataFrame | PandasFrame, *, name: str) -> pl.DataFrame:
    if isinstance(given, pl.DataFrame):
        return given
    if is_pandas(given):
        return from_pandas(given, name=name)
    try:
        made = given.collect() if isinstance(given, pl.LazyFrame) else pl.DataFrame(cast(Any, given))
    except library_errors() as error:
        first = in_one_line(error)
        raise DataError(f"{name} cannot be read as a table ({first}): give a frame or a file.") from error
    assert isinstance(made, pl.DataFrame)
    return made


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal, read in pieces.

    Raises:
        DataError: if the file is missing or cannot be opened.
    """
    if not is_there(path):
        raise DataError(f"{path} does not exist: check the path.")
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}): check it.") from error


def _from_file(path: Path, others: Sequence[str], reading: Reading, ids: Container[str]) -> Table:
    if not is_there(path):
        raise DataError(f"{path} does not exist: check the path.")
    if path.is_dir():
        raise DataError(
            f"{path} is a folder, and a table is one file: join its files first, in Python with "
            f"polars.scan_parquet('{path}/*.parquet').sink_parquet('table.parquet')."
        )
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        *most, last = (*SUFFIXES, *others)
        raise DataError(
            f"{path.name} is not a {', '.join(most)} or {last} file: save the table as one of these."
        )
    try:
        if suffix == ".parquet":
            return Table(read_parquet(path), path.name, "parquet", path)
        frame, form = read_csv(path, reading, ids=ids)
        return Table(frame, path.name, "csv", path, form)
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is no {error.encoding.upper()} text: save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror or error}): check it.") from error
    except library_errors() as error:
        first = in_one_line(error)
        # The commonest fault of a csv from a spreadsheet has its own advice.
        if "utf-8" in first:
            first, todo = "it is no UTF-8, rather Latin-1 or Windows-1252", "save it as UTF-8"
        else:
            todo = "save it again"
        raise DataError(f"{path.name} cannot be read as {suffix[1:]} ({first}): {todo}.") from error
