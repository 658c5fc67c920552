"""The columns of an answer: groups, and what is asked of each."""

from __future__ import annotations

from sqlglot import exp

from confide.inputs.predicates import unwrapped
from confide.releases.sql.aggregates import Asked
from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import Aggregate, ColumnOf, Released
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import WORDS, PersonTable, PrivateTable
from confide.releases.sql.scope import Answer, Answered, Scope, matching, quoted_if_needed

MOST_COLUMNS = 100
"""Columns of an answer."""


def read_groups(tree: exp.Select, scope: Scope) -> tuple[ColumnOf, ...]:
    """The columns of `group by`.

    Raises:
        QueryError: for an expression, a column with nearly a value for each row, or the person's column.
    """
    group = tree.args.get("group")
    nodes = list(group.expressions) if group is not None else []
    found: list[ColumnOf] = []
    for node in map(unwrapped, nodes):
        if not isinstance(node, exp.Column):
            raise QueryError(
                f"group by {shown(node) if node else ''} is no column", "name one, as in", nearest=SHAPE
            )
        column = scope.column(node)
        if column.kind in ("float", "timestamp"):
            raise QueryError(
                f"group by {shown(node)} makes nearly a group of each row, as it holds {WORDS[column.kind]}",
                "ask for a range, as in",
                nearest=f"{shown(node)} between LOW and HIGH",
            )
        table = scope.tables[column.table].table
        if isinstance(table, PrivateTable | PersonTable) and column.name == table.unit:
            raise QueryError(
                f"group by {shown(node)} answers about one person at a time",
                "group by a column that many share",
            )
        if column in found:
            raise QueryError(f"group by names {shown(node)} twice", "name it once")
        found.append(column)
    return tuple(found)


def read_columns(
    tree: exp.Select, scope: Scope, groups: tuple[ColumnOf, ...], private: PrivateTable
) -> tuple[Answer, tuple[Aggregate, ...]]:
    """The columns of the answer, and the aggregates among them.

    Raises:
        QueryError: for a column that shows rows, an aggregate that is not answered, or a name that is taken.
    """
    unit = None if private.unit is None else ColumnOf(0, private.unit, private.columns[private.unit].kind)
    asked = Asked(scope, unit)
    columns: list[Answered] = []
    aggregates: list[Aggregate] = []
    if len(tree.expressions) > MOST_COLUMNS:
        raise QueryError(
            f"the query asks for {len(tree.expressions)} columns", f"ask for at most {MOST_COLUMNS}"
        )
    for node in tree.expressions:
        of = unwrapped(node.this if isinstance(node, exp.Alias) else node)
        if isinstance(of, exp.Star):
            raise QueryError(
                "select * shows the rows themselves", "count them:",
                nearest=f"select count(*) from {quoted_if_needed(private.name)}",
            )  # fmt: skip
        index = len(columns)
        if isinstance(of, exp.Column):
            group = _grouped(of, scope, groups, private)
            released = Released(index, group.kind)
            part, place = "group", groups.index(group)
        else:
            aggregate = asked.aggregate(of)
            if aggregate in aggregates:
                raise QueryError(f"{shown(of) if of else ''} is asked for twice, and paid twice", "ask once")
            part, place = "aggregate", len(aggregates)
            aggregates.append(aggregate)
            released = Released(index, "float")
        columns.append(Answered(_name(node, of, columns, scope), of or node, released, part, place))
    _refuse_unselected(columns, groups, scope, aggregates)
    return Answer(tuple(columns)), tuple(aggregates)


def _grouped(node: exp.Column, scope: Scope, groups: tuple[ColumnOf, ...], private: PrivateTable) -> ColumnOf:
    column = scope.column(node)
    if column not in groups:
        nearest = (
            f"select {shown(node)}, count(*) from {quoted_if_needed(private.name)} group by {shown(node)}"
        )
        raise QueryError(
            f"{shown(node)} by itself shows the rows of people", "count them in groups:", nearest=nearest
        )
    return column


def _name(node: exp.Expr, of: exp.Expr | None, before: list[Answered], scope: Scope) -> str:
    """The name of a column of the answer: the one given, else its text.

    A name that is also that of another column would be read as one by SQL and as the other here.
    """
    alias = node.args.get("alias") if isinstance(node, exp.Alias) else None
    given = isinstance(alias, exp.Identifier)
    if given:
        name = str(alias.this)
        own = of.this if isinstance(of, exp.Column) else None
        for named in scope.tables:
            clash = [c for c in named.table.columns if c.lower() == name.lower()]
            if clash and not (isinstance(own, exp.Identifier) and matching(own, clash)):
                raise QueryError(
                    f"{name!r:.60} is the name of a column of {named.table.name} too",
                    "give the answer another name",
                )
    elif isinstance(of, exp.Column):
        name = scope.column(of).name
    else:
        name = shown(of) if of is not None else ""
    if name.lower() in [c.name.lower() for c in before]:
        raise QueryError(
            f"two columns of the answer are called {name!r:.60}", "give each a name of its own with as"
        )
    return name


def _refuse_unselected(
    columns: list[Answered], groups: tuple[ColumnOf, ...], scope: Scope, aggregates: list[Aggregate]
) -> None:
    chosen = [c.place for c in columns if c.part == "group"]
    for i, group in enumerate(groups):
        if i not in chosen:
            raise QueryError(
                f"group by {scope.written(group)} is not selected, and the answers could not be told apart",
                "add it to select:", nearest=f"{scope.written(group)}, count(*)",
            )  # fmt: skip
    if len(set(chosen)) < len(chosen):
        raise QueryError("a group column is selected twice", "select it once")
    if not aggregates:
        raise QueryError(
            "the query asks for groups alone", "ask how many rows each has:",
            nearest=", ".join([*(scope.written(g) for g in groups), "count(*)"]),
        )  # fmt: skip
