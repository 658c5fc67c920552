"""Writing a protected table in the form of the original: its format, separator and types of columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.parquet import write_parquet
from confide.inputs.source import Source


def write_table(frame: pl.DataFrame, path: Path, source: Source) -> None:
    """Write a frame as .csv with the original's separator and decimal sign, or as .parquet, by the suffix.

    Text is UTF-8, whatever the original was.
    """
    if path.suffix.lower() == ".csv":
        form = source.form
        comma = form is not None and form.decimal == ","
        frame.write_csv(path, separator="," if form is None else form.separator, decimal_comma=comma)
    else:
        write_parquet(frame, path)


def number_column(values: Array, like: pl.DataType) -> pl.Series:
    """Numbers in the type of a column, where it can hold them; else as whole or fractional numbers.

    >>> number_column(np.array([1.5, 2.0]), pl.Int64()).to_list()
    [1.5, 2.0]
    >>> number_column(np.array([7, 8]), pl.String()).to_list()
    ['7', '8']
    """
    whole = bool(np.all(values == np.floor(values)))
    plain = pl.Series(values.astype(np.int64) if whole else values.astype(np.float64))
    if like == pl.String or not like.is_numeric():
        return plain.cast(pl.String)
    if like.is_float():
        return plain.cast(like)
    fits = whole and plain.cast(like, strict=False).null_count() == 0
    return plain.cast(like) if fits else plain
