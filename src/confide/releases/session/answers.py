"""Answers of a session: frozen records with two intervals for each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.account.costs import Cost
from confide.releases.session.speaking import Stored, keys_read
from confide.releases.sql import Query, QueryError, shown_rows

ENDS = ("noise_low", "noise_high", "low", "high")
"""What is put behind the name of a column: the ends for the noise alone, and those with sampling error."""
_TYPES: dict[str, type[pl.DataType]] = {
    "integer": pl.Int64,
    "text": pl.String,
    "boolean": pl.Boolean,
    "date": pl.Date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A private answer: everything in it may be published.

    Args:
        asked: the question in words.
        frame: a row for each group: its keys, and for each aggregate its value and four ends of intervals.
            `NAME_noise_low` and `NAME_noise_high` hold, at 95 %, the statistic of these very data, after each
            person's rows were cut and values clipped; `NAME_low` and `NAME_high` that of the population, if
            the rows are a random sample of it. Null is where nothing can be said.
        cost: what was charged for it now.
        known: whether it was asked before, and so cost nothing.
        notes: how the question was read, where that may surprise.
    """

    asked: str
    frame: pl.DataFrame
    cost: Cost
    known: bool
    notes: tuple[str, ...]

    def __str__(self) -> str:
        paid = "known already: it cost nothing" if self.known else f"cost {self.cost}"
        return "\n".join([as_text(self.frame), f"({paid})", *self.notes])


def refuse_names(query: Query) -> None:
    """Refuse names that the ends of intervals have too.

    Raises:
        QueryError: with what to do.
    """
    names = [name for name, _, _ in query.columns]
    ends = [f"{name}_{end}" for name, part, _ in query.columns if part == "aggregate" for end in ENDS]
    for name in names:
        if name in ends:
            raise QueryError(f"{name!r:.60} is also the end of an interval", "give it another name with as")


def frame_of(query: Query, stored: Stored) -> pl.DataFrame:
    """The rows of a stored answer that are shown, in their order.

    Args:
        query: with `having`, `order by` and `limit`, which look at released values alone.
        stored: keys and cells of all groups.
    """
    kinds = [g.kind for g in query.groups]
    rows: list[tuple[object, ...]] = []
    for key, cells in zip(keys_read(stored, kinds), stored["cells"], strict=True):
        values = [key[i] if part == "group" else cells[5 * i] for _, part, i in query.columns]
        ends = [cells[5 * i + 1 : 5 * i + 5] for _, part, i in query.columns if part == "aggregate"]
        rows.append((*values, *(end for four in ends for end in four)))
    shown = shown_rows(query, rows)  # pyright: ignore[reportArgumentType]
    names = [name for name, _, _ in query.columns]
    schema: dict[str, type[pl.DataType]] = {}
    for name, part, i in query.columns:
        schema[name] = _TYPES[kinds[i]] if part == "group" else pl.Float64
    for name, part, _ in query.columns:
        if part == "aggregate":
            schema |= {f"{name}_{end}": pl.Float64 for end in ENDS}
    frame = pl.DataFrame(shown, schema=schema, orient="row")
    return frame.select(_in_order(names, query))


def _in_order(names: Sequence[str], query: Query) -> list[str]:
    """Each column with its ends behind it."""
    found: list[str] = []
    for name, part, _ in query.columns:
        found.append(name)
        found += [f"{name}_{end}" for end in ENDS] if part == "aggregate" else []
    return found


def as_text(frame: pl.DataFrame) -> str:
    """A table with one column for both ends of an interval; a sentence where no row is shown."""
    if frame.is_empty():
        return "No row is shown: the answer is empty."
    names = frame.columns
    columns: list[list[str]] = []
    for name in names:
        if f"{name}_{ENDS[0]}" not in names:
            if not any(name == f"{other}_{end}" for other in names for end in ENDS):
                columns.append([name, *map(_shown, frame[name])])
            continue
        ends = [frame[f"{name}_{end}"] for end in ENDS]
        columns.append([name, *map(_shown, frame[name])])
        for title, low, high in (("noise alone", *ends[:2]), ("with sampling", *ends[2:])):
            columns.append([title, *(f"{_shown(a)} to {_shown(b)}" for a, b in zip(low, high, strict=True))])
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    return "-" if value is None else str(value)
