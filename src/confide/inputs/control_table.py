"""A control table: people of the same kind who are not in the release, in the columns of the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from confide.core.errors import DataError
from confide.inputs.columns import named_rows, need, need_ids
from confide.inputs.keys import as_ids
from confide.inputs.reading import reading_of
from confide.inputs.tables import Table as ReadTable
from confide.inputs.tables import Tabular, read_table


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
