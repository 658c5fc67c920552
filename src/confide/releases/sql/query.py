"""Queries of the certified subset, as frozen and typed records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from confide.releases.sql.schema import Kind

Value: TypeAlias = bool | int | float | str | date | datetime
"""A literal, or a key of a group."""
Key: TypeAlias = tuple[Value | None, ...]
"""A group: a value for each group column; None is the group of rows without a value."""
Comparison: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """A column of a table of the query.

    Args:
        table: 0 is the private table, 1 the first one joined, and so on.
        name: of the column.
        kind: of its values.
    """

    table: int
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Released:
    """A column of the answer: a group column, or an aggregate.

    Args:
        index: its place in the answer.
        kind: of its values; aggregates are numbers.
    """

    index: int
    kind: Kind


Reference: TypeAlias = ColumnOf | Released


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a literal or another column."""

    column: Reference
    by: Comparison
    other: Reference | Value


@dataclass(frozen=True, slots=True)
class Among:
    """A column is one of some literals."""

    column: Reference
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """A column has no value. NaN is a value of a condition: it is above all numbers, and equal to itself."""

    column: Reference


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A column of true and false, as a condition by itself."""

    column: Reference


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; of unknown it is unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part holds at least."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Compare | Among | IsNull | IsTrue | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Clip:
    """A column, each value moved to the nearest point between two bounds.

    Args:
        column: of numbers.
        low, high: the bounds, as written; whole numbers for a column of whole numbers.
        missing: what stands for null and NaN; None if rows without a value are left out.
    """

    column: ColumnOf
    low: float
    high: float
    missing: float | None = None


@dataclass(frozen=True, slots=True)
class CountRows:
    """`count(*)`."""


@dataclass(frozen=True, slots=True)
class CountPeople:
    """`count(distinct unit)`."""


@dataclass(frozen=True, slots=True)
class OfClipped:
    """`sum`, `avg`, `var` or `stddev` of a clipped column; the last two divide by n - 1."""

    function: Literal["sum", "avg", "var", "stddev"]
    value: Clip


@dataclass(frozen=True, slots=True)
class Share:
    """`avg(column between low and high)`: of the rows with a value, the share with one in this range."""

    column: ColumnOf
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Quantile:
    """`quantile(column, p, low, high)`, of the clipped column."""

    value: Clip
    p: float


Aggregate: TypeAlias = CountRows | CountPeople | OfClipped | Share | Quantile


@dataclass(frozen=True, slots=True)
class Source:
    """A table in the database.

    Args:
        place: the parts of its name there.
        unit: the person's column; None if each row is another person, or the table is public.
        columns: those that the query uses, and, of a joined table, those that order its rows.
    """

    place: tuple[str, ...]
    unit: str | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """A table of which each row of the private table meets one row at most.

    Args:
        source: the table.
        one_row_each: of these columns: the key of a public table, or the person's column.
        order: which of several rows that is.
        left: whether rows that meet none are kept.
        on: pairs of equal columns, of an earlier table and of this one.
    """

    source: Source
    one_row_each: tuple[str, ...]
    order: tuple[str, ...]
    left: bool
    on: tuple[tuple[ColumnOf, ColumnOf], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One column of `order by`; groups and answers without a value come last."""

    index: int
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the certified subset.

    Args:
        table: the private one.
        at_most: rows that a person has in it.
        joins: further tables.
        where: which rows are counted.
        groups: the group columns.
        aggregates: what is asked of each group.
        columns: of the answer in order: its name, and "group" or "aggregate" with the place among these.
        keys: the groups that are answered, also where they are empty; None if they come from the data, so
            that the one who answers must hide rare ones.
        having: which answers are shown; of released columns alone.
        order: in which order.
        limit: how many.
        notes: how the query was read where that may surprise, as sentences.
    """

    table: Source
    at_most: int
    joins: tuple[Join, ...]
    where: Condition | None
    groups: tuple[ColumnOf, ...]
    aggregates: tuple[Aggregate, ...]
    columns: tuple[tuple[str, Literal["group", "aggregate"], int], ...]
    keys: tuple[Key, ...] | None = None
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    notes: tuple[str, ...] = ()
