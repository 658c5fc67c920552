"""Cells of a csv file of records, each read by the public schema and by itself.

The types of a csv file can be guessed from all of its rows. Then one row decides how every other one is read:
with the word unknown added, a column of truth values is text, and no record's "True" is the schema's true any
more. A model that is to hide any one record must not be trained so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from confide.inputs.domain_cells import read_rows
from confide.inputs.public_schema import PublicSchema
from confide.mechanisms.learn.public_columns import Categories
from confide.mechanisms.synthesize.columns.categories import text_of


def read_public_rows(path: Path, public: PublicSchema, *, label: str) -> pl.DataFrame:
    """The rows of a file; of a csv file the columns of the schema with its types, and others as text.

    A cell that is no number where the schema has bounds is missing, as an empty one.

    Args:
        path: of the file.
        public: bounds, categories and labels.
        label: the column of the labels.

    Raises:
        DataError: if it cannot be read.
    """
    frame = read_rows(path)
    if path.suffix.lower() != ".csv":
        return frame
    made: list[pl.Series] = []
    for name, column in public.columns.columns.items():
        if name in frame.columns:
            levels = column.levels if isinstance(column, Categories) else None
            made.append(_number(frame[name]) if levels is None else _category(frame[name], levels))
    if label in frame.columns:
        made.append(_category(frame[label], public.classes))
    return frame.with_columns(made)


def _number(text: pl.Series) -> pl.Series:
    return text.str.strip_chars().cast(pl.Float64, strict=False)


def _category(text: pl.Series, levels: Sequence[Any]) -> pl.Series:
    """Cells of the type of the levels; one that is none of them stays none of them.

    >>> _category(pl.Series("a", [" True", "FALSE", "x"]), (True, False)).to_list()
    [True, False, None]
    >>> _category(pl.Series("a", ["1", "2.0", "x"]), (1, 2)).to_list()
    [1.0, 2.0, None]
    """
    if all(isinstance(level, bool) for level in levels):
        plain = text.str.strip_chars().str.to_lowercase()
        return plain.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels):
        return _number(text)
    known = {text_of(level) for level in levels if isinstance(level, str)}
    plain = text.str.strip_chars()
    listed = pl.Series(text.name, plain.is_in(list(known)) & ~text.is_in(list(known)))
    return pl.select(pl.when(listed).then(plain).otherwise(text).alias(text.name)).to_series()
