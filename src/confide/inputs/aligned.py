"""Tables that are compared: the same columns, read in the same way, and what is said about the reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from confide.core.language import later, t
from confide.inputs.columns import missing
from confide.inputs.records import RawRecords, same_columns

TEXT = (pl.String, pl.Categorical, pl.Enum)
SAID = 20
"""How many columns are named in a sentence."""


def aligned(sheets: Sequence[RawRecords]) -> list[RawRecords]:
    """Records with the columns of the first, each of one type in all of them.

    A csv file cannot say its types. So where a column is text in one file, it is text in all; and whole
    numbers are the same as numbers with a fraction.

    Raises:
        DataError: if the files differ in columns, or in types that no reading makes the same.
    """
    frames = [s.x for s in sheets if isinstance(s.x, pl.DataFrame)]
    if len(frames) == len(sheets):
        # By set: a table may have 10,000 columns.
        shared = set(frames[0].columns).intersection(*(f.columns for f in frames[1:]))
        for column in filter(shared.__contains__, frames[0].columns):
            sheets = _alike(sheets, column)
    return [sheets[0], *(same_columns(sheets[0], other) for other in sheets[1:])]


def as_text(sheet: RawRecords, columns: Sequence[str]) -> RawRecords:
    """The records with columns as text: of a csv file as it is written, else as numbers are printed."""
    assert isinstance(sheet.x, pl.DataFrame)
    given = [c for c in columns if sheet.x.schema[c] != pl.String]
    if not given:
        return sheet
    if sheet.form is not None:
        return replace(sheet, x=sheet.x.with_columns(sheet.form.text(given)))
    return replace(sheet, x=sheet.x.with_columns(printed(sheet.x[c]) for c in given))


def printed(column: pl.Series) -> pl.Series:
    """A column as text; whole numbers without a fraction, as they are in most files.

    >>> printed(pl.Series([7.0, None])).to_list(), printed(pl.Series([7.5, 8.0])).to_list()
    (['7', None], ['7.5', '8.0'])
    """
    if column.dtype.is_float():
        known = column.fill_nan(None).drop_nulls()
        if (known == known.floor()).all() and (known.abs() < 2.0**53).all():
            return column.fill_nan(None).cast(pl.Int64).cast(pl.String)
    return column.cast(pl.String)


def reading_said(sheet: RawRecords) -> list[str]:
    """How the columns of the records were read, and how many values are missing, in sentences."""
    if not isinstance(sheet.x, pl.DataFrame):
        return []
    columns = [t("{column} {kind}", column=c, kind=t(_word(kind))) for c, kind in sheet.x.schema.items()]
    kind = sheet.y.dtype.kind
    labels = t("numbers") if kind in "iuf" else t("yes or no") if kind == "b" else t("text")
    form = "" if sheet.form is None else f" ({sheet.form.words()})"
    said = [
        t(
            "Read as{form}: {columns}; the labels are {labels}.",
            form=form,
            columns=_some(columns),
            labels=labels,
        )
    ]
    gone = {values.name: int(missing(values).sum()) for values in sheet.x}
    holes = [f"{c} {count:,}" for c, count in gone.items() if count]
    if holes:
        said.append(
            t(
                "Missing values (empty, blank, NA, nan or ?) in {table}: {columns} of {n:,}.",
                table=sheet.name,
                columns=_some(holes),
                n=len(sheet),
            )
        )
    return said


def _alike(sheets: Sequence[RawRecords], column: str) -> list[RawRecords]:
    """The records with this column of one type, where a reading makes it so."""
    given = [_column(sheet, column) for sheet in sheets]
    # A column without any value has no type of its own.
    kinds = [s.dtype for s in given if s.null_count() < len(s)] or [given[0].dtype]
    if any(kind in TEXT for kind in kinds):
        return _as_text(sheets, given, column)
    if all(kind.is_numeric() for kind in kinds):
        whole = all(kind.is_integer() and kind != pl.UInt64 for kind in kinds)
        same = len(set(kinds)) == 1 and not kinds[0].is_decimal()
        target = kinds[0] if same else pl.Int64() if whole else pl.Float64()
    elif len(set(kinds)) == 1:
        target = kinds[0]
    else:
        return list(sheets)  # refused by `same_columns`
    return [_with(sheet, s.cast(target)) for sheet, s in zip(sheets, given, strict=True)]


def _as_text(sheets: Sequence[RawRecords], given: Sequence[pl.Series], column: str) -> list[RawRecords]:
    found: list[RawRecords] = []
    for sheet, values in zip(sheets, given, strict=True):
        empty = values.null_count() == len(values)
        if empty or values.dtype in TEXT:
            found.append(_with(sheet, values.cast(pl.String)) if empty else sheet)
        else:
            # Numbers of another format may have lost their zeros: those are refused.
            found.append(sheet if sheet.form is None else as_text(sheet, [column]))
    columns = [_column(sheet, column) for sheet in found]
    ranked = [s for s in columns if s.dtype in (pl.Categorical, pl.Enum)]
    if not ranked or any(s.dtype not in TEXT for s in columns):
        return found
    # The members' categories first: codes are those of the model's training, never of a batch.
    names = pl.concat([_categories(s) for s in columns]).unique(maintain_order=True)
    return [_with(s, c.cast(pl.String).cast(pl.Enum(names))) for s, c in zip(found, columns, strict=True)]


def _categories(column: pl.Series) -> pl.Series:
    """The categories in their order: of an Enum as declared, else sorted, as pandas sorts them."""
    if isinstance(column.dtype, pl.Enum):
        return column.dtype.categories.cast(pl.String).alias("")
    return column.cast(pl.String).drop_nulls().unique().sort().alias("")


def _column(sheet: RawRecords, column: str) -> pl.Series:
    assert isinstance(sheet.x, pl.DataFrame)
    return sheet.x[column]


def _with(sheet: RawRecords, column: pl.Series) -> RawRecords:
    assert isinstance(sheet.x, pl.DataFrame)
    return (
        sheet
        if sheet.x[column.name].dtype == column.dtype
        else replace(sheet, x=sheet.x.with_columns(column))
    )


def _word(kind: pl.DataType) -> str:
    if kind.is_numeric():
        return later("number")
    if kind == pl.Boolean:
        return later("yes or no")
    if kind in (pl.Categorical, pl.Enum):
        return later("category")
    return later("text") if kind == pl.String else str(kind).split("(")[0].lower()


def _some(parts: Sequence[str]) -> str:
    more = t(" and {n} more", n=len(parts) - SAID) if len(parts) > SAID else ""
    return ", ".join(parts[:SAID]) + more
