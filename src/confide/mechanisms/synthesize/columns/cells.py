"""Cells of a file as steps and categories of a public domain, and back in the types of the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.bounded import worth
from confide.mechanisms.synthesize.columns.categories import Category, Key, text_of
from confide.mechanisms.synthesize.columns.kinds import SECONDS, Column, Date, Integer, Numeric, Real

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of a column, read.

    Args:
        at: int64[n] or float64[n]: steps of a column of numbers, within its bounds; categories by number.
            What stands where a cell is empty means nothing.
        empty: bool[n].
        outside: bool[n], cells that the domain does not know: beyond the bounds, no multiple of the step, not
            listed. `at` has the nearest value there, or 0 for a category.
    """

    at: Array
    empty: Bools
    outside: Bools


def check_type(column: Column, kind: pl.DataType) -> None:
    """Refuse a column of a file whose type cannot hold what the domain says; no value is looked at.

    Raises:
        DataError: with what to say instead.
    """
    text = kind == pl.String or isinstance(kind, pl.Categorical | pl.Enum)
    days = kind == pl.Date or isinstance(kind, pl.Datetime)
    if isinstance(column, Key):
        fits, can = text or kind.is_integer(), "text and whole numbers"
    elif isinstance(column, Category):
        fits, can = text or kind == pl.Boolean or kind.is_numeric(), "text, numbers and truth values"
    elif isinstance(column, Date):
        fits, can = days, "days and times"
    else:
        fits, can = kind.is_numeric(), "numbers"
    if not fits:
        word = type(column).__name__.lower()
        raise DataError(
            f"column {column.name!r:.60} is of type {kind} in the file and kind = {word!r} in the domain, "
            f"which is for {can}: change one of them."
        )
    if isinstance(column, Real) and kind.is_integer():
        raise DataError(
            f"column {column.name!r:.60} holds whole numbers in the file and kind = 'real' in the domain: "
            "say kind = 'integer'."
        )
    if isinstance(column, Real) and isinstance(kind, pl.Decimal) and not column.whole:
        raise DataError(
            f"column {column.name!r:.60} holds numbers of {kind.scale} decimals: say step = "
            f"{10.0**-kind.scale:g}."
        )
    if isinstance(column, Date) and kind == pl.Date and column.every != "day":
        raise DataError(f"column {column.name!r:.60} holds days: leave out every = {column.every!r}.")
    _check_holds(column, kind)


def _check_holds(column: Column, kind: pl.DataType) -> None:
    """Refuse a type that cannot hold each value of the domain."""
    if isinstance(column, Integer) and kind.is_integer():
        wrong = [b for b in (column.low, column.high) if not _holds(kind, b)]
    elif isinstance(column, Category):
        wrong = [label for label in column.labels if not _reads(label, kind)]
    else:
        return
    if wrong:
        raise DataError(
            f"column {column.name!r:.60} is of type {kind} in the file, which cannot hold {wrong[0]!r:.60} "
            "of the domain: correct the domain, or the type."
        )


def _holds(kind: pl.DataType, value: int) -> bool:
    return pl.Series([value], dtype=pl.Int64).cast(kind, strict=False).null_count() == 0


def _reads(label: str, kind: pl.DataType) -> bool:
    if kind == pl.Boolean:
        return label in ("true", "false")
    if isinstance(kind, pl.Enum):
        return label in kind.categories
    if not kind.is_numeric():
        return True
    try:
        return text_of(int(label) if kind.is_integer() else float(label)) == label
    except ValueError:
        return False


def read_cells(column: Category | Numeric, given: pl.Series) -> Cells:
    """The cells of a column whose type was checked."""
    if isinstance(column, Category):
        return _categories(column, given)
    if isinstance(column, Date):
        return _days(column, given)
    return _numbers(column, given)


def _categories(column: Category, given: pl.Series) -> Cells:
    place = {label: i for i, label in enumerate(column.labels)}
    seen = given.unique()
    codes = [-1 if v is None else place.get(text_of(v), -2) for v in seen.to_list()]
    # NaN is no number, and so an empty cell.
    codes = [-1 if isinstance(v, float) and v != v else c for v, c in zip(seen.to_list(), codes, strict=True)]
    key = pl.DataFrame({"value": seen, "code": pl.Series(codes, dtype=pl.Int64)})
    at = (
        given.alias("value")
        .to_frame()
        .join(key, on="value", how="left", nulls_equal=True, maintain_order="left")["code"]
        .to_numpy()
    )
    other = 0 if column.other is None else place[text_of(column.other)]
    return Cells(np.where(at < 0, other, at), at == -1, at == -2)


