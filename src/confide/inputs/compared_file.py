"""A file of records that is compared with others: without ids and numbers of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from confide.core.errors import DataError
from confide.inputs.columns import need_ids
from confide.inputs.keys import as_ids
from confide.inputs.matched_columns import without_row_numbers
from confide.inputs.reading import Reading
from confide.inputs.tables import Table, read_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedFile:
    """Rows of one file without ids and row numbers.

    Args:
        table: as it was read.
        frame: the columns that are compared.
        ids: of the people, where a column names them.
        notes: what was left out, in sentences.
    """

    table: Table
    frame: pl.DataFrame
    ids: pl.Series | None
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call the file in messages."""
        return self.table.name

    @property
    def named(self) -> tuple[str, pl.DataFrame]:
        """The name and the compared columns."""
        return self.name, self.frame


def read_compared(given: Any, name: str, ids: str | None, reading: Reading) -> ComparedFile:
    """Read a file, and set ids and row numbers apart; a file without the column of ids has none.

    Raises:
        DataError: if it cannot be read, has empty ids, or has no further column.
    """
    table = read_table(given, name=name, reading=reading, ids=[] if ids is None else [ids])
    frame, notes = without_row_numbers(table)
    named = None
    if ids is not None and ids in table.frame.columns:
        need_ids(table.frame, [ids], name=table.name)
        named = as_ids(table.frame[ids])
        frame = frame.drop(ids, strict=False)
    if not frame.width:
        raise DataError(f"{table.name} has no column but the ids: give the columns of the records.")
    return ComparedFile(table=table, frame=frame, ids=named, notes=notes)


def without_ids(made: ComparedFile, ids: str | None) -> ComparedFile:
    """A synthetic file without the column of ids: whether its ids are real ones, no row of it can tell."""
    if ids is None or ids not in made.frame.columns:
        return made
    return ComparedFile(table=made.table, frame=made.frame.drop(ids), ids=None, notes=made.notes)
