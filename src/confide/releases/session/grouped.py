"""Counts of groups of one table, exact: the queries behind questions that are no SQL, and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from confide.core.fields import shown
from confide.inputs.large.sql import quoted
from confide.releases.session.answers import ENDS
from confide.releases.session.speaking import Stored, keys_read
from confide.releases.sql import Dialect, PrivateTable, Query, QueryError, Schema, group_sums, parse, sums_of
from confide.releases.sql.answers import Asks
from confide.releases.sql.query import Key
from confide.releases.sql.refusal import offered
from confide.views.statistics import Statistics

COUNT = "count"
"""The column of an answer that holds numbers of rows or people."""
TYPES: Mapping[str, type[pl.DataType]] = {
    "integer": pl.Int64,
    "text": pl.String,
    "boolean": pl.Boolean,
    "date": pl.Date,
}
"""Of a column of keys in an answer, by its kind."""


def counts_by(
    table: PrivateTable,
    columns: Sequence[object],
    *,
    people: bool,
    keys: Mapping[str, Iterable[object]] | None,
) -> Query:
    """The query that counts rows or people of each group.

    Args:
        table: the private one.
        columns: to group by.
        people: whether people are counted, each once in a group, or rows.
        keys: public keys of each column; None for those that the data have.

    Raises:
        QueryError: for a column that is not there, that no groups are made of, or keys of another kind.
    """
    names = [_named(table, column) for column in columns]
    taken = [n for n in names for end in ("", *(f"_{e}" for e in ENDS)) if n.lower() == f"{COUNT}{end}"]
    if taken:
        raise QueryError(f"the answer has a column {taken[0]} of its own", "ask by sql, and name it with as")
    of = f"DISTINCT {quoted(table.unit)}" if people and table.unit is not None else "*"
    by = ", ".join(map(quoted, names))
    text = f"SELECT {by}, COUNT({of}) AS {COUNT} FROM {quoted(table.name)} GROUP BY {by}"
    return parse(text, Schema(table), keys=keys)


def _named(table: PrivateTable, column: object) -> str:
    if not isinstance(column, str) or column not in table.columns:
        raise QueryError(f"there is no column {shown(column)}", offered(str(column), table.columns))
    return column


def exact_counts(query: Query, ask: Asks, dialect: Dialect) -> tuple[tuple[Key, ...], list[int]]:
    """The keys and the exact counts of a query of `counts_by`; never released as they are."""
    found = group_sums(query, ask, dialect)
    return found.keys, list(found.sums[sums_of(query)[0]])


def stored(keys: Sequence[Key], view: Statistics) -> Stored:
    """An answer as the ledger keeps it: the keys, and of each count its value and four ends."""
    ends = [view.values, *view.noise.T, *view.sample.T]
    cells: list[list[object]] = [[float(column[i]) for column in ends] for i in range(len(keys))]
    return {"keys": [[_written(v) for v in key] for key in keys], "cells": cells}


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def places_of(view: Statistics) -> list[int]:
    """The numbers that a mechanism was given for keys, and shows."""
    return [key for key in view.keys if isinstance(key, int)]


def columns_of_counts() -> dict[str, type[pl.DataType]]:
    """The columns of an answer that hold counts and the ends of their intervals."""
    return {COUNT: pl.Float64, **{f"{COUNT}_{end}": pl.Float64 for end in ENDS}}


def frame_of_counts(query: Query, stored: Stored) -> pl.DataFrame:
    """A row for each key of a query with its count and the ends of its intervals."""
    keys = keys_read(stored, [group.kind for group in query.groups])
    rows = [(*key, *cells) for key, cells in zip(keys, stored["cells"], strict=True)]
    kinds = {group.name: TYPES[group.kind] for group in query.groups}
    return pl.DataFrame(rows, schema={**kinds, **columns_of_counts()}, orient="row")
