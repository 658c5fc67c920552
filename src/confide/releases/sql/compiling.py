"""Compiled queries: the statements that bring exact group sums back from DuckDB, PostgreSQL or Spark.

Rows never leave the database. Each statement has an inner part, in which every row is turned into its group,
its person and its codes, and an outer part that counts and sums them. Names and literals are nodes of
sqlglot's tree; its generator alone writes them as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from confide.releases.sql.expressions import (
    Dialect,
    among,
    code,
    column_of,
    condition,
    inside,
    literal,
    name_of,
    present,
)
from confide.releases.sql.query import ColumnOf, Join, Query, Value
from confide.releases.sql.sums import (
    Histogram,
    Inside,
    People,
    Present,
    Rows,
    Squares,
    Sum,
    Total,
    histograms_of,
    sums_of,
)

GROUPED, PERSON, FIRST = "rows", "unit", "first"
"""Names in a statement: of the inner part, of the person's column, and of the number of a row of a key."""


def compiled(query: Query, dialect: Dialect) -> str:
    """The statement whose answer has, for each group that is not empty, its keys and then `sums_of(query)`.

    Sums are whole numbers and exact: HUGEINT of 128 bits in DuckDB, numeric in PostgreSQL, decimals of 38
    digits in Spark.

    >>> from confide.releases.sql import Column, PrivateTable, Schema, parse
    >>> people = PrivateTable(name="people", columns={"state": Column(kind="text")})
    >>> query = parse("select state, count(*) from people group by state", Schema(people))
    >>> compiled(query, "duckdb")  # doctest: +ELLIPSIS
    'SELECT "g0", COUNT(*) AS "s0" FROM (SELECT CAST("t0"."state" AS TEXT) AS "g0" FROM "people" ...
    """
    sums = sums_of(query)
    inner: dict[exp.Expr, str] = {}
    outer = [_alias(_summed(one, inner, dialect), f"s{i}") for i, one in enumerate(sums)]
    # A query of quantiles alone still says which groups there are.
    return _statement(query, inner, outer or [_alias(_count(), "s0")], (), dialect)


def compiled_histogram(query: Query, histogram: Histogram, dialect: Dialect) -> str:
    """The statement that brings the keys, a code and the number of rows, for each group and code with rows.

    Args:
        query: whose rows are counted.
        histogram: one of `histograms_of(query)`.
        dialect: of the database.
    """
    assert histogram in histograms_of(query)
    inner: dict[exp.Expr, str] = {}
    column = _inner(code(histogram.value, histogram.grid, dialect), inner)
    return _statement(query, inner, [_alias(_count(), "s0")], (column,), dialect)


def _summed(one: Sum, inner: dict[exp.Expr, str], dialect: Dialect) -> exp.Expr:
    """A sum as the outer part says it; what it needs of each row goes into the inner part."""
    match one:
        case Rows():
            return _count()
        case People():
            return exp.Count(this=exp.Distinct(expressions=[exp.Column(this=name_of(PERSON))]))
        case Present(column=column):
            return exp.Count(this=_inner(present(column, dialect), inner))
        case Inside(share=share):
            # A number of rows fits 64 bits.
            return _total(_inner(inside(share, dialect), inner))
        case Total(value=value):
            return _total(_wide(_inner(code(value, one.grid, dialect), inner), dialect))
        case Squares(value=value):
            column = _inner(code(value, one.grid, dialect), inner)
            return _total(_wide(exp.Mul(this=column, expression=column.copy()), dialect))


def _statement(
    query: Query,
    inner: dict[exp.Expr, str],
    outer: Sequence[exp.Expr],
    by: Sequence[exp.Column],
    dialect: Dialect,
) -> str:
    keys = [exp.Column(this=name_of(f"g{i}")) for i in range(len(query.groups))]
    parts = [_alias(column_of(group), f"g{i}") for i, group in enumerate(query.groups)]
    if query.table.unit is not None:
        unit = exp.Column(this=name_of(query.table.unit), table=name_of("t0"))
        parts.append(_alias(unit, PERSON))
    parts += [_alias(part, name) for part, name in inner.items()]
    rows = _rows(query, parts or [_alias(literal(1, dialect), "r")], dialect)
    grouped = [*keys, *by]
    select = exp.select(*[c.copy() for c in grouped], *outer).from_(rows)
    select = select.group_by(*grouped) if grouped else select
    if by:
        select = select.where(exp.Not(this=exp.Is(this=by[0].copy(), expression=exp.Null())))
    return select.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)


