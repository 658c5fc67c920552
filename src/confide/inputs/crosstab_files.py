"""Published tables as offices write them: one row a cell (long), or a grid of rows and columns (wide)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import listed
from confide.inputs.crosstab_text import as_text
from confide.inputs.reading import Reading
from confide.inputs.tables import read_table

# fmt: off
TOTALS = frozenset({
    "total", "totals", "sum", "all", "grand total", "gesamt", "insgesamt", "summe", "gesamtsumme",
    "ensemble", "total général", "total general", "totale", "somma", "totaal", "suma", "total geral",
    "totalt", "i alt", "yhteensä", "ogółem", "celkem", "összesen", "toplam", "итого", "всего", "合計",
    "总计", "合计",
})
# fmt: on
"""Words that stand for all values of a column, in capitals or not."""
MOST = 500_000
"""Cells of one file at most: it is read cell by cell."""
BOTH = re.compile(r"\s*(?:\\|/|\||×|\s[xX]\s|\sby\s)\s*")
"""What stands between two names in the corner of a grid: 'sex \\ age'."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it is written.

    Args:
        values: of the table's columns; None for a total.
        text: its count, or its mark.
        row: of the file, from 1 without the header.
        block: in which block it is; empty where there is one alone.
        means: the means over its people, by column, as they are written.
    """

    values: tuple[str | None, ...]
    text: str
    row: int
    block: str
    means: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table as it is written in a file.

    Args:
        name: of the file, or what the caller calls a frame.
        columns: the variables.
        cells: as they are written.
        long: whether a row is a cell; a combination may then be missing.
    """

    name: str
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    long: bool

    def where(self, cell: Cell) -> str:
        """A cell in words, for messages."""
        fixed = [f"{c}={v}" for c, v in zip(self.columns, cell.values, strict=True) if v is not None]
        block = f" of {cell.block}" if cell.block else ""
        return f"{self.name}, row {cell.row} ({', '.join(fixed) or 'total'}{block})"


@dataclass(frozen=True, slots=True)
class _File:
    """The texts of one file, and its column of counts if it has one."""

    name: str
    frame: pl.DataFrame
    count: str | None


def read_published(
    given: object,
    *,
    count: str,
    block: str | None,
    separator: str | None,
    totals: frozenset[str] = TOTALS,
    means: Sequence[str] = (),
) -> list[PublishedTable]:
    """Read published tables.

    A file with the column of counts is long. Any other is a grid: its first column holds the values of one
    variable, its header those of another. What the other one is called stands in the corner, as 'sex \\ age';
    else it is the variable of the other tables that has these values.

    Args:
        given: a file or frame, or several.
        count: the column of counts.
        block: the column that says in which block a cell is; None if there is one block.
        separator: between the values of the files, where the user says it.
        totals: the words that stand for all values, in small letters.
        means: columns of means over the people of a cell, which are no variables.

    Raises:
        DataError: for what cannot be read.
    """
    every = _several(given)
    files = [_file(one, i, count, separator) for i, one in enumerate(every, 1)]
    names = [file.name for file in files]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two tables are called {twice}: give each file once, and frames in other files.")
    if block is not None:
        for file in files:
            if block not in file.frame.columns:
                raise DataError(
                    f"{file.name} has no column {block!r}: give the blocks of every table, or leave out "
                    f"--block "
                    f"(then {block!r} is a variable like others). It has {listed(file.frame.columns)}."
                )
    long = [_long(file, block, totals, means) for file in files if file.count is not None]
    known = {name for table in long for name in table.columns}
    values = _values(long)
    made: list[PublishedTable] = []
    waiting = iter(long)
    for file in files:
        made.append(next(waiting) if file.count is not None else _wide(file, block, known, values, totals))
    return made


def _several(given: object) -> list[Any]:
    every = list(given) if isinstance(given, list | tuple) else [given]
    if not every:
        raise DataError("there is no table: give one file or more.")
    return every


def _file(given: Any, number: int, count: str, separator: str | None) -> _File:
    # Counts are whole, so a comma parts thousands.
    reading = Reading(separator=separator, decimal=None if separator == "." else ".")
    table = read_table(given, name=t("table {n}", n=number), reading=reading)
    frame = table.frame if table.form is None else table.form.text(table.frame.columns)
    texts = frame.select([as_text(c, file=table.name).fill_null("") for c in frame.get_columns()])
    if texts.height * max(texts.width - 1, 1) > MOST:
        raise DataError(f"{table.name} has more than {MOST:,} cells: give smaller tables.")
    blank = [name for name in texts.columns[1:] if not name.strip()]
    if blank or texts.width < 2:
        raise DataError(
            f"{table.name} has {'a column without a name' if blank else 'one column alone'}: begin with "
            f"one row "
            "of names, and give a count for each combination of values."
        )
    same = [name for name in texts.columns if name.strip().lower() == count.strip().lower()]
    name = Path(table.name).name if table.path is not None else table.name
    return _File(name, texts, same[0] if same else None)


