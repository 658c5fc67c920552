"""Schemas of queries: the private table, the tables that may be joined to it, and the kinds of their columns.

A schema is public. It comes from the owner and from the types that a database declares, never from values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from confide.core.errors import DataError

Kind: TypeAlias = Literal["integer", "float", "text", "boolean", "date", "timestamp"]

WORDS: dict[Kind, str] = {
    "integer": "whole numbers",
    "float": "numbers",
    "text": "texts",
    "boolean": "true or false",
    "date": "dates",
    "timestamp": "times",
}

_KINDS: dict[Kind, tuple[str, ...]] = {
    "integer": (
        *("tinyint", "smallint", "integer", "int", "bigint", "utinyint", "usmallint", "uinteger"),
        *("int1", "int2", "int4", "int8"),
    ),
    "float": ("float", "real", "double", "double precision", "float4", "float8"),
    "text": ("varchar", "text", "character varying", "string"),
    "boolean": ("boolean", "bool"),
    "date": ("date",),
    "timestamp": ("timestamp", "timestamp without time zone", "datetime", "timestamp_ntz"),
}
_DECIMAL = re.compile(r"(?:decimal|numeric)\(([0-9]+),\s*([0-9]+)\)")
_VARYING = re.compile(r"(?:varchar|character varying)\([0-9]+\)")
INT64_DIGITS = 18
"""Decimal digits that surely fit 64 bits."""


def kind_of(declared: str) -> Kind | None:
    """The kind of a column, from the type that its database declares; None for one that no query uses.

    Only types for which no comparison and no conversion can fail on a row have a kind. Whole numbers fit 64
    signed bits. A `numeric` without digits has none, because its values can exceed a float64; neither has a
    `char(n)`, whose blanks count at times, nor a time with a zone, which depends on who asks.

    >>> kind_of("BIGINT"), kind_of("DECIMAL(12,2)"), kind_of("numeric"), kind_of("ENUM('a', 'b')")
    ('integer', 'float', None, 'text')
    """
    name = declared.strip().lower()
    for kind, names in _KINDS.items():
        if name in names:
            return kind
    if found := _DECIMAL.fullmatch(name):
        digits, after = int(found[1]), int(found[2])
        if after == 0 and digits <= INT64_DIGITS:
            return "integer"
        return "float" if digits <= 38 else None
    return "text" if name.startswith("enum(") or _VARYING.fullmatch(name) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is public about a column.

    Args:
        kind: of its values.
        low, high: public bounds, shown as an example where a query lacks bounds.
    """

    kind: Kind
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise DataError(f"bounds {self.low} and {self.high}: give the smaller one as low.")
        if any(b is not None and not math.isfinite(b) for b in (self.low, self.high)):
            raise DataError(f"bounds {self.low} and {self.high}: bounds are finite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and where it is.

    Args:
        name: in queries.
        columns: each with its kind.
        source: the parts of its name in the database, as in `("public", "people")`; by default its name.
    """

    name: str
    columns: Mapping[str, Column] = field(hash=False)
    source: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.name, *self.columns, *self.source):
            if not name or "\0" in name:
                raise DataError(f"the name {name!r:.60} is empty or holds a character 0: give another name.")

    @property
    def place(self) -> tuple[str, ...]:
        """The parts of its name in the database."""
        return self.source or (self.name,)

    def _need(self, columns: tuple[str, ...]) -> None:
        for column in columns:
            if column not in self.columns:
                raise DataError(
                    f"{self.name} has no column {column!r:.60}: it has {', '.join(self.columns)}."
                )

    def _need_key(self, columns: tuple[str, ...]) -> None:
        """Columns by which rows of one person, or of one key, are found: equal values have to be equal."""
        self._need(columns)
        for column in columns:
            if self.columns[column].kind == "float":
                raise DataError(f"{column!r:.60} of {self.name} has fractions: a key has none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTable(Table):
    """The table about people that queries are asked of.

    Args:
        unit: the column that says whose row it is; None if each row is another person.
        at_most: rows that a person has in `source`. The session that fills `source` has cut it to this
            number; all sensitivities rest on it.
        unusable: columns that no query can use -> the type that the database declares.
    """

    unit: str | None = None
    at_most: int = 1
    unusable: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def __post_init__(self) -> None:
        Table.__post_init__(self)
        if self.at_most < 1:
            raise DataError(f"at most {self.at_most} rows a person: the least is 1.")
        if self.unit is None and self.at_most != 1:
            raise DataError(f"at most {self.at_most} rows a person, but no unit: name the person's column.")
        if self.unit is not None:
            self._need_key((self.unit,))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTable(Table):
    """A table that everybody knows, such as regions of states.

    Args:
        key: columns that name one row. A query joins on all of them. Where a key has several rows after all,
            a query uses one of them, so that a join never multiplies rows.
    """

    key: tuple[str, ...]

    def __post_init__(self) -> None:
        Table.__post_init__(self)
        if not self.key:
            raise DataError(f"the public table {self.name} has no key: name the columns that name one row.")
        self._need_key(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTable(Table):
    """A second table about the same people, of which each query sees one row a person.

    Args:
        unit: the column that says whose row it is.
        order: which row of a person is used: the first by these columns, then by all others.
    """

    unit: str
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Table.__post_init__(self)
        self._need_key((self.unit,))
        self._need(self.order)


@dataclass(frozen=True, slots=True)
class Schema:
    """What a query can name.

    Args:
        table: the private one.
        joined: tables that a query may join to it.
    """

    table: PrivateTable
    joined: tuple[PublicTable | PersonTable, ...] = ()

    def __post_init__(self) -> None:
        names = [t.name.lower() for t in (self.table, *self.joined)]
        if len(set(names)) < len(names):
            raise DataError(f"two tables have one name: {', '.join(sorted(names))}.")
        for other in self.joined:
            if isinstance(other, PersonTable):
                self._same_people(other)

    def _same_people(self, other: PersonTable) -> None:
        if self.table.unit is None:
            raise DataError(f"{other.name} has rows of people, but {self.table.name} has no person's column.")
        kinds = self.table.columns[self.table.unit].kind, other.columns[other.unit].kind
        if kinds[0] != kinds[1]:
            raise DataError(
                f"people are {WORDS[kinds[0]]} in {self.table.name}, {WORDS[kinds[1]]} in {other.name}."
            )
