"""Conditions of `where` and `having`: comparisons that cannot fail on any row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from sqlglot import exp

from confide.inputs.predicates import DEEPEST, chained, unwrapped
from confide.releases.sql.literals import is_literal, value_of
from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Comparison,
    Condition,
    IsNull,
    IsTrue,
    Not,
    Reference,
    Value,
)
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import WORDS, Kind

_OPERATORS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
NUMBERS: tuple[Kind, ...] = ("integer", "float")
assert set(_TURNED) == set(get_args(Comparison))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the conditions of one clause.

    Args:
        column: the column that a node names, or a refusal.
        clause: the word of the clause, for refusals.
    """

    column: Callable[[exp.Expr], Reference]
    clause: str

    def condition(self, node: exp.Expr | None, depth: int = 0) -> Condition:
        """A condition.

        Raises:
            QueryError: for anything else, and for one that could fail on a row.
        """
        node = unwrapped(node)
        if depth > DEEPEST:
            raise QueryError("the conditions nest too deep", "ask a simpler query")
        if isinstance(node, exp.And | exp.Or):
            parts = tuple(self.condition(part, depth + 1) for part in chained(node))
            return AllOf(parts) if isinstance(node, exp.And) else AnyOf(parts)
        if isinstance(node, exp.Not):
            return Not(self.condition(node.this, depth + 1))
        if node is not None and type(node) in _OPERATORS:
            return self._compared(node)
        if isinstance(node, exp.Between):
            return self._between(node)
        if isinstance(node, exp.In):
            return self._among(node)
        if isinstance(node, exp.Is):
            return self._is(node)
        if isinstance(node, exp.Column):
            return self._flag(node)
        text = "nothing" if node is None else shown(node)
        raise QueryError(
            f"{text} is no condition that every row answers without failing",
            f"write {self.clause} with",
            nearest="column between LOW and HIGH",
        )

    def _compared(self, node: exp.Expr) -> Condition:
        by = _OPERATORS[type(node)]
        left, right = node.this, node.args.get("expression")
        if is_literal(left) and is_literal(right):
            raise QueryError(f"{shown(node)} compares no column", "leave it out")
        if is_literal(left):
            left, right, by = right, left, _TURNED[by]
        column = self._named(left)
        if is_literal(right) and isinstance(right, exp.Expr):
            self._ordered(column, by, shown(node))
            return Compare(column, by, value_of(right, column.kind, shown(left)))
        other = self._named(right)
        if column.kind != other.kind and not {column.kind, other.kind} <= set(NUMBERS):
            raise QueryError(
                f"{shown(left)} holds {WORDS[column.kind]}, and {shown(right)} {WORDS[other.kind]}",
                "compare columns of one kind",
            )
        self._ordered(column, by, shown(node))
        return Compare(column, by, other)

    def _between(self, node: exp.Between) -> Condition:
        column = self._named(node.this)
        self._ordered(column, "<", shown(node))
        low, high = (self._value(node.args[end], column.kind, shown(node.this)) for end in ("low", "high"))
        if low > high:  # pyright: ignore[reportOperatorIssue]  # both are of the column's kind
            ends = shown(node.args["low"]), shown(node.args["high"])
            raise QueryError(
                f"between {ends[0]} and {ends[1]} holds for nothing",
                "write the smaller bound first, as in",
                nearest=f"{shown(node.this)} between {ends[1]} and {ends[0]}",
            )
        return AllOf((Compare(column, ">=", low), Compare(column, "<=", high)))

    def _among(self, node: exp.In) -> Condition:
        column = self._named(node.this)
        values = tuple(self._value(one, column.kind, shown(node.this)) for one in node.expressions)
        if not values:
            raise QueryError(
                f"{shown(node)} lists nothing", "list the values, as in", nearest="column in ('a', 'b')"
            )
        return Among(column, values)

    def _is(self, node: exp.Is) -> Condition:
        if not isinstance(unwrapped(node.args.get("expression")), exp.Null):
            raise QueryError(f"{shown(node)} is not compared", "write", nearest=f"{shown(node.this)} = true")
        return IsNull(self._named(node.this))

    def _flag(self, node: exp.Column) -> Condition:
        column = self._named(node)
        if column.kind != "boolean":
            raise QueryError(
                f"{shown(node)} holds {WORDS[column.kind]} and is no condition by itself",
                "compare it, as in",
                nearest=f"{shown(node)} is not null",
            )
        return IsTrue(column)

    def _named(self, node: exp.Expr | None) -> Reference:
        node = unwrapped(node)
        if node is None:
            raise QueryError("a comparison lacks a side", "write", nearest=SHAPE)
        return self.column(node)

    def _value(self, node: exp.Expr, kind: Kind, name: str) -> Value:
        if not is_literal(node):
            raise QueryError(f"{shown(node)} is no literal", f"write the value itself beside {name}")
        return value_of(node, kind, name)

    def _ordered(self, column: Reference, by: Comparison, text: str) -> None:
        """Texts have another order in each database, and true is not above false."""
        if by not in ("=", "<>") and column.kind in ("text", "boolean"):
            raise QueryError(
                f"{text} needs an order, and that of {WORDS[column.kind]} depends on the database",
                "list the values, as in",
                nearest="column in ('a', 'b')" if column.kind == "text" else "column = true",
            )
