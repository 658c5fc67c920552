"""Joins of queries: to a public table on its key, or to a second table of people on the person's column."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from confide.inputs.predicates import unwrapped
from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import ColumnOf, Join, Source
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import WORDS, PersonTable, PrivateTable, PublicTable, Schema
from confide.releases.sql.scope import Named, Scope, by_name, matching, quoted_if_needed


def read_tables(tree: exp.Select, schema: Schema) -> tuple[Scope, tuple[Join, ...]]:
    """The tables of a query, and how those after the first are joined.

    Raises:
        QueryError: for a table that is not in the schema, or a join that could multiply rows.
    """
    private = _private(tree, schema)
    scope = Scope((private,))
    joins: list[Join] = []
    for node in tree.args.get("joins") or ():
        scope, join = _joined(node, scope, schema)
        joins.append(join)
    return scope, tuple(joins)


def _private(tree: exp.Select, schema: Schema) -> Named:
    source = tree.args.get("from_")
    if source is None:
        raise QueryError("the query names no table", "write", nearest=_example(schema))
    named = _named(source.this, (schema.table, *schema.joined))
    if not isinstance(named.table, PrivateTable):
        raise QueryError(
            f"{named.table.name} is not the table that is asked of", "write", nearest=_example(schema)
        )
    return named


def _joined(node: exp.Join, scope: Scope, schema: Schema) -> tuple[Scope, Join]:
    named = _named(node.this, (schema.table, *schema.joined))
    table = named.table
    if not isinstance(table, PublicTable | PersonTable):
        raise QueryError(
            f"{table.name} joined to itself multiplies rows", "ask of it once,", nearest=_example(schema)
        )
    if matching(named.called, [str(other.called.this) for other in scope.tables]):
        raise QueryError(f"two tables are called {named.called.this!r:.60}", "join each table once")
    wider = Scope((*scope.tables, named))
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    condition = node.args.get("on")
    example = _join_example(named, scope, table)
    if condition is None or (side, kind) not in (("", ""), ("", "INNER"), ("LEFT", ""), ("LEFT", "OUTER")):
        word = " ".join(w for w in (side, kind, "join") if w).lower()
        reason = f"a {word} of {table.name} without on" if condition is None else f"a {word}"
        raise QueryError(f"{reason} can multiply rows", "write", nearest=example)
    keys = table.key if isinstance(table, PublicTable) else (table.unit,)
    on = _equal_pairs(condition, wider, example)
    if sorted(right.name for _, right in on) != sorted(keys):
        raise QueryError(
            f"the join of {table.name} is not on {', '.join(keys)}, and can multiply rows",
            "write",
            nearest=example,
        )
    if isinstance(table, PersonTable) and on[0][0] != ColumnOf(0, schema.table.unit or "", on[0][1].kind):
        raise QueryError(
            f"the join of {table.name} mixes rows of several people",
            "join on the person's column,",
            nearest=example,
        )
    order = table.order if isinstance(table, PersonTable) else ()
    # All columns decide, so that the row of a key depends on nothing but the rows of this key.
    order = tuple(dict.fromkeys((*order, *table.columns)))
    return wider, Join(
        source=Source(
            table.place, table.unit if isinstance(table, PersonTable) else None, tuple(table.columns)
        ),
        one_row_each=keys,
        order=tuple(c for c in order if c not in keys),
        left=side == "LEFT",
        on=on,
    )


def _equal_pairs(node: exp.Expr, scope: Scope, example: str) -> tuple[tuple[ColumnOf, ColumnOf], ...]:
    """Pairs of an earlier column and one of the last table, joined by `and`."""
    last = len(scope.tables) - 1
    pairs: list[tuple[ColumnOf, ColumnOf]] = []
    rest: list[exp.Expr | None] = [node]
    while rest:
        one = unwrapped(rest.pop())
        if isinstance(one, exp.And):
            rest += [one.args.get("expression"), one.this]
            continue
        sides = (one.this, one.args.get("expression")) if isinstance(one, exp.EQ) else ()
        columns = [scope.column(side) for side in map(unwrapped, sides) if isinstance(side, exp.Column)]
        columns.sort(key=lambda c: c.table == last)
        if len(columns) != 2 or [c.table == last for c in columns] != [False, True]:
            text = "nothing" if one is None else shown(one)
            raise QueryError(f"{text} is no equality with an earlier table", "write", nearest=example)
        left, right = columns
        if left.kind != right.kind:
            raise QueryError(
                f"{shown(one) if one else ''} compares {WORDS[left.kind]} with {WORDS[right.kind]}",
                "join columns of one kind",
            )
        pairs.append((left, right))
    return tuple(pairs)


def _named(node: exp.Expr | None, tables: Iterable[PrivateTable | PublicTable | PersonTable]) -> Named:
    name = node.this if isinstance(node, exp.Table) else None
    if not isinstance(node, exp.Table) or not isinstance(name, exp.Identifier):
        text = "nothing" if node is None else shown(node)
        raise QueryError(
            f"{text} is no table of the schema", "files and functions are not read,", nearest=SHAPE
        )
    table = by_name(name, tuple(tables))
    alias = node.args.get("alias")
    called = alias.this if isinstance(alias, exp.TableAlias) else None
    return Named(called if isinstance(called, exp.Identifier) else name, table)


def _example(schema: Schema) -> str:
    return f"select count(*) from {quoted_if_needed(schema.table.name)}"


def _join_example(named: Named, scope: Scope, table: PublicTable | PersonTable) -> str:
    """The join of this table that is allowed, with the names of the query."""
    called, first = named.called.sql(), scope.tables[0]
    private = first.table
    alias = "" if str(named.called.this) == table.name else f" {called}"
    keys = table.key if isinstance(table, PublicTable) else (table.unit,)
    pairs: list[str] = []
    for key in keys:
        own = key if key in private.columns else "COLUMN"
        if isinstance(table, PersonTable) and isinstance(private, PrivateTable):
            own = private.unit or "COLUMN"
        left = own if own == "COLUMN" else quoted_if_needed(own)
        pairs.append(f"{first.called.sql()}.{left} = {called}.{quoted_if_needed(key)}")
    return f"join {quoted_if_needed(table.name)}{alias} on {' and '.join(pairs)}"
