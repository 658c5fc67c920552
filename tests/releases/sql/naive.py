"""A naive reference: queries answered by plain loops over rows, without SQL, grids or codes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confide.releases.sql.query import (
    AllOf,
    Among,
    AnyOf,
    Clip,
    ColumnOf,
    Compare,
    Condition,
    CountPeople,
    CountRows,
    IsNull,
    IsTrue,
    Not,
    OfClipped,
    Quantile,
    Query,
    Share,
)

Rows = Sequence[dict[str, Any]]


def joined(query: Query, tables: Mapping[str, Rows]) -> list[tuple[dict[str, Any], ...]]:
    """Each row of the private table that is counted, with the rows that it meets."""
    found: list[tuple[dict[str, Any], ...]] = [(row,) for row in tables[query.table.place[-1]]]
    for join in query.joins:
        other = tables[join.source.place[-1]]
        empty = dict.fromkeys(join.source.columns)
        wider = []
        for row in found:
            met = [o for o in other if all(_equal(row[a.table][a.name], o[b.name]) for a, b in join.on)]
            met.sort(key=lambda o: [(o[c] is None, o[c] if o[c] is not None else 0) for c in join.order])
            wider += [(*row, met[0])] if met else [(*row, empty)] if join.left else []
        found = wider
    unit = query.table.unit
    return [
        row
        for row in found
        if (unit is None or row[0][unit] is not None)
        and (query.where is None or holds(query.where, row) is True)
    ]


def answers(query: Query, tables: Mapping[str, Rows]) -> dict[tuple[Any, ...], list[float]]:
    """The values of all aggregates of all groups."""
    groups: dict[tuple[Any, ...], list[Any]] = {key: [] for key in query.keys or ()}
    if not query.groups:
        groups[()] = []
    for row in joined(query, tables):
        key = tuple(row[g.table][g.name] for g in query.groups)
        if query.keys is None:
            groups.setdefault(key, [])
        if key in groups:
            groups[key].append(row)
    return {key: [_aggregate(a, rows, query) for a in query.aggregates] for key, rows in groups.items()}


def holds(condition: Condition, row: Sequence[dict[str, Any]]) -> bool | None:
    """Kleene's logic; NaN equals itself and is above all numbers."""
    match condition:
        case AllOf(parts=parts):
            held = {holds(p, row) for p in parts}
            return False if False in held else None if None in held else True
        case AnyOf(parts=parts):
            held = {holds(p, row) for p in parts}
            return True if True in held else None if None in held else False
        case Not(part=part):
            held_one = holds(part, row)
            return None if held_one is None else not held_one
        case IsNull(column=column):
            return _of(column, row) is None
        case IsTrue(column=column):
            return _of(column, row)
        case Among(column=column, values=values):
            value = _of(column, row)
            return None if value is None else any(_rank(value) == _rank(v) for v in values)
        case Compare(column=column, by=by, other=other):
            left, right = _of(column, row), _of(other, row)
            if left is None or right is None:
                return None
            a, b = _rank(left), _rank(right)
            return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[by]


def _aggregate(aggregate: Any, rows: list[Any], query: Query) -> float:
    match aggregate:
        case CountRows():
            return len(rows)
        case CountPeople():
            return len({row[0][query.table.unit] for row in rows})
        case Share(column=column, low=low, high=high):
            values = [v for row in rows if not _missing(v := _of(column, row))]
            return sum(low <= v <= high for v in values) / len(values) if values else math.nan
        case Quantile(value=value, p=p):
            found = sorted(_clipped(value, rows))
            return found[math.ceil(p * len(found)) - 1] if found else math.nan
        case OfClipped(function=function, value=value):
            found = _clipped(value, rows)
            if function == "sum":
                return sum(found)
            if not found or (function != "avg" and len(found) < 2):
                return math.nan
            how = {"avg": statistics.fmean, "var": statistics.variance, "stddev": statistics.stdev}
            return how[function](found)
    raise AssertionError(aggregate)


def _clipped(value: Clip, rows: Iterable[Any]) -> list[float]:
    raw = [_of(value.column, row) for row in rows]
    given = [value.missing if _missing(x) else x for x in raw]
    return [min(max(x, value.low), value.high) for x in given if x is not None]


def _of(column: Any, row: Sequence[dict[str, Any]]) -> Any:
    return row[column.table][column.name] if isinstance(column, ColumnOf) else column


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _rank(value: Any) -> Any:
    return (1, 0) if isinstance(value, float) and math.isnan(value) else (0, value)


def _equal(a: Any, b: Any) -> bool:
    return a is not None and a == b
