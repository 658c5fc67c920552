"""Queries from text: the certified subset of SQL, read into a typed record, or refused with one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from confide.inputs.predicates import unwrapped
from confide.releases.sql.conditions import Reader
from confide.releases.sql.gate import checked_tree
from confide.releases.sql.joins import read_tables
from confide.releases.sql.keys import keys_of
from confide.releases.sql.literals import number_of
from confide.releases.sql.notes import notes_on
from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import Order, Query, Reference, Source
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import PrivateTable, Schema
from confide.releases.sql.scope import Answer, Scope
from confide.releases.sql.selecting import read_columns, read_groups


def parse(text: str, schema: Schema, *, keys: Mapping[str, Iterable[object]] | None = None) -> Query:
    """Read a query of the certified subset. No data is looked at.

    Args:
        text: one `select`.
        schema: the tables that it can name.
        keys: for the name of each group column the groups to answer; None takes them from the data.

    Raises:
        QueryError: for anything outside the subset, with the reason and the nearest query that is allowed.

    >>> from confide.releases.sql import Column, PrivateTable, Schema
    >>> income = Column(kind="float", low=0, high=200000)
    >>> schema = Schema(PrivateTable(name="people", columns={"income": income, "state": Column(kind="text")}))
    >>> try:
    ...     parse("select avg(income) from people", schema)
    ... except QueryError as refused:
    ...     print(refused.nearest)
    avg(clip(income, 0, 200000))
    >>> parse("select avg(clip(income, 0, 200000)) from people", schema).aggregates[0].function
    'avg'
    """
    try:
        return _read(checked_tree(text), schema, keys)
    except RecursionError:
        raise QueryError("the query nests too deep", "ask a simpler one,", nearest=SHAPE) from None


def _read(tree: exp.Select, schema: Schema, keys: Mapping[str, Iterable[object]] | None) -> Query:
    scope, joins = read_tables(tree, schema)
    private = scope.tables[0].table
    assert isinstance(private, PrivateTable)
    where = tree.args.get("where")
    rows = Reader(lambda node: _of_row(node, scope), "where")
    condition = rows.condition(where.this) if where is not None else None
    groups = read_groups(tree, scope)
    answer, aggregates = read_columns(tree, scope, groups, private)
    released = Reader(lambda node: answer.column(node, "having"), "having")
    having = tree.args.get("having")
    given = None
    if keys is not None:
        names = {c.place: c.name for c in answer.columns if c.part == "group"}
        given = keys_of(keys, groups, [names[i] for i in range(len(groups))]) if groups or keys else None
    query = Query(
        table=Source(private.place, private.unit),
        at_most=private.at_most,
        joins=joins,
        where=condition,
        groups=groups,
        aggregates=aggregates,
        columns=tuple((c.name, c.part, c.place) for c in answer.columns),
        keys=given,
        having=released.condition(having.this) if having is not None else None,
        order=_order(tree, answer),
        limit=_limit(tree),
    )
    return notes_on(query, tuple(named.table for named in scope.tables))


def _of_row(node: exp.Expr, scope: Scope) -> Reference:
    """The column that a condition on rows names."""
    if isinstance(node, exp.Column):
        return scope.column(node)
    if isinstance(node, exp.Anonymous):
        raise QueryError(
            f"{shown(node)} can fail on one row, and so tell of it", "compare a column itself, as in",
            nearest="column between LOW and HIGH",
        )  # fmt: skip
    raise QueryError(
        f"{shown(node)} is no column", "compare a column with", nearest="column between LOW and HIGH"
    )


def _order(tree: exp.Select, answer: Answer) -> tuple[Order, ...]:
    order = tree.args.get("order")
    found: list[Order] = []
    for node in order.expressions if order is not None else ():
        of = unwrapped(node.this)
        if of is None or number_of(of) is not None:
            raise QueryError("order by takes names", "name a column of the answer")
        found.append(Order(answer.column(of, "order by").index, bool(node.args.get("desc"))))
    return tuple(found)


def _limit(tree: exp.Select) -> int | None:
    limit = tree.args.get("limit")
    if limit is None:
        return None
    number = number_of(limit.args.get("expression"))
    if number is None or number != number.to_integral_value() or not 1 <= number <= 10**9:
        raise QueryError(f"{shown(limit).lower()} is no number of rows", "write", nearest="limit 10")
    if not tree.args.get("order"):
        raise QueryError(
            "limit without an order leaves open which groups are shown",
            "write",
            nearest="order by COLUMN limit 10",
        )
    return int(number)
