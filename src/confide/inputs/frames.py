"""Pandas frames as polars frames, without importing pandas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.parquet import library_errors


class _Categories(Protocol):
    @property
    def categories(self) -> Sequence[object]: ...


class PandasColumn(Protocol):
    """What is used of a pandas column."""

    @property
    def dtype(self) -> np.dtype[np.generic]: ...
    @property
    def dt(self) -> _Moments: ...
    def to_numpy(self) -> Array: ...
    def to_list(self) -> list[object]: ...
    def isna(self) -> PandasColumn: ...


class _Moments(Protocol):
    """What is used of a pandas column of datetimes."""

    @property
    def tz(self) -> object: ...
    def to_timestamp(self) -> PandasColumn: ...
    def tz_convert(self, zone: str | None) -> PandasColumn: ...


@runtime_checkable
class PandasFrame(Protocol):
    """What is used of a pandas frame."""

    @property
    def columns(self) -> Iterable[object]: ...
    def __getitem__(self, column: object, /) -> PandasColumn: ...


def is_pandas(given: object) -> TypeGuard[PandasFrame]:
    """Whether this is a pandas frame; pandas itself need not be installed."""
    # By name, so that a user without pandas need not install it; a pandas Series has no columns.
    return type(given).__module__.split(".")[0] == "pandas" and hasattr(given, "columns")


def is_pandas_series(given: object) -> TypeGuard[PandasColumn]:
    """Whether this is a pandas series."""
    return (
        type(given).__module__.split(".")[0] == "pandas" and hasattr(given, "isna") and hasattr(given, "dt")
    )


def series_from_pandas(values: PandasColumn) -> pl.Series:
    """A pandas series as a polars series; see `from_pandas`."""
    return _column(values, "labels")


def from_pandas(frame: PandasFrame, *, name: str) -> pl.DataFrame:
    """A pandas frame as a polars frame, column by column; the index is dropped.

    Numbers and datetimes keep their types, and categories that are text keep their order. What pandas calls
    missing (None, NaN in text, NA, NaT) becomes null.

    Raises:
        DataError: if two columns have one name, or a column holds values of several types.
    """
    columns = list(frame.columns)
    # As text: the columns 1 and "1" are two for pandas, and would be one for polars.
    twice = [column for column, count in Counter(map(str, columns)).items() if count > 1]
    if twice:
        raise DataError(f"{name} has two columns called {twice[0]!r}: give each its own name.")
    return pl.DataFrame([_column(frame[c], str(c)).alias(str(c)) for c in columns])


def _column(values: PandasColumn, name: str) -> pl.Series:
    # A period is written as the time when it begins.
    if type(values.dtype).__name__ == "PeriodDtype":
        return _moments(values.dt.to_timestamp())
    missing: Bools = values.isna().to_numpy()
    kind = values.dtype.kind
    # "M" is the letter of numpy for datetimes.
    if kind == "M":
        return _moments(values)
    # Numbers of numpy have no missing values but NaN, which stays; nullable ones are objects if any is NA.
    if kind in "biuf" and (isinstance(values.dtype, np.dtype) or not missing.any()):
        return pl.Series(values.to_numpy())
    plain = [None if gone else v for v, gone in zip(values.to_list(), missing.tolist(), strict=True)]
    categories: _Categories | None = getattr(values, "cat", None)
    try:
        if categories is not None:
            # An Enum keeps the order of categories, and holds text alone.
            names = [c for c in categories.categories if isinstance(c, str)]
            if len(names) == len(categories.categories):
                return pl.Series(plain, dtype=pl.Enum(names))
        return pl.Series(plain, strict=False)
    # Values that are no one type to polars, such as times with and without a zone, or half a character.
    except (*library_errors(), ValueError, OverflowError, TypeError) as error:
        first = in_one_line(error)
        raise DataError(f"column {name!r} cannot be read ({first}): give its values one type.") from error


def _moments(values: PandasColumn) -> pl.Series:
    """Datetimes, with their zone where they have one."""
    zone = values.dt.tz
    if zone is None:
        return _naive(values.to_numpy())
    utc = _naive(values.dt.tz_convert(None).to_numpy()).dt.replace_time_zone("UTC")
    try:
        return utc.dt.convert_time_zone(str(getattr(zone, "key", zone)))
    except pl.exceptions.PolarsError:  # an offset such as UTC+02:00 is no zone to polars; the instant stays
        return utc


def _naive(values: Array) -> pl.Series:
    # Polars knows no datetime64[s], which pandas makes of dates without a time.
    fine = values.dtype in (np.dtype("M8[ms]"), np.dtype("M8[us]"), np.dtype("M8[ns]"))
    return pl.Series(values if fine else values.astype("M8[us]"))
