"""Which answers are shown, and in which order: `having`, `order by` and `limit`, on released values alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from confide.releases.sql.query import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Condition,
    IsNull,
    IsTrue,
    Not,
    Query,
    Reference,
    Released,
    Value,
)

Row: TypeAlias = tuple[Value | None, ...]
"""An answer: a value for each column of the query. NaN and None are no value."""

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def shown_rows(query: Query, rows: Sequence[Row]) -> list[Row]:
    """The answers that are shown, in the order that was asked for.

    It is post-processing: what it does follows from released values alone.

    Args:
        query: what was asked.
        rows: the answers after noise.
    """
    kept = [row for row in rows if query.having is None or _holds(query.having, row) is True]
    for order in reversed(query.order):
        there = [row for row in kept if not _empty(row[order.index])]
        gone = [row for row in kept if _empty(row[order.index])]
        there.sort(key=lambda row: row[order.index], reverse=order.descending)  # pyright: ignore[reportArgumentType, reportCallIssue]
        kept = there + gone
    return kept[: query.limit]


def _holds(condition: Condition, row: Row) -> bool | None:
    """Three-valued logic: None is unknown."""
    match condition:
        case AllOf(parts=parts):
            held = [_holds(part, row) for part in parts]
            return False if False in held else None if None in held else True
        case AnyOf(parts=parts):
            held = [_holds(part, row) for part in parts]
            return True if True in held else None if None in held else False
        case Not(part=part):
            held = _holds(part, row)
            return None if held is None else not held
        case IsNull(column=column):
            return _empty(_value(column, row))
        case IsTrue(column=column):
            value = _value(column, row)
            return None if _empty(value) else bool(value)
        case Among(column=column, values=values):
            value = _value(column, row)
            return None if _empty(value) else value in values
        case Compare(column=column, by=by, other=other):
            left, right = _value(column, row), _value(other, row)
            return None if _empty(left) or _empty(right) else _COMPARED[by](left, right)


def _value(of: Reference | Value, row: Row) -> Value | None:
    return row[of.index] if isinstance(of, Released) else of  # pyright: ignore[reportReturnType]


def _empty(value: Value | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
