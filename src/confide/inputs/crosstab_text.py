"""Columns as text: the values of variables are compared as they are written."""

from __future__ import annotations

import polars as pl

from confide.core.errors import DataError
from confide.inputs.columns import TRUSTED


def as_text(column: pl.Series, *, file: str) -> pl.Series:
    """The values of a column as text without blanks around them; whole numbers without a decimal point.

    Raises:
        DataError: for a type that is neither text nor a number, as a date or a list.

    >>> as_text(pl.Series("age", [30.0, None]), file="a").to_list()
    ['30', None]
    """
    kind = column.dtype
    plain = kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean) or kind.is_integer() or kind.is_float()
    if not plain:
        raise DataError(f"{file}: column {column.name!r} is of type {kind}: give text or numbers.")
    if kind.is_float():
        # 39.0 and 39 are one value: files write it in either way.
        known = column.drop_nulls()
        if bool((known.is_finite() & (known.abs() < TRUSTED) & (known == known.round())).all()):
            column = column.cast(pl.Int64)
    return column.cast(pl.String).str.strip_chars()
