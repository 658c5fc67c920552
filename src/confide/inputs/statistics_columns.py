"""Tables of a person a row and a statistic's variable a column, read as genotypes or as measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import first_of, listed, missing, named_rows, need_ids, numbers
from confide.inputs.reading import Reading
from confide.inputs.tables import Tabular, read_table
from confide.views.frequencies import MISSING, Genotypes, Measurements

BLOCK = 512
"""Columns that are read at once: as float64 they take 4 MB for 1,000 people."""
LARGEST = 1e100
"""Of measurements: squares of larger ones would be infinite."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A table with its ids apart.

    Args:
        frame: a row a person; a column a variable.
        ids: of the people, where a column names them.
        name: of the file, for messages.
    """

    frame: pl.DataFrame
    ids: pl.Series | None
    name: str

    @property
    def columns(self) -> list[str]:
        """The names of the variables."""
        return self.frame.columns


def read_sheet(given: Tabular, *, name: str, ids: str | None, reading: Reading) -> Sheet:
    """Read a table, and set the column of ids apart; a table without that column has no ids.

    Raises:
        DataError: if it cannot be read, has empty ids, or has no further column.
    """
    table = read_table(given, name=name, reading=reading, ids=[] if ids is None else [ids])
    frame, named = table.frame, None
    if ids is not None and (ids in frame.columns or name == "the pool"):
        need_ids(frame, [ids], name=table.name)
        named, frame = frame[ids], frame.drop(ids)
    if not frame.width:
        raise DataError(f"{table.name} has no column but the ids: give a column for each variable.")
    return Sheet(frame, named, table.name)


def aligned(pool: Sheet, others: Sequence[Sheet]) -> tuple[tuple[str, ...], list[str]]:
    """The columns of the pool, which the other tables must have too, in whatever order, and notes.

    Raises:
        DataError: with the columns that one of them lacks.
    """
    notes: list[str] = []
    for sheet in others:
        have = set(sheet.columns)
        lost = [column for column in pool.columns if column not in have]
        if lost:
            kept = "no column" if len(lost) == len(pool.columns) else "only some columns"
            raise DataError(
                f"{sheet.name} has {kept} of {pool.name}; it lacks {listed(lost)}. Give files with the same "
                f"columns, or leave these out of {pool.name}; name a column of ids by --id."
            )
        more = len(have) - len(pool.columns)
        if more:
            notes.append(
                t(
                    "{file}: 1 column that {pool} does not have: left aside, since nothing is "
                    "published there.",
                    file=sheet.name,
                    pool=pool.name,
                )
                if more == 1
                else t(
                    "{file}: {n:,} columns that {pool} does not have: left aside, since nothing is published "
                    "there.",
                    file=sheet.name,
                    n=more,
                    pool=pool.name,
                )
            )
    return tuple(pool.columns), notes


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "column"), counted(2_000, "column")
    ('1 column', '2,000 columns')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def copies(sheet: Sheet, columns: Sequence[str], alleles: int) -> Genotypes:
    """The columns as numbers of copies; empty cells, and -1, are missing.

    Raises:
        DataError: with the column, the row and the value of the first cell that is no such number.
    """
    found = np.empty((sheet.frame.height, len(columns)), np.int8)
    for start in range(0, len(columns), BLOCK):
        names = columns[start : start + BLOCK]
        block = _as_numbers(sheet, names)
        # NaN is a missing cell here, since what is no number was refused.
        block[np.isnan(block)] = MISSING
        wrong = (block != np.rint(block)) | (block < MISSING) | (block > alleles)
        if wrong.any():
            column = int(wrong.any(axis=0).argmax())
            rows = pl.Series(wrong[:, column])
            raise DataError(
                f"{sheet.name}: column {names[column]!r} is {block[:, column][wrong[:, column]][0]:g} in "
                f"{named_rows(rows)}: a genotype is 0 to {alleles} copies of one allele, or empty if "
                f"missing. {_instead(alleles)}"
            )
        found[:, start : start + len(names)] = block
    return Genotypes(copies=found, alleles=alleles)


def values(sheet: Sheet, columns: Sequence[str]) -> Measurements:
    """The columns as finite numbers.

    Raises:
        DataError: for a cell that is none, with its row: means of gaps would be those of other people.
    """
    table = np.empty((sheet.frame.height, len(columns)))
    for i, column in enumerate(columns):
        table[:, i] = numbers(sheet.frame, column, name=sheet.name)
    large = np.abs(table) > LARGEST
    if large.any():
        column = int(large.any(axis=0).argmax())
        raise DataError(
            f"{sheet.name}: column {columns[column]!r} is larger than {LARGEST:g} in "
            f"{named_rows(pl.Series(large[:, column]))}: give it in another unit."
        )
    return Measurements(values=table)


def _as_numbers(sheet: Sheet, names: Sequence[str]) -> Floats:
    """A block of columns as float64, NaN where a cell is empty."""
    block = sheet.frame.select(names)
    if not all(kind.is_numeric() or kind == pl.Null for kind in block.dtypes):
        block = pl.DataFrame([_number(sheet, column) for column in block.get_columns()])
    made: Array = block.cast(pl.Float64).to_numpy(order="c")
    return np.array(made, np.float64)  # a frame of one column may share its memory


def _number(sheet: Sheet, column: pl.Series) -> pl.Series:
    """A column of numbers written as text, or of truth values, as numbers; words for missing become null."""
    kind = column.dtype
    if kind.is_numeric() or kind == pl.Null:
        return column
    if kind == pl.Boolean:
        return column.cast(pl.Float64)
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        raise DataError(
            f"{sheet.name}: column {column.name!r} is of type {kind}: give numbers of copies. If it names "
            f"people, say --id {column.name}."
        )
    text = column.cast(pl.String)
    empty = missing(text)
    cast = text.str.strip_chars().cast(pl.Float64, strict=False)
    wrong = cast.is_null() & ~empty
    if wrong.any():
        raise DataError(
            f"{sheet.name}: column {column.name!r} is no number in {named_rows(wrong)} "
            f"({first_of(text, wrong)}): give numbers of copies. If it names people, say --id {column.name}."
        )
    return pl.Series(column.name, np.where(empty.to_numpy(), np.nan, cast.fill_null(0).to_numpy()))


def _instead(alleles: int) -> str:
    if alleles == 1:
        return "Genotypes of 0, 1 and 2 need --alleles 2."
    return "If the columns are measurements, say --means; if one names people, --id."
