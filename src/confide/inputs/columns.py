"""Column checks: columns that must be there, ids as codes, and numbers, with errors that name the rows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.parquet import library_errors

WORDS = ("", "?", "NA", "N/A", "n/a", "na", "<NA>", "#N/A", "nan", "NaN", "NAN", "NaT", "null", "NULL")
"""Text that stands for a missing value. Not "None", which is an answer in many tables."""
TRUSTED = 2.0**53
"""Whole numbers that float64 tells apart are smaller."""
WHOLE = r"^-?(?:0|[1-9][0-9]{0,17})$"
"""Whole numbers as text that int64 gives back as they were."""
SHOWN = 5
"""How many wrong rows a message names. A message stays one sentence even if every row is wrong."""

LONGEST = 60
"""Characters of a value in a message."""
MOST_NAMED = 12
"""Columns that a message names."""
HELD_BY_PYTHON = (-62_135_596_800_000, 253_402_300_799_999)
"""Milliseconds from 1970 to the first and the last moment of its years 1 to 9999."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as codes.

    Args:
        codes: int64[n], the position of each value in `labels`.
        labels: the distinct values, sorted.
    """

    codes: Ints
    labels: pl.Series


def need(frame: pl.DataFrame, columns: Sequence[str], *, name: str) -> None:
    """Check that these columns exist and have no empty cells.

    Raises:
        DataError: with the nearest names for a column that does not exist, or the rows that are empty.
    """
    for column in columns:
        if column not in frame.columns:
            # 0.4 is looser than difflib's own 0.6: "lat" is to propose "latitude".
            near = difflib.get_close_matches(column, frame.columns, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(map(repr, near))}? It has" if near else "it has"
            raise DataError(f"{name} has no column {column!r}: {hint} {listed(frame.columns)}.")
        empty = missing(frame[column])
        if empty.any():
            raise DataError(
                f"{name}: column {column!r} is empty in {named_rows(empty)}: fill it in, or drop these rows."
            )


def need_ids(frame: pl.DataFrame, columns: Sequence[str], *, name: str) -> None:
    """Check that these columns exist, have no empty cells, and hold ids: text or numbers.

    Raises:
        DataError: as `need`, or for a column of another type, such as a list or a truth value.
    """
    need(frame, columns, name=name)
    for column in columns:
        kind = frame[column].dtype
        if kind.is_float() and (beyond := frame[column].abs() >= TRUSTED).any():
            raise DataError(
                f"{name}: column {column!r} holds ids as floats beyond 2^53 in {named_rows(beyond)}, where "
                "two of them can be one number: save the ids as text or as whole numbers."
            )
        # A truth value as an id would mean two people; a list cannot be joined on.
        if not (kind.is_numeric() or kind in (pl.String, pl.Categorical, pl.Enum)):
            raise DataError(f"{name}: column {column!r} is of type {kind}: give ids as text or numbers.")


def missing(column: pl.Series) -> pl.Series:
    """Which values are missing, bool[n]: null, NaN, and text that is blank or one of `WORDS`.

    >>> missing(pl.Series([1.0, None, float("nan")])).to_list()
    [False, True, True]
    >>> missing(pl.Series(["a", " ", "NA", "?", "None"])).to_list()
    [False, True, True, True, False]
    """
    empty = column.is_null()
    if column.dtype.is_float():
        return empty | column.is_nan().fill_null(False)
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return empty
    return empty | column.cast(pl.String).str.strip_chars().is_in(WORDS).fill_null(False)


def named_rows(wrong: pl.Series) -> str:
    """The numbers of the first rows under a mask, counted from 1, and how many more there are.

    >>> named_rows(pl.Series([False, True, True]))
    'rows 2, 3'
    >>> named_rows(pl.Series([True] * 7))
    'rows 1, 2, 3, 4, 5 and 2 more'
    """
    # From 1 on, as people count rows; the header of a csv is not counted.
    at = (wrong.arg_true() + 1).to_list()
    more = f" and {len(at) - SHOWN:,} more" if len(at) > SHOWN else ""
    return f"row{'s' * (len(at) > 1)} {', '.join(map(str, at[:SHOWN]))}{more}"


def first_of(column: pl.Series, which: pl.Series | None = None) -> str:
    """The first value of a column, or under a mask, as a message shows it: cut short, and no error.

    >>> first_of(pl.Series(["a", "b" * 90]), pl.Series([False, True]))
    "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb..."
    """
    one = (column if which is None else column.filter(which)).head(1)
    if isinstance(one.dtype, pl.Datetime):
        # Python holds fewer years than polars, which ends in a panic there.
        one = one.dt.cast_time_unit("ms").dt.replace_time_zone(None)
        inside = one.dt.epoch("ms").is_between(*HELD_BY_PYTHON).all()
        one = one if inside else one.dt.epoch("ms")
    if one.dtype == pl.Date:
        days = one.to_physical()
        first, last = (milliseconds // 86_400_000 for milliseconds in HELD_BY_PYTHON)
        one = one if days.is_between(first, last).all() else days
    try:
        text = repr(one[0])
    except (ValueError, OverflowError, *library_errors()):  # a list may hold such times too
        text = f"one that is no {column.dtype} of Python"
    return text if len(text) < LONGEST else text[: LONGEST - 3] + "..."


def listed(names: Sequence[str]) -> str:
    """The first names of many: a table may have 10,000 columns."""
    more = t(" and {n:,} more", n=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
    return ", ".join(name if len(name) < LONGEST else name[:LONGEST] for name in names[:MOST_NAMED]) + more


def coded(column: pl.Series, *, labels: pl.Series | None = None) -> Coded:
    """The column as codes into its sorted distinct values, or into `labels` where these are given.

    Raises:
        DataError: for a value that is not among the given labels.

    >>> found = coded(pl.Series("user", ["b", "a", "b"]))
    >>> found.codes.tolist(), found.labels.to_list()
    ([1, 0, 1], ['a', 'b'])
    """
    values = in_order(column.unique()) if labels is None else labels
    # A join of polars instead of a dict: a table may have a hundred million rows.
    key = pl.DataFrame({"value": values, "code": pl.arange(0, len(values), eager=True)})
    codes = column.to_frame("value").join(key, on="value", how="left", maintain_order="left")["code"]
    if codes.null_count():
        lost = column.filter(codes.is_null())
        raise DataError(
            f"column {column.name!r} holds {first_of(lost)}, which is not among the known values."
        )
    return Coded(codes.to_numpy().astype("int64"), values)


def in_order(values: pl.Series) -> pl.Series:
    """Distinct values, sorted; text that holds whole numbers alone in the order of the numbers.

    The order of ids decides which of them are drawn at random. So it must not depend on whether a file holds
    them as numbers or as text.

    >>> in_order(pl.Series(["10", "9", "-1"])).to_list(), in_order(pl.Series(["10", "9", "07"])).to_list()
    (['-1', '9', '10'], ['07', '10', '9'])
    """
    if values.dtype == pl.String and values.str.contains(WHOLE).all():
        return values.gather(values.cast(pl.Int64).arg_sort())
    return values.sort()


def numbers(frame: pl.DataFrame, column: str, *, name: str) -> Floats:
    """A column of finite numbers, float64[n]; numbers written as text count.

    Raises:
        DataError: if it holds anything else; the rows are named.
    """
    given = frame[column]
    kind = given.dtype
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)):
        raise DataError(f"{name}: column {column!r} is of type {kind}: give numbers.")
    if kind in (pl.Categorical, pl.Enum):  # cast to numbers, these would give the codes and not the text
        given = given.cast(pl.String)
    cast = given.cast(pl.Float64, strict=False)
    # A null is not finite either, but `is_finite` answers it with null.
    wrong = cast.is_null() | ~cast.is_finite().fill_null(False)
    if wrong.any():
        first = first_of(given, wrong)
        raise DataError(
            f"{name}: column {column!r} is no number in {named_rows(wrong)} ({first}): correct or drop "
            "these rows."
        )
    return cast.to_numpy()