def _days(column: Date, given: pl.Series) -> Cells:
    empty = given.is_null().to_numpy()
    if given.dtype == pl.Date:
        at = given.to_physical().fill_null(0).cast(pl.Int64).to_numpy()
        at = at * (SECONDS["day"] // SECONDS[column.every])
    else:
        at = given.dt.timestamp("us").fill_null(0).to_numpy() // (SECOND * SECONDS[column.every])
    low, high = column.ends()
    return Cells(np.clip(at, low, high), empty, ((at < low) | (at > high)) & ~empty)


def _numbers(column: Integer | Real, given: pl.Series) -> Cells:
    # Bounds are below 2^52 steps: comparing and clipping as float64 is exact inside of them.
    values = given.cast(pl.Float64).fill_null(np.nan).to_numpy()
    empty = np.isnan(values)
    values = np.where(empty, column.low, values)
    outside = (values < float(column.low)) | (values > float(column.high))
    inside = np.clip(values, float(column.low), float(column.high))
    if not column.whole:
        return Cells(inside, empty, outside & ~empty)
    size, (low, high) = column.size, column.ends()
    steps = np.rint(inside * size.denominator / size.numerator).astype(np.int64)
    if isinstance(column, Integer):  # numbers between two steps are another kind of number
        outside |= steps * size.numerator != inside
    return Cells(np.clip(steps, int(low), int(high)), empty, outside & ~empty)


def plain_type(column: Column) -> pl.DataType:
    """The type of a column of a new file, where no file says it."""
    if isinstance(column, Category):
        kinds = {type(v) for v in column.values}
        if kinds == {bool}:
            return pl.Boolean()
        return pl.Int64() if kinds == {int} else pl.Float64() if kinds <= {int, float} else pl.String()
    if isinstance(column, Date):
        return pl.Date() if column.every == "day" else pl.Datetime("us")
    return pl.Float64() if isinstance(column, Real) else pl.Int64()


def written(column: Category | Numeric, at: Array, empty: Bools, kind: pl.DataType) -> pl.Series:
    """Steps or categories as a column of a file."""
    if isinstance(column, Category):
        made = pl.Series(column.labels).gather(at.astype(np.int64))
        made = (made == "true") if kind == pl.Boolean else made
    elif isinstance(column, Date):
        made = _moments(at.astype(np.int64) * SECONDS[column.every], kind)
    elif isinstance(column, Real) and not column.whole:
        made = pl.Series(_short(column, at) if kind == pl.Float32 else at)
    else:
        made = pl.Series(worth(column, at))
    made = made.cast(kind)
    return (
        made.scatter(np.flatnonzero(empty), None).alias(column.name)
        if empty.any()
        else made.alias(column.name)
    )


def _moments(seconds: Ints, kind: pl.DataType) -> pl.Series:
    if kind == pl.Date:
        return pl.Series(seconds // SECONDS["day"]).cast(pl.Int32).cast(pl.Date)
    made = pl.Series(seconds * SECOND).cast(pl.Datetime("us"))
    zone = getattr(kind, "time_zone", None)
    return made if zone is None else made.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def _short(column: Real, at: Array) -> Array:
    """Numbers in 32 bits, each still in its bin: rounding could leave it."""
    cuts = column.cuts
    codes, short = cuts.codes(at), at.astype(np.float32)
    inner = np.nextafter(short, cuts.middles[codes].astype(np.float32))
    back = np.clip(short.astype(np.float64), *column.ends())
    return np.where((cuts.codes(back) == codes) & (back == short), short, inner)


def fresh(column: Key, n: int, kind: pl.DataType) -> pl.Series:
    """n keys that nobody had: numbers from 1 on, as text with a prefix.

    Raises:
        DataError: if the type holds fewer.
    """
    numbers = pl.Series(column.name, np.arange(1, n + 1))
    if kind.is_integer():
        if not _holds(kind, n):
            raise DataError(f"column {column.name!r:.60} is of type {kind}, too short for {n:,} keys.")
        return numbers.cast(kind)
    return (column.prefix + numbers.cast(pl.String).str.zfill(len(str(n)))).alias(column.name)
