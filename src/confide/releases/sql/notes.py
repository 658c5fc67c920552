"""Notes on queries: how one was read where that may surprise, as sentences for the person who asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from confide.releases.sql.query import Clip, OfClipped, Quantile, Query, Share
from confide.releases.sql.schema import PersonTable, PrivateTable, Table


def notes_on(query: Query, tables: Sequence[Table]) -> Query:
    """The query with its notes.

    Args:
        query: without notes.
        tables: the private one, and those that are joined.
    """
    notes = (*_tables(tables), *_aggregates(query), *_keys(query))
    return replace(query, notes=tuple(dict.fromkeys(notes)))


def _tables(tables: Sequence[Table]) -> Iterator[str]:
    for table in tables:
        if isinstance(table, PrivateTable) and table.unit is not None:
            yield (
                f"At most {table.at_most:,} rows of a person count, and rows without {table.unit} do not; no "
                "interval says what that leaves out."
            )
        if isinstance(table, PersonTable):
            by = ", ".join(table.order)
            row = f"the first by {by}" if by else "the first by all its columns"
            yield f"Of {table.name} one row a person is used: {row}."


def _aggregates(query: Query) -> Iterator[str]:
    for aggregate in query.aggregates:
        match aggregate:
            case Share(column=column, low=low, high=high):
                name = column.name
                yield (
                    f"avg({name} between {low:g} and {high:g}) is the share of rows in this range, of those "
                    f"with a value; for the mean write avg(clip({name}, {low:g}, {high:g}))."
                )
            case OfClipped(value=value):
                yield _missing(value)
            case Quantile(value=value):
                yield _missing(value)
                yield f"Quantiles of {value.column.name} are exact to 1/1024 of the distance of the bounds."
            case _:
                pass


def _missing(value: Clip) -> str:
    name = value.column.name
    absent = "null" if value.column.kind == "integer" else "null or NaN"
    if value.missing is None:
        return f"Rows whose {name} is {absent} are left out of its aggregates."
    return f"{value.missing:g} stands for {name} where it is {absent}."


def _keys(query: Query) -> Iterator[str]:
    if query.keys is not None and query.groups:
        names = ", ".join(name for name, part, _ in query.columns if part == "group")
        yield f"Only the groups given for {names} are answered; all other rows are left out."
    for group in query.groups:
        if group.kind == "date" and query.keys is None:
            yield f"Rows whose {group.name} is outside the years 1 to 9999 are left out."
