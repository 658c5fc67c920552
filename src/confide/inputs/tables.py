"""Table reader: a .parquet or .csv file, a polars or a pandas frame, as one polars frame."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.inputs.frames import PandasFrame, from_pandas, is_pandas

Tabular: TypeAlias = str | Path | pl.DataFrame | PandasFrame
Format: TypeAlias = Literal["csv", "parquet", "frame"]

SUFFIXES = (".parquet", ".csv")
SEPARATORS = (",", ";", "\t")
LONGEST_HEADER = 1_000_000
"""Bytes of a first line. A file without line breaks is not read into memory to look at its header."""
LEADING_ZERO = r"^\s*[+-]?0\d"
"""Text such as 007: a code whose zeros mean something. As the number 7 it would be another code."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table and where it came from.

    Args:
        frame: the rows.
        name: what to call it in a message: the file's name, or what the caller calls it.
        format: of the file; "frame" for a frame in memory.
        path: of the file; None for a frame.
        separator: between the values of a csv file; None for other formats.
    """

    frame: pl.DataFrame
    name: str
    format: Format
    path: Path | None = None
    separator: str | None = None


def read_table(given: Tabular, *, name: str, others: Sequence[str] = ()) -> Table:
    """Read a table from a .parquet or .csv file, a polars frame or a pandas frame.

    A csv file has a header, and commas, semicolons or tabs between its values. A column of whole numbers in
    which one has a leading zero, such as 007, is text.

    Args:
        given: the file or the frame.
        name: what to call a frame in messages; a file is called by its name.
        others: further file formats that the caller reads, to be named where the format is wrong.

    Raises:
        DataError: if it is none of these, cannot be read, has two columns of one name, or has no rows.
    """
    if isinstance(given, str | Path):
        table = _from_file(Path(given), others)
    elif isinstance(given, pl.DataFrame):
        table = Table(given, name, "frame")
    elif is_pandas(given):
        table = Table(from_pandas(given, name=name), name, "frame")
    else:
        raise DataError(f"{name} is of type {type(given).__name__}: give a file or a frame.")
    # Rates over nobody would be 0 of 0.
    if not table.frame.height:
        raise DataError(f"{table.name} has no rows: there is nothing to audit.")
    return table


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal, read in pieces.

    Raises:
        DataError: if the file is missing or cannot be opened.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}): check it.") from error


def _from_file(path: Path, others: Sequence[str]) -> Table:
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        *most, last = (*SUFFIXES, *others)
        raise DataError(
            f"{path.name} is not a {', '.join(most)} or {last} file: save the table as one of these."
        )
    try:
        if suffix == ".parquet":
            return Table(pl.read_parquet(path), path.name, "parquet", path)
        separator = _separator(path)
        return Table(_csv(path, separator), path.name, "csv", path, separator)
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror or error}): check it.") from error
    except pl.exceptions.PolarsError as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        # The commonest fault of a csv from a spreadsheet has its own advice.
        todo = "save it as UTF-8" if "utf-8" in first else "save it again"
        raise DataError(f"{path.name} cannot be read as {suffix[1:]} ({first}): {todo}.") from error


def _csv(path: Path, separator: str) -> pl.DataFrame:
    """The rows, types taken from all of them; codes with leading zeros as text."""
    # All rows decide the types: with the first 100 alone, an id with a letter in row 101 would be an error.
    frame = pl.read_csv(path, separator=separator, infer_schema_length=None)
    whole = [column for column, kind in frame.schema.items() if kind.is_integer()]
    if not whole:
        return frame
    # A second pass over the text, in pieces: what was inferred as a number has lost its zeros already.
    text = pl.scan_csv(path, separator=separator, infer_schema=False).select(whole)
    zeros = text.select(pl.all().str.contains(LEADING_ZERO).any()).collect(engine="streaming")
    codes = [column for column in whole if zeros[column][0]]
    if not codes:
        return frame
    # Read again, because the zeros are gone from the frame.
    return pl.read_csv(
        path,
        separator=separator,
        infer_schema_length=None,
        schema_overrides=dict.fromkeys(codes, pl.String),
    )


def _separator(path: Path) -> str:
    """The separator that cuts the header into the most columns; a comma where none cuts it.

    Raises:
        DataError: if two columns have one name.
    """
    with path.open("rb") as opened:
        # utf-8-sig drops the mark that Excel writes before the first column's name.
        header = opened.readline(LONGEST_HEADER).decode("utf-8-sig", errors="replace").rstrip("\r\n")
    cut = {separator: next(csv.reader([header], delimiter=separator), []) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: len(cut[separator]))  # of equals the first: the comma
    # polars would rename the second one without a word, and a user could name the wrong column.
    twice = [column for column, count in Counter(cut[best]).items() if count > 1]
    if twice:
        raise DataError(f"{path.name} has two columns called {twice[0]!r}: give each its own name.")
    return best
