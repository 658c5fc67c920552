"""The tables of each block as a view: values as codes, unlisted combinations, and what marks stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.inputs.crosstab_files import Cell, PublishedTable
from confide.inputs.crosstab_marks import Span
from confide.mechanisms.statistics.crosstab_rounding import RoundedCounts
from confide.views.crosstab_sums import people
from confide.views.crosstabs import ALL, Crosstab
from confide.views.crosstabs import Crosstabs as View
from confide.views.table import Domain

MOST = 1_000_000
"""Cells of one table in all blocks, those that are not listed too: each is held apart while it is read."""
Absent: TypeAlias = Literal["zero", "unknown"]
"""What a combination means that a table does not list."""
UNENDED = 2**40
"""More people than there are: any count, as long as nothing says how many people there are."""


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table, and for each of its cells the count or what its mark hides."""

    table: PublishedTable
    counts: list[int | Span]

    def of(self, block: str) -> list[tuple[Cell, int | Span]]:
        pairs = zip(self.table.cells, self.counts, strict=True)
        return [(cell, count) for cell, count in pairs if cell.block == block]


def domains_of(tables: Sequence[PublishedTable]) -> tuple[Domain, ...]:
    """The variables of all tables, each with the values that any of them has."""
    found: dict[str, dict[str, None]] = {}
    for table in tables:
        for i, column in enumerate(table.columns):
            held = found.setdefault(column, {})
            held.update({value: None for cell in table.cells if (value := cell.values[i]) is not None})
    empty = [name for name, values in found.items() if not values]
    if empty:
        raise DataError(f"column {empty[0]!r} has totals alone: give its values, or leave the column out.")
    return tuple(Domain(name, tuple(values)) for name, values in found.items())


def with_unlisted(
    one: ReadTable, domains: tuple[Domain, ...], blocks: list[str], absent: Absent, added: list[int]
) -> ReadTable:
    """The table with zeros for the combinations that it does not list, if they mean that."""
    table = one.table
    sizes = {domain.name: domain for domain in domains}
    labels = [sizes[c].labels for c in table.columns]
    if absent == "unknown":
        return one
    if np.prod([len(x) for x in labels], dtype=np.float64) * len(blocks) > MOST:
        raise DataError(
            f"{table.name} has more than {MOST:,} combinations of values in its blocks, and those it does "
            "not list would be zero: give fewer columns or blocks at once, or say --absent unknown."
        )
    cells, counts = list(table.cells), list(one.counts)
    there = {(cell.block, cell.values) for cell in cells}
    if not any(None not in values for _, values in there):
        return one  # totals alone: it lists no combination
    grid = np.indices([len(x) for x in labels]).reshape(len(labels), -1).T.tolist()
    for block in blocks:
        for codes in grid:
            values = tuple(names[code] for names, code in zip(labels, codes, strict=True))
            if (block, values) not in there:
                cells.append(Cell(values, "0", 0, block))
                counts.append(0)
    added.append(len(cells) - len(table.cells))
    return ReadTable(replace(table, cells=tuple(cells)), counts)


def view_of(block: str, read: Sequence[ReadTable], domains: tuple[Domain, ...], zeros: bool) -> View:
    """The tables of one block."""
    code = {d.name: {label: i for i, label in enumerate(d.labels)} for d in domains}
    at = {d.name: i for i, d in enumerate(domains)}
    tables: list[Crosstab] = []
    open_ended: list[Bools] = []
    for one in read:
        names = sorted(one.table.columns, key=at.__getitem__)
        order = [one.table.columns.index(name) for name in names]
        pairs = one.of(block)
        if not pairs:
            raise DataError(
                f"{one.table.name} has no cell of block {block!r}: give every table for every block."
            )
        codes = [
            [ALL if c.values[i] is None else code[one.table.columns[i]][c.values[i] or ""] for i in order]
            for c, _ in pairs
        ]
        low = [count if isinstance(count, int) else count.least(zeros) for _, count in pairs]
        high = [
            count if isinstance(count, int) else -1 if count.high is None else count.high
            for _, count in pairs
        ]
        open_ended.append(np.array(high) < 0)
        tops = np.where(open_ended[-1], np.array(low) + 1, high).astype(np.int64)
        tables.append(
            Crosstab(
                one.table.name,
                tuple(at[name] for name in names),
                np.array(codes, np.int32),
                np.array(low, np.int64),
                tops,
            )
        )
    view = View(domains, tuple(tables))
    return _with_tops(block, view, open_ended)


def unrounded(view: View, how: RoundedCounts) -> View:
    """The counts that may stand behind rounded ones.

    Raises:
        DataError: for a count that is no multiple of the base.
    """
    for number, table in enumerate(view.tables):
        odd = np.flatnonzero(~table.hidden & (table.low % how.base > 0))
        if len(odd):
            at = int(odd[0])
            raise DataError(
                f"{table.name} counts {table.low[at]:,} people with {view.cell(number, at)}, which is no "
                f"multiple of {how.base}: leave out --rounded, or correct it."
            )
    read = [
        replace(
            how.read(t, t.low),
            low=np.where(t.hidden, t.low, how.read(t, t.low).low),
            high=np.where(t.hidden, t.high, how.read(t, t.low).high),
        )
        for t in view.tables
    ]
    return replace(view, tables=tuple(read))


def _with_tops(block: str, view: View, open_ended: Sequence[Bools]) -> View:
    """Cells that may hold any count, up to the number of people."""
    if not any(mask.any() for mask in open_ended):
        return view
    # A source with an open cell ends nothing; as long as one has none, it says how many people there are.
    wide = tuple(
        replace(t, high=np.where(mask, UNENDED, t.high))
        for t, mask in zip(view.tables, open_ended, strict=True)
    )
    most = people(replace(view, tables=wide))[1]
    if most is None or most >= UNENDED:
        where = f" of block {block}" if block else ""
        raise DataError(
            f"the tables{where} do not say how many people there are, so that a mark of any count has no "
            f"end: add "
            "a total, or say with --hidden which counts it hides."
        )
    tops = tuple(
        replace(t, high=np.where(mask, most, t.high)) for t, mask in zip(view.tables, open_ended, strict=True)
    )
    return replace(view, tables=tops)