def _long(file: _File, block: str | None, totals: frozenset[str], means: Sequence[str]) -> PublishedTable:
    assert file.count is not None
    columns = tuple(c for c in file.frame.columns if c not in (file.count, block, *means))
    held = [c for c in means if c in file.frame.columns]
    cells = tuple(
        Cell(
            tuple(_value(row[c], file.name, number, c, totals) for c in columns),
            row[file.count],
            number,
            "" if block is None else _block(row[block], file.name, number, block),
            {c: row[c] for c in held},
        )
        for number, row in enumerate(file.frame.iter_rows(named=True), 1)
    )
    return PublishedTable(file.name, columns, cells, long=True)


def _wide(
    file: _File, block: str | None, known: set[str], values: dict[str, set[str]], totals: frozenset[str]
) -> PublishedTable:
    corner, *heads = (c for c in file.frame.columns if c != block)
    if not corner.strip():
        raise DataError(
            f"{file.name} has no column of counts, and the first cell of its grid is empty: write both "
            f"variables "
            "into it, as 'sex / age'."
        )
    across = [_plain(head, totals) for head in heads]
    parts = [part for part in BOTH.split(corner.strip()) if part]
    if corner.strip() not in known and len(parts) == 2:
        down, other = parts
    else:
        down, other = corner.strip(), _named_by(across, values, corner.strip(), file.name)
    if down == other:
        raise DataError(f"{file.name} is a grid of {down!r} with itself: give its corner two names.")
    cells: list[Cell] = []
    for number, row in enumerate(file.frame.iter_rows(named=True), 1):
        where = "" if block is None else _block(row[block], file.name, number, block)
        mine = _value(row[corner], file.name, number, down, totals)
        cells += [
            Cell((mine, value), row[head], number, where) for head, value in zip(heads, across, strict=True)
        ]
    return PublishedTable(file.name, (down, other), tuple(cells), long=False)


def _named_by(across: Sequence[str | None], values: dict[str, set[str]], corner: str, name: str) -> str:
    """The variable of the other tables that has the values in a header."""
    heads = {value for value in across if value is not None}
    fitting = [variable for variable, held in values.items() if heads <= held and variable != corner]
    if len(fitting) != 1:
        raise DataError(
            f"{name} has no column of counts, and as a grid it does not say what its columns "
            f"{listed(sorted(heads))} are values of: write both variables into its first cell, as "
            f"'{corner:.30} \\ age', or name the column of counts with --count."
        )
    return fitting[0]


def _values(tables: Sequence[PublishedTable]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table in tables:
        for i, column in enumerate(table.columns):
            held = {cell.values[i] for cell in table.cells}
            found.setdefault(column, set()).update(value for value in held if value is not None)
    return found


def _value(text: str, name: str, row: int, column: str, totals: frozenset[str]) -> str | None:
    if not text:
        raise DataError(f"{name}: column {column!r} is empty in row {row}: give a value, or Total.")
    return _plain(text, totals)


def _plain(text: str, totals: frozenset[str]) -> str | None:
    return None if text.strip().lower() in totals else text.strip()


def _block(text: str, name: str, row: int, block: str) -> str:
    if not text:
        raise DataError(f"{name}: column {block!r} is empty in row {row}: name the block of every cell.")
    return text


def blocks_of(tables: Sequence[PublishedTable]) -> Iterator[str]:
    """The blocks in the order in which they are named first."""
    yield from dict.fromkeys(cell.block for table in tables for cell in table.cells)


def refuse_cells_twice(tables: Sequence[PublishedTable]) -> None:
    """Refuse a table that gives two counts for one cell.

    Raises:
        DataError: with the cell and its rows.
    """
    for table in tables:
        first: dict[tuple[str, tuple[str | None, ...]], Cell] = {}
        for cell in table.cells:
            other = first.setdefault((cell.block, cell.values), cell)
            if other is not cell:
                fixed = [f"{c}={v}" for c, v in zip(table.columns, cell.values, strict=True) if v is not None]
                rows = f"rows {other.row} and {cell.row}" if other.row != cell.row else f"row {cell.row}"
                raise DataError(
                    f"{table.name} holds a cell twice, {', '.join(fixed) or 'the total of all'} in {rows}: "
                    "give one count for each."
                )
