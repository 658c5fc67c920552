"""Cells of a file that are text, each read by its domain and by itself.

The types of a csv file, the form of its dates and its decimal sign can be guessed from all of its rows.
Then one row decides how every other one is read, and no promise about one row holds: with the word unknown
added, a column of truth values is text, and nobody's "True" is the domain's "true" any more. So nothing is
guessed here: what a cell is worth follows from this cell and from the domain.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from confide.core.errors import DataError
from confide.inputs.columns import missing, named_rows
from confide.inputs.csv_files import form_of
from confide.inputs.reading import Reading
from confide.inputs.tables import read_table
from confide.mechanisms.synthesize.columns.categories import Category, Key, text_of
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.kinds import Date, Numeric

ISO = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


def read_rows(path: Path) -> pl.DataFrame:
    """The rows of a file: of a csv file as text, of others with the types that they say.

    Raises:
        DataError: if it cannot be read.
    """
    if path.suffix.lower() != ".csv":
        return read_table(path, name="data").frame
    form = form_of(path, Reading())
    try:
        return form.text(form.names())
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} is no table in csv: check its separators and quotation marks.") from error


def prepared(frame: pl.DataFrame, domain: PublicDomain) -> pl.DataFrame:
    """A table as a domain reads it: cells of text are numbers, days or categories, each by itself.

    Words for missing values are empty cells; a word such as NA that a category lists stays a category. Days
    are written as 2020-12-31, moments as 2020-12-31 23:59:00.

    Raises:
        DataError: for cells that are no number or no day where the domain says so: how many, for their owner.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> people = PublicDomain((Category("ill", (True, False), nulls=True), Integer("age", 0, 99)))
    >>> prepared(pl.DataFrame({"ill": [" True", "?"], "age": ["7", "8.0"]}), people).rows()
    [('true', 7.0), (None, 8.0)]
    """
    made: list[pl.Series] = []
    for column in domain.columns:
        if column.name not in frame.columns or isinstance(column, Key):
            continue
        given = frame[column.name]
        if isinstance(given.dtype, pl.Categorical | pl.Enum):
            given = given.cast(pl.String)
        if given.dtype == pl.String:
            made.append(_category(column, given) if isinstance(column, Category) else _number(column, given))
    return frame.with_columns(made)


def _category(column: Category, given: pl.Series) -> pl.Series:
    """The listed category that each cell is, as text; other cells as they are."""
    labels = set(column.labels)
    truths = all(isinstance(value, bool) for value in column.values)
    numbers = all(isinstance(value, int | float) for value in column.values)

    def read(text: str) -> str:
        plain = text.strip()
        if text in labels or plain in labels:
            return text if text in labels else plain
        if truths:
            return plain.lower()
        try:
            return text_of(float(plain)) if numbers else text
        except (ValueError, OverflowError):
            return text

    words = given.drop_nulls().unique()
    listed = words.is_in(list(labels)) | words.str.strip_chars().is_in(list(labels))
    empty = missing(words) & ~listed
    to = {word: None if gone else read(word) for word, gone in zip(words, empty, strict=True)}
    return given.replace_strict(to, default=None, return_dtype=pl.String) if len(to) else given


def _number(column: Numeric, given: pl.Series) -> pl.Series:
    """Numbers as float64, or days and moments."""
    name = column.name
    text = (
        given.to_frame(name).select(pl.when(~missing(given)).then(pl.col(name).str.strip_chars())).to_series()
    )
    if isinstance(column, Date):
        kind = pl.Date if column.every == "day" else pl.Datetime("us")
        read = [pl.col(name).str.to_datetime(form, strict=False, time_unit="us") for form in ISO[1:]]
        days = pl.col(name).str.to_date(ISO[0], strict=False).cast(pl.Datetime("us"))
        made = text.to_frame(name).select(pl.coalesce(days, *read).cast(kind)).to_series()
        what = "no day as 2020-12-31"
    else:
        made, what = text.cast(pl.Float64, strict=False), "no number"
    lost = made.is_null() & text.is_not_null()
    if lost.any():
        raise DataError(f"column {name!r:.60} is {what} in {int(lost.sum()):,} cells ({named_rows(lost)}).")
    return made.alias(name)
