"""Conditions of SQL as expressions of polars: comparisons that cannot fail on any row, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, ClassVar

import polars as pl
from sqlglot import exp

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.inputs.columns import listed

DEEPEST = 40
"""Levels of and, or and not in each other."""
SHOWN = 60
"""Characters of a part of a query in a message."""
LARGEST = 1e18
"""Numbers in a query are smaller: whole ones then fit 64 bits."""
_WHOLE = re.compile(r"[0-9]{1,18}")
_COMPARED: Mapping[type[exp.Expr], str] = {
    exp.EQ: "eq",
    exp.NEQ: "ne",
    exp.LT: "lt",
    exp.LTE: "le",
    exp.GT: "gt",
    exp.GTE: "ge",
}
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
NEAREST = "column between LOW and HIGH"
"""The form that is offered where nothing nearer is known."""


def shown(node: exp.Expr) -> str:
    """A part of a query as a message shows it."""
    text = in_one_line(node.sql())
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def unwrapped(node: exp.Expr | None) -> exp.Expr | None:
    """What stands in brackets."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def chained(node: exp.Expr) -> list[exp.Expr | None]:
    """The parts of a chain of one word, `and` or `or`; without recursion, for a chain can be long."""
    parts: list[exp.Expr | None] = []
    rest: list[exp.Expr | None] = [node]
    while rest:
        one = unwrapped(rest.pop())
        if one is not None and type(one) is type(node):
            rest += [one.args.get("expression"), one.this]
        else:
            parts.append(one)
    return parts


