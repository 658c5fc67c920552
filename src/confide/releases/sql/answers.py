"""Answers of a query: group sums as the database brings them back, and what aggregates are made of them.

The functions take sums before or after noise. What they make of noisy sums is post-processing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from confide.releases.sql.compiling import compiled, compiled_histogram
from confide.releases.sql.expressions import Dialect
from confide.releases.sql.query import (
    Aggregate,
    CountPeople,
    CountRows,
    Key,
    OfClipped,
    Quantile,
    Query,
    Share,
)
from confide.releases.sql.sums import Histogram, Sum, histograms_of, sums_for, sums_of


class Asks(Protocol):
    """Runs one statement and gives all rows that come back.

    A query with quantiles runs several statements: they have to see the same data, in one transaction that
    reads one snapshot.
    """

    def __call__(self, statement: str, /) -> Sequence[Sequence[object]]: ...


@dataclass(frozen=True, slots=True)
class GroupSums:
    """The exact sums of all groups; never released as they are.

    Args:
        keys: of the groups: all given ones in their order, or those that the data have.
        sums: for each sum a whole number for each group.
        histograms: for each histogram and group a count for each code from the lowest on.
    """

    keys: tuple[Key, ...]
    sums: Mapping[Sum, tuple[int, ...]]
    histograms: Mapping[Histogram, tuple[tuple[int, ...], ...]]


def group_sums(query: Query, ask: Asks, dialect: Dialect) -> GroupSums:
    """Bring back the exact sums of a query.

    Args:
        query: what is asked.
        ask: runs a statement in the database.
        dialect: of this database.
    """
    sums, width = sums_of(query), len(query.groups)
    found = {_key(row, width): row[width:] for row in ask(compiled(query, dialect))}
    keys = tuple(found) if query.keys is None and width else (query.keys or ((),))
    totals = {
        one: tuple(_whole(found[key][i]) if key in found else 0 for key in keys) for i, one in enumerate(sums)
    }
    counted = {one: _counted(query, one, keys, ask, dialect) for one in histograms_of(query)}
    return GroupSums(keys, totals, counted)


def _counted(
    query: Query, histogram: Histogram, keys: Sequence[Key], ask: Asks, dialect: Dialect
) -> tuple[tuple[int, ...], ...]:
    grid, width = histogram.grid, len(query.groups)
    counts = {key: [0] * (grid.highest - grid.lowest + 1) for key in keys}
    for row in ask(compiled_histogram(query, histogram, dialect)):
        key = _key(row, width)
        # Combinations of given keys that were not asked for are not answered.
        if key in counts:
            counts[key][_whole(row[width]) - grid.lowest] = _whole(row[width + 1])
    return tuple(tuple(counts[key]) for key in keys)


def _key(row: Sequence[object], width: int) -> Key:
    return tuple(row[:width])  # pyright: ignore[reportReturnType]  # as the kinds of the columns say


def _whole(number: object) -> int:
    """A sum as a whole number: PostgreSQL and Spark bring a decimal."""
    whole = int(number)  # pyright: ignore[reportArgumentType]
    assert whole == number
    return whole


def estimate(aggregate: Aggregate, sums: Mapping[Sum, float]) -> float:
    """The value of an aggregate from its sums, exact or noisy; NaN where they leave it open.

    Args:
        aggregate: no quantile, which has a histogram instead.
        sums: those of `sums_for(aggregate)`, of one group.
    """
    parts = sums_for(aggregate)
    numbers = [sums[one] for one in parts]
    match aggregate:
        case CountRows() | CountPeople():
            return float(numbers[0])
        case Share():
            return numbers[0] / numbers[1] if numbers[1] > 0 else math.nan
        case OfClipped(function="sum"):
            return parts[0].grid.value(numbers[0])  # pyright: ignore[reportAttributeAccessIssue]
        case OfClipped(function="avg"):
            grid = parts[0].grid  # pyright: ignore[reportAttributeAccessIssue]
            return grid.value(Fraction(numbers[0]) / Fraction(numbers[1])) if numbers[1] > 0 else math.nan
        case OfClipped(function=function):
            return _spread(function, parts[0].grid.step, *numbers)  # pyright: ignore[reportAttributeAccessIssue]
        case Quantile():
            raise TypeError("a quantile is taken from a histogram")


def _spread(function: str, step: float, squares: float, total: float, number: float) -> float:
    """The sample variance or its root; noise can make it negative, and it is 0 then."""
    if number <= 1:
        return math.nan
    exact = Fraction(squares) - Fraction(total) ** 2 / Fraction(number)
    variance = max(0.0, float(exact / (Fraction(number) - 1) * Fraction(step) ** 2))
    return math.sqrt(variance) if function == "stddev" else variance


def quantile(aggregate: Quantile, counts: Sequence[float]) -> float:
    """The least grid value that at least the share p of all values does not exceed; NaN for no values.

    Args:
        aggregate: whose histogram this is.
        counts: for each code.
    """
    grid = Histogram(aggregate.value).grid
    need, below = Fraction(aggregate.p) * Fraction(sum(counts)), Fraction(0)
    if need <= 0:
        return math.nan
    for code, count in enumerate(counts, grid.lowest):
        below += Fraction(count)
        if below >= need:
            return grid.value(code)
    return grid.value(grid.highest)
