"""A control table: people of the same kind who are not in the release, in the columns of the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.inputs.columns import named_rows, need, need_ids
from confide.inputs.keys import as_ids
from confide.inputs.reading import reading_of
from confide.inputs.tables import Table as ReadTable
from confide.inputs.tables import Tabular, read_table
from confide.measure.intervals import clopper_pearson
from confide.views.table_keys import packed

CHANCE = 1e-6
"""The share of tables of other people that are refused as the same people, at most."""


class Compared(Protocol):
    """What is used of the record that the user fills in, `confide.inputs.table.Table`."""

    @property
    def control(self) -> Tabular | None: ...
    @property
    def id(self) -> str | None: ...


def control_rows(
    held: Compared, table: ReadTable, asked: Sequence[str], others: Sequence[str]
) -> tuple[pl.DataFrame, pl.Series | int]:
    """The control people's rows, with the columns of the table; what they lack is missing.

    Args:
        held: names the control table, and the column of ids.
        table: the records.
        asked: columns that control people must have: the known ones and the secret.
        others: columns that they may lack.

    Returns:
        also their ids; or the number of rows, where the control table has no column of ids.

    Raises:
        DataError: for columns that are not there or of another type, or people who are in the records too.
    """
    assert held.control is not None
    found = read_table(held.control, name="the control table", reading=reading_of(held))
    frame = found.frame
    ids: pl.Series | int = frame.height
    for column in asked:
        if column not in frame.columns:
            need(frame, [column], name=found.name)
    if held.id is not None and held.id in frame.columns:
        need_ids(frame, [held.id], name=found.name)
        ids = frame[held.id]
        both = as_ids(frame[held.id]).is_in(as_ids(table.frame[held.id]).implode())
        if both.any():
            raise DataError(
                f"{found.name}: people in {named_rows(both)} are in {table.name} too: control people are "
                "those who are not in the release. Take them out."
            )
    wanted = {c: table.frame.schema[c] for c in (*asked, *others)}
    try:
        rows = pl.DataFrame(
            [
                frame[c].cast(kind) if c in frame.columns else pl.Series(c, [None] * frame.height, dtype=kind)
                for c, kind in wanted.items()
            ]
        )
    except pl.exceptions.PolarsError as error:
        wrong = [c for c, kind in wanted.items() if c in frame.columns and frame.schema[c] != kind]
        raise DataError(
            f"{found.name}: column {wrong[0]!r} is of type {frame.schema[wrong[0]]}, and in {table.name} of "
            f"type {wanted[wrong[0]]}: give both in one form."
        ) from error
    return rows, ids


def refuse_shared(codes: Array, sizes: Array, outside: pl.DataFrame) -> None:
    """Refuse control rows that are rows of the records, where no ids say whose they are.

    Other people may have the same row by chance. How many do, the records show themselves (Good, Turing): the
    next person of their kind has the row of one of them as often as one of them has that of another, and a
    row that one alone has as often as people are in pairs with one row. If control rows are surely found
    more often than that, they are the same people.

    Args:
        codes: int[n + m, d], of the records, then of the m control rows.
        sizes: int[d], the number of values of each column.
        outside: the m control rows.

    Raises:
        DataError: with the number of rows and the first of them.
    """
    n = len(codes) - outside.height
    # Columns that the control table lacks say nothing of anybody in it.
    both = [i for i, c in enumerate(outside.columns) if outside[c].null_count() < outside.height]
    _, row, count = np.unique(packed(codes[:, both], sizes[both]), return_inverse=True, return_counts=True)
    of_records = np.bincount(row[:n], minlength=len(count))
    found = of_records[row[n:]]
    if more_than_chance(of_records[row[:n]], found):
        rows = pl.Series(found > 0)
        raise DataError(
            f"{int(rows.sum()):,} of {len(rows):,} control rows, {named_rows(rows)} of that table, "
            "are equal to a row of the table in all columns, which is more than chance explains: control "
            "people are those who are not in the release. Take them out. If they are other people, show "
            "it by an --id column in both tables."
        )


def more_than_chance(own: Array, found: Array, *, chance: float = CHANCE) -> bool:
    """Whether rows of other people surely equal rows of the records more often than chance makes them.

    Args:
        own: int[n], how many of the records have the row of each of them.
        found: int[m], how many of the records have the row of each of the other people.
        chance: how often, at most, that is said of other people.
    """
    for hit, pair in ((found > 0, own > 1), (found == 1, own == 2)):
        # People with the same row come in twos at least: half of them are independent.
        expected = clopper_pearson(pair.sum() // 2, max(len(own) // 2, 1), confidence=1 - chance)[1]
        seen = clopper_pearson(hit.sum(), len(hit), confidence=1 - chance)[0]
        if float(seen) > float(expected):
            return True
    return False