def _rows(query: Query, parts: Sequence[exp.Expr], dialect: Dialect) -> exp.Subquery:
    """One row for each row of the private table that is counted."""
    select = exp.select(*parts).from_(_table(query.table.place, "t0"))
    for i, join in enumerate(query.joins, 1):
        on = [exp.EQ(this=column_of(left), expression=column_of(right)) for left, right in join.on]
        select = select.join(
            _one_row_each(join, f"t{i}"), on=exp.and_(*on), join_type="left" if join.left else "inner"
        )
    where = [_answered(query, i, group, dialect) for i, group in enumerate(query.groups)]
    if query.table.unit is not None:
        # Rows of nobody are nobody's to protect, and a group of them could have any number of rows.
        unit = exp.Column(this=name_of(query.table.unit), table=name_of("t0"))
        where.insert(0, exp.Not(this=exp.Is(this=unit, expression=exp.Null())))
    if query.where is not None:
        where.append(condition(query.where, dialect))
    for one in where:
        if one is not None:
            select = select.where(one)
    return select.subquery(name_of(GROUPED))


def _answered(query: Query, index: int, group: ColumnOf, dialect: Dialect) -> exp.Expr | None:
    """Which values of a group column are counted: those of the keys, and dates that a calendar has."""
    null = exp.Is(this=column_of(group), expression=exp.Null())
    if query.keys is not None:
        found = dict.fromkeys(key[index] for key in query.keys)
        values: list[Value] = [v for v in found if v is not None]
        listed = [among(group, values, dialect)] if values else []
        return exp.Paren(this=exp.or_(*listed, *([null] if None in found else [])))
    if group.kind == "date":
        # Outside these years no date of Python's is, and the answer could not be read.
        ends = {"low": literal(date.min, dialect), "high": literal(date.max, dialect)}
        return exp.Paren(this=exp.or_(null, exp.Between(this=column_of(group), **ends)))
    return None


def _one_row_each(join: Join, alias: str) -> exp.Expr:
    """The table, cut to the first row of each key: so no join multiplies rows, whatever the table holds."""
    source = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.Column(this=name_of(c)) for c in join.one_row_each],
        # Rows that are equal in all columns need no order, but Spark asks for one.
        order=exp.Order(expressions=[_ascending(c) for c in join.order or join.one_row_each]),
    )
    columns = [exp.Column(this=name_of(c)) for c in join.source.columns]
    number = FIRST
    while number in [c.lower() for c in join.source.columns]:
        number += "_"
    numbered = exp.select(*columns, _alias(source, number)).from_(_table(join.source.place, None))
    first = exp.EQ(this=exp.Column(this=name_of(number)), expression=exp.Literal.number(1))
    cut = exp.select(*[c.copy() for c in columns]).from_(numbered.subquery(name_of("numbered"))).where(first)
    return cut.subquery(name_of(alias))


def _ascending(column: str) -> exp.Ordered:
    return exp.Ordered(this=exp.Column(this=name_of(column)), desc=False, nulls_first=False)


def _table(place: Sequence[str], alias: str | None) -> exp.Table:
    parts = dict(zip(("this", "db", "catalog"), map(name_of, reversed(place)), strict=False))
    table = exp.Table(**parts)
    if alias is not None:
        table.set("alias", exp.TableAlias(this=name_of(alias)))
    return table


def _inner(part: exp.Expr, inner: dict[exp.Expr, str]) -> exp.Column:
    """The column of the inner part that holds this; equal parts share one."""
    return exp.Column(this=name_of(inner.setdefault(part, f"v{len(inner)}")))


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())


def _wide(part: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A code of 64 bits in a type whose sum cannot overflow; others than Spark choose it themselves."""
    return exp.cast(part, "DECIMAL(38, 0)") if dialect == "spark" else part


def _total(part: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=exp.Sum(this=part), expressions=[exp.Literal.number(0)])


def _alias(part: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=part, alias=name_of(name))
