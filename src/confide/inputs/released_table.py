"""A released table matched to its original: whose row is whose, and what each cell may stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.inputs.cells import cell_ranges
from confide.inputs.columns import named_rows
from confide.inputs.keys import as_ids
from confide.inputs.own_columns import released_column
from confide.inputs.reading import reading_of
from confide.inputs.tables import Table as ReadTable
from confide.inputs.tables import Tabular, read_table
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.read_back import ReadBack
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table as Cells


class Matched(Protocol):
    """What is used of the record that the user fills in, `confide.inputs.table.Table`."""

    @property
    def records(self) -> Tabular: ...
    @property
    def released(self) -> Tabular | None: ...
    @property
    def key(self) -> Tabular | None: ...
    @property
    def id(self) -> str | None: ...
    @property
    def columns(self) -> tuple[str, ...]: ...


def released_cells(
    held: Matched,
    cells: Cells,
    hierarchies: Mapping[str, Hierarchy],
    n: int,
    *,
    parts: Sequence[UnaryEncoding | Rappor] | None = None,
) -> tuple[Cells, Bools, tuple[str, ...]]:
    """The released table with a row for each row of `cells`, and who of the first n is not in it.

    Args:
        held: names the released table, and a key or a column of ids.
        cells: everybody's rows; the first n may be in the release.
        hierarchies: of the known columns, whose groups may be cells.
        n: the number of rows of the original.
        parts: of the mechanism, if it is known: what made columns of bits. Then columns may hold values that
            the original lacks.

    Returns:
        the last one: columns of the file that nothing is read from.

    Raises:
        DataError: if it is not said whose row is whose, or a cell cannot be read.
    """
    assert held.released is not None
    table = read_table(held.released, name="the released table", reading=reading_of(held))
    frame = table.frame
    if parts is None and not [c for c in held.columns if c in frame.columns]:
        raise DataError(
            f"{table.name} has none of the known columns ({', '.join(held.columns)}), so nobody can be "
            "linked to it: give the table that is published."
        )
    row = _rows(held, table, n)
    # A column that is not released may stand for every value; so may all cells of people who are absent.
    low = np.zeros(cells.low.shape, np.int32)
    high = np.tile(cells.sizes - 1, (len(cells), 1)).astype(np.int32)
    here = np.flatnonzero(row >= 0)
    if parts is not None:
        said = ReadBack.to(cells, tuple(parts)).read(_as_said(frame, cells, hierarchies, table.name, held.id))
        low[here], high[here] = said.low[row[here]], said.high[row[here]]
        return Cells(cells.domains, low, high, cells.people), row < 0, ()
    for i, domain in enumerate(cells.domains):
        if domain.name in frame.columns:
            ends = cell_ranges(
                frame[domain.name], domain, name=table.name, hierarchy=hierarchies.get(domain.name)
            )
            low[here, i], high[here, i] = ends[0][row[here]], ends[1][row[here]]
    more = tuple(c for c in frame.columns if c not in {*cells.names, held.id})
    return Cells(cells.domains, low, high, cells.people), row < 0, more


def _as_said(
    frame: pl.DataFrame, cells: Cells, hierarchies: Mapping[str, Hierarchy], name: str, who: str | None
) -> Cells:
    """The table in its own values, where they are not the original's."""
    known = {d.name: d for d in cells.domains}
    found = [
        released_column(frame[c], known.get(c), name=name, hierarchy=hierarchies.get(c))
        for c in frame.columns
        if c != who
    ]
    low = np.stack([low for _, low, _ in found], axis=1)
    return Cells(tuple(d for d, _, _ in found), low, np.stack([high for *_, high in found], axis=1))


def _rows(held: Matched, table: ReadTable, n: int) -> Ints:
    """The row of the released table, from 0, of each of the n people; -1 for those who are not in it."""
    m, row = table.frame.height, np.full(n, -1)
    if held.key is None:
        if held.id is None or held.id not in table.frame.columns:
            raise DataError(
                f"{table.name} does not say whose row is whose, so no guess can be judged: give a table of "
                "two columns, the row in the records and the row in the released table, from 1 (`--key`)."
            )
        ours = as_ids(read_table(held.records, name="the table", reading=reading_of(held)).frame[held.id])
        theirs = as_ids(table.frame[held.id])
        if ours.is_duplicated().any():
            raise DataError(
                f"{table.name}: several rows of the records have one {held.id!r}, so ids do not say which "
                "row is which: give a table of two columns, the row in the records and the row in the "
                "released table, from 1 (`--key`)."
            )
        place = dict(zip(ours.to_list(), range(n), strict=True))
        lost = pl.Series([who not in place for who in theirs.to_list()])
        if lost.any() or theirs.is_duplicated().any():
            raise DataError(
                f"{table.name}: {named_rows(lost if lost.any() else theirs.is_duplicated())} of column "
                f"{held.id!r} name nobody of the records, or somebody twice: correct the ids."
            )
        row[[place[who] for who in theirs.to_list()]] = np.arange(m)
        return row
    pairs = read_table(held.key, name="the key", reading=reading_of(held))
    if pairs.frame.width != 2 or not all(kind.is_integer() for kind in pairs.frame.dtypes):
        raise DataError(
            f"{pairs.name} is no table of two columns of row numbers: give the row in the records and the "
            "row in the released table, counted from 1."
        )
    # confide's own keys name their columns: then their order does not count.
    first = int(
        pairs.frame.columns[0].startswith("released_") and not pairs.frame.columns[1].startswith("released_")
    )
    ours, theirs = (pairs.frame.to_series(i).to_numpy() - 1 for i in (first, 1 - first))
    for what, rows, most in (("records", ours, n), (table.name, theirs, m)):
        wrong = (rows < 0) | (rows >= most) | pl.Series(rows).is_duplicated().to_numpy()
        if wrong.any():
            raise DataError(
                f"{pairs.name}: in {named_rows(pl.Series(wrong))} the row of {what} is none of 1 to "
                f"{most:,}, or is named twice: correct the key, where rows count from 1 and not from 0."
            )
    if len(theirs) < m:
        raise DataError(f"{pairs.name} names {len(theirs):,} of the {m:,} rows of {table.name}: name all.")
    row[ours] = theirs
    return row
