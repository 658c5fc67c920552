"""Tables of what people did: read, and their columns turned into codes, with errors that name the rows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError

SHOWN = 5
"""So many of the rows that are wrong are named."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as codes.

    Args:
        codes: int64[n], the place of each value in `labels`.
        labels: the distinct values, sorted.
    """

    codes: Ints
    labels: pl.Series


def read_table(given: Any, *, name: str) -> tuple[pl.DataFrame, str]:
    """A frame from a .parquet or .csv file, a polars or a pandas frame; and what to call it.

    Raises:
        DataError: if it is none of these, cannot be read, or has no rows.
    """
    if isinstance(given, str | Path):
        path = Path(given)
        frame, name = _from_file(path), path.name
    elif isinstance(given, pl.DataFrame):
        frame = given
    elif type(given).__module__.split(".")[0] == "pandas" and hasattr(given, "columns"):
        frame = pl.DataFrame({str(c): given[c].to_numpy() for c in given.columns}, strict=False)
    else:
        raise DataError(f"{name} is of type {type(given).__name__}: give a file or a frame.")
    if not frame.height:
        raise DataError(f"{name} has no rows: there is nothing to audit.")
    return frame, name


def _from_file(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise DataError(f"{path.name} is not a .parquet or .csv file: save the table as one of these.")
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path.name} cannot be read ({first}): save it again.") from error


def need(frame: pl.DataFrame, columns: Sequence[str], *, name: str) -> None:
    """Are these columns there, without holes?

    Raises:
        DataError: with the nearest names for a column that is not, or the rows that are empty.
    """
    for column in columns:
        if column not in frame.columns:
            near = difflib.get_close_matches(column, frame.columns, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(map(repr, near))}? It has" if near else "it has"
            raise DataError(f"{name} has no column {column!r}: {hint} {', '.join(frame.columns)}.")
        empty = frame[column].is_null()
        if frame[column].dtype.is_float():
            empty = empty | frame[column].is_nan()
        if empty.any():
            raise DataError(
                f"{name}: column {column!r} is empty in {named_rows(empty)}: fill it in, or drop these rows."
            )


def named_rows(wrong: pl.Series) -> str:
    """The first rows under a mask by their number, counted from 1, and how many more there are.

    >>> named_rows(pl.Series([False, True, True]))
    'rows 2, 3'
    >>> named_rows(pl.Series([True] * 7))
    'rows 1, 2, 3, 4, 5 and 2 more'
    """
    at = (wrong.arg_true() + 1).to_list()
    more = f" and {len(at) - SHOWN:,} more" if len(at) > SHOWN else ""
    return f"row{'s' * (len(at) > 1)} {', '.join(map(str, at[:SHOWN]))}{more}"


def coded(column: pl.Series, *, labels: pl.Series | None = None) -> Coded:
    """The column as codes into its sorted distinct values, or into `labels` where these are given.

    Raises:
        DataError: for a value that is not among the given labels.

    >>> found = coded(pl.Series("user", ["b", "a", "b"]))
    >>> found.codes.tolist(), found.labels.to_list()
    ([1, 0, 1], ['a', 'b'])
    """
    values = column.unique().sort() if labels is None else labels
    key = pl.DataFrame({"value": values, "code": pl.arange(0, len(values), eager=True)})
    codes = column.to_frame("value").join(key, on="value", how="left", maintain_order="left")["code"]
    if codes.null_count():
        lost = column.filter(codes.is_null())
        raise DataError(f"column {column.name!r} holds {lost[0]!r}, which is not among the known values.")
    return Coded(codes.to_numpy().astype("int64"), values)


def numbers(frame: pl.DataFrame, column: str, *, name: str) -> Floats:
    """A column of finite numbers, float64[n].

    Raises:
        DataError: if it holds anything else; the rows are named.
    """
    cast = frame[column].cast(pl.Float64, strict=False)
    wrong = cast.is_null() | ~cast.is_finite().fill_null(False)
    if wrong.any():
        first = frame[column].filter(wrong)[0]
        raise DataError(
            f"{name}: column {column!r} is no number in {named_rows(wrong)} ({first!r}): mend or drop these."
        )
    return cast.to_numpy()
