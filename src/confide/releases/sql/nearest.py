"""The nearest query that is allowed, made of the one that is refused; it is parsed before it is offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from confide.releases.sql.outside import SHAPE
from confide.releases.sql.parsing import parse as parse_plainly
from confide.releases.sql.query import Query
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import Kind, PrivateTable, Schema
from confide.releases.sql.scope import quoted_if_needed

GROUPED: tuple[Kind, ...] = ("integer", "text", "boolean", "date")
"""Kinds of columns that groups are made of."""
MOST_COLUMNS, LONGEST = 3, 300
"""Of the query that is offered: group columns, and characters."""


def parse(text: str, schema: Schema, *, keys: Mapping[str, Iterable[object]] | None = None) -> Query:
    """Parse a query, as `parsing.parse`; a refusal that would name a template names a query of this schema.

    Raises:
        QueryError: for anything outside the subset, with the reason and the nearest query that is allowed.

    >>> from confide.releases.sql import Column
    >>> schema = Schema(PrivateTable(name="people", columns={"state": Column(kind="text")}))
    >>> try:
    ...     parse("select state, rank() over (order by state) from people where state <> 'NY'", schema)
    ... except QueryError as refused:
    ...     print(refused.nearest)
    select state, count(*) from people where state <> 'NY' group by state
    """
    try:
        return parse_plainly(text, schema, keys=keys)
    except QueryError as refused:
        if SHAPE not in (refused.nearest, refused.advice.removeprefix("write ")):
            raise
        found = _nearest(text, schema)
        advice = refused.advice.removesuffix(SHAPE).rstrip()
        raise QueryError(refused.reason, advice, nearest=found) from None


def _nearest(text: object, schema: Schema) -> str:
    """The first of some queries, the most like the text first, that is in the subset."""
    candidates = _of_text(text, schema.table) if isinstance(text, str) else iter(())
    first = [name for name in schema.table.columns if _groups(schema.table, name)][:1]
    for candidate in (*candidates, _counting(schema.table, first, ""), _counting(schema.table, [], "")):
        try:
            parse_plainly(candidate, schema)
        except QueryError:
            continue
        return candidate
    return SHAPE


def _of_text(text: str, table: PrivateTable) -> Iterator[str]:
    """Counts of the groups that the text names, with a condition of it and without."""
    try:
        trees = [tree for tree in sqlglot.parse(text, error_level=ErrorLevel.RAISE) if tree is not None]
        selects = [found for tree in trees for found in tree.find_all(exp.Select)]
        named = _named(selects, table)
        wheres = [where.this.sql() for one in selects if (where := one.args.get("where")) is not None]
    # The parser is other people's code, and any text may reach it.
    except Exception:
        return
    if not selects:
        return
    for where in wheres:
        if len(where) <= LONGEST:
            yield _counting(table, named, where)
    yield _counting(table, named, "")


def _named(selects: Sequence[exp.Select], table: PrivateTable) -> list[str]:
    """Columns of the table that rows are put into groups by: selected, grouped, or parts of a window."""
    folded = {name.lower(): name for name in table.columns}
    found: list[str] = []
    for select in selects:
        group, windows = select.args.get("group"), list(select.find_all(exp.Window))
        by = [part for window in windows for part in window.args.get("partition_by") or ()]
        # What stands in a function or an arithmetic of numbers is no group.
        parts = [*select.expressions, *(group.find_all(exp.Column) if group is not None else ()), *by]
        for part in parts:
            inside = part.unalias() if isinstance(part, exp.Alias) else part
            for column in inside.find_all(exp.Column):
                name = folded.get(column.name.lower())
                plain = column is inside or (name is not None and table.columns[name].kind != "integer")
                if name is not None and plain and name not in found and _groups(table, name):
                    found.append(name)
    return found[:MOST_COLUMNS]


def _groups(table: PrivateTable, name: str) -> bool:
    return table.columns[name].kind in GROUPED and name != table.unit


def _counting(table: PrivateTable, columns: Sequence[str], where: str) -> str:
    by = ", ".join(map(quoted_if_needed, columns))
    parts = [f"select {by}, count(*)" if by else "select count(*)", f"from {quoted_if_needed(table.name)}"]
    return " ".join([*parts, *[f"where {where}"] * bool(where), *[f"group by {by}"] * bool(by)])