@dataclass(frozen=True, slots=True)
class Predicates:
    """Reads conditions over the columns of one table.

    Args:
        schema: the columns that can be named, and their types.
        table: what the query calls the table, in lower case; "" if it has no name.
    """

    schema: Mapping[str, pl.DataType]
    table: str = ""

    parts: ClassVar[Mapping[type[exp.Expr], frozenset[str]]] = {
        exp.Between: frozenset(("this", "low", "high")),
        exp.In: frozenset(("this", "expressions")),
        exp.Is: frozenset(("this", "expression")),
        exp.Column: frozenset(("this", "table")),
    }

    def condition(self, node: exp.Expr | None, depth: int = 0) -> tuple[pl.Expr, set[str]]:
        """A condition, and the columns that it names.

        Raises:
            DataError: for anything else than comparisons, between, in, is null, and, or and not over columns
                and literals: with the part, and what to write.
        """
        node = unwrapped(node)
        if node is None:
            raise DataError(f"a condition is missing: write {NEAREST}.")
        if depth > DEEPEST:
            raise DataError("the conditions nest too deep: ask a simpler query.")
        extra = [k for k, v in node.args.items() if v and k not in self.parts.get(type(node), node.args)]
        if extra:
            raise DataError(f"{shown(node)} cannot be read ({extra[0]}): write {NEAREST}.")
        if isinstance(node, exp.And | exp.Or):
            return self._chain(node, depth)
        if isinstance(node, exp.Not):
            inside, names = self.condition(node.this, depth + 1)
            return ~inside, names
        if type(node) in _COMPARED:
            return self._compared(node)
        if isinstance(node, exp.Between):
            name, kind = self._column(node.this)
            self._ordered(kind, node)
            low, high = (self._literal(node.args[end], name, kind) for end in ("low", "high"))
            return pl.col(name).is_between(low, high), {name}
        if isinstance(node, exp.In) and node.expressions:
            name, kind = self._column(node.this)
            among = [self._literal(one, name, kind) for one in node.expressions]
            return _any(pl.col(name) == value for value in among), {name}
        if isinstance(node, exp.Is) and isinstance(unwrapped(node.args.get("expression")), exp.Null):
            name, _ = self._column(node.this)
            return pl.col(name).is_null(), {name}
        if isinstance(node, exp.Column):
            name, kind = self._column(node)
            if kind == pl.Boolean:
                return pl.col(name), {name}
            raise DataError(
                f"{shown(node)} is no condition by itself: compare it, as in {shown(node)} is not null."
            )
        raise DataError(
            f"{shown(node)} is no comparison of a column with a value: write for example {self._near(node)}."
        )

    def _near(self, node: exp.Expr) -> str:
        """The nearest form that is allowed."""
        column = next(iter(node.find_all(exp.Column)), None)
        name = None if column is None else shown(column)
        if isinstance(node, exp.Like):
            return f"{name or 'column'} in ('one', 'other')"
        return NEAREST if name is None else f"{name} between LOW and HIGH"

    def _chain(self, node: exp.Expr, depth: int) -> tuple[pl.Expr, set[str]]:
        parts = [self.condition(one, depth + 1) for one in chained(node)]
        names = set[str]().union(*(names for _, names in parts))
        joined = pl.all_horizontal if isinstance(node, exp.And) else pl.any_horizontal
        return joined([part for part, _ in parts]), names

    def _compared(self, node: exp.Expr) -> tuple[pl.Expr, set[str]]:
        by, left, right = _COMPARED[type(node)], unwrapped(node.this), unwrapped(node.args["expression"])
        if not isinstance(left, exp.Column):
            left, right, by = right, left, _TURNED[by]
        name, kind = self._column(left, whole=node)
        if by not in ("eq", "ne"):
            self._ordered(kind, node)
        if isinstance(right, exp.Column):
            other, other_kind = self._column(right)
            if kind != other_kind and not (kind.is_numeric() and other_kind.is_numeric()):
                raise DataError(f"{shown(node)} compares {kind} with {other_kind}: compare like with like.")
            return getattr(pl.col(name), by)(pl.col(other)), {name, other}
        return getattr(pl.col(name), by)(self._literal(right, name, kind)), {name}

    def _column(self, node: exp.Expr | None, *, whole: exp.Expr | None = None) -> tuple[str, pl.DataType]:
        node, said = unwrapped(node), whole or node
        if not isinstance(node, exp.Column) or (node.table and node.table.lower() != self.table):
            hyphen = '; a name with a hyphen stands in double quotes, as "marital-status"'
            text = "nothing" if said is None else shown(said)
            raise DataError(
                f"{text} is no comparison of a column with a value: write for example "
                f"{NEAREST if said is None else self._near(said)}"
                f"{hyphen if said is not None and said.find(exp.Sub) else ''}."
            )
        names = [c for c in self.schema if c == node.name] or [
            c for c in self.schema if c.lower() == node.name.lower()
        ]
        if len(names) != 1:
            near = get_close_matches(node.name, list(self.schema), n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(map(repr, near))}? There are" if near else "there are"
            raise DataError(f"there is no column {node.name!r:.60}: {hint} {listed(list(self.schema))}.")
        return names[0], self.schema[names[0]]

    def _ordered(self, kind: pl.DataType, node: exp.Expr) -> None:
        """Text has another order in each database, and true is not above false."""
        if not (kind.is_numeric() or kind.is_temporal()):
            raise DataError(
                f"{shown(node)} needs an order, and that of {kind} depends on the database: list the values, "
                "as in column in ('a', 'b')."
            )

    def _literal(self, node: exp.Expr | None, name: str, kind: pl.DataType) -> pl.Expr:
        """A value of the kind of a column."""
        node, negative = unwrapped(node), False
        if isinstance(node, exp.Neg):
            node, negative = unwrapped(node.this), True
        value: Any = None
        if isinstance(node, exp.Literal) and not node.is_string and kind.is_numeric():
            text = str(node.this)
            value = int(text) if _WHOLE.fullmatch(text) else float(text)
            if not abs(value) < LARGEST:
                raise DataError(f"{shown(node)} is too large a number: compare {name!r} with a smaller one.")
            return pl.lit(-value if negative else value)
        if isinstance(node, exp.Literal) and node.is_string and not negative:
            value = _of_text(str(node.this), kind)
        if isinstance(node, exp.Boolean) and kind == pl.Boolean:
            value = bool(node.this)
        if value is None:
            text = "nothing" if node is None else shown(node)
            raise DataError(f"column {name!r} is of type {kind}, and {text} is none: {_such(kind)}.")
        return pl.lit(value, dtype=kind)


def _any(parts: Any) -> pl.Expr:
    return pl.any_horizontal(list(parts))


def _of_text(text: str, kind: pl.DataType) -> object:
    try:
        if kind == pl.String:
            return text
        if kind == pl.Date:
            return date.fromisoformat(text)
        if isinstance(kind, pl.Datetime) and kind.time_zone is None:
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    return None


def _such(kind: pl.DataType) -> str:
    if kind.is_numeric():
        return "write a number, such as 17"
    if kind == pl.Boolean:
        return "write true or false"
    if kind in (pl.Date, pl.Datetime):
        return "write a date, such as '2020-01-31'"
    return "write text in single quotes, as in 'value'" if kind == pl.String else "leave this column out"
