"""Interval arithmetic and evaluation of expressions over columns: numbers, and days since 1970."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.expressions import (
    Arithmetic,
    Call,
    Day,
    Expression,
    Name,
    Number,
    names,
)
from confide.mechanisms.synthesize.columns.kinds import EPOCH, Column, Date, Integer, Real

MICROSECONDS = 86_400_000_000
"""Of a day."""
YEAR = 365.2425
FIRST = EPOCH.date()


@dataclass(frozen=True, slots=True)
class Range:
    """All values that an expression can have, and maybe more.

    Args:
        low, high: the ends, maybe infinite.
        day: whether it is a day, in days since 1970.
    """

    low: float
    high: float
    day: bool = False


def check_names(expression: Expression, columns: Mapping[str, Column], *, rule: str) -> None:
    """Refuse an expression of columns that are not there or hold no numbers.

    Raises:
        DataError: with the columns that are there.
    """
    for name in names(expression):
        column = columns.get(name)
        if column is None:
            raise DataError(
                f"the rule {rule!r:.100} names {name!r:.60}, and the domain has {', '.join(columns)[:200]}: "
                'correct it; names with signs in them stand in quotation marks, "capital-gain".'
            )
        if not isinstance(column, Integer | Real | Date):
            word = type(column).__name__.lower()
            raise DataError(
                f"the rule {rule!r:.100} computes with {name!r:.60}, of kind {word}: compute with numbers "
                "and days."
            )


def range_of(expression: Expression, columns: Mapping[str, Column]) -> Range:
    """Between which numbers an expression is, by the bounds of its columns.

    >>> from confide.mechanisms.synthesize.columns.expressions import parsed
    >>> range_of(parsed("x = 2 * a - 1").right, {"a": Integer("a", 0, 9)})
    Range(low=-1, high=17, day=False)
    """
    if isinstance(expression, Number):
        return Range(expression.value, expression.value)
    if isinstance(expression, Day):
        days = (expression.value - FIRST).days
        return Range(days, days, day=True)
    if isinstance(expression, Name):
        column = columns[expression.name]
        if isinstance(column, Date):
            low, high = (end * column.size for end in column.ends())
            return Range(float(low), float(high), day=True)
        assert isinstance(column, Integer | Real)
        return Range(column.low, column.high)
    parts = [
        range_of(part, columns)
        for part in (expression.of if isinstance(expression, Call) else (expression.left, expression.right))
    ]
    return _called(expression, parts) if isinstance(expression, Call) else _combined(expression, *parts)


def _called(call: Call, of: list[Range]) -> Range:
    if call.function in ("years", "year"):
        if not all(part.day for part in of):
            raise DataError(f"{call.function} is of days: give columns of kind date, or days as 2020-12-31.")
        if call.function == "year":
            return Range(_year(of[0].low), _year(of[0].high))
        born, then = of
        # A day more or less than the mean year at each end.
        return Range(
            math.floor((then.low - born.high) / YEAR) - 1, math.ceil((then.high - born.low) / YEAR) + 1
        )
    if of[0].day:
        raise DataError(f"{call.function} is of numbers: give no day.")
    return Range(_down(of[0].low), _up(of[0].high))


def _year(days: float) -> int:
    return date.fromordinal(FIRST.toordinal() + int(days)).year


def _down(x: float) -> float:
    return math.floor(x) if math.isfinite(x) else x


def _up(x: float) -> float:
    return math.ceil(x) if math.isfinite(x) else x


def _combined(said: Arithmetic, a: Range, b: Range) -> Range:
    if said.sign == "+":
        if a.day and b.day:
            raise DataError("a day plus a day is nothing: subtract them, or add a number of days.")
        return Range(a.low + b.low, a.high + b.high, a.day or b.day)
    if said.sign == "-":
        if b.day and not a.day:
            raise DataError("a number minus a day is nothing: subtract days from days.")
        return Range(a.low - b.high, a.high - b.low, a.day and not b.day)
    if a.day or b.day:
        raise DataError(f"days cannot be used with {said.sign}: take year(day), or a difference of days.")
    if said.sign == "/":
        if b.low <= 0 <= b.high:
            return Range(-math.inf, math.inf)
        ends = [x / y for x in (a.low, a.high) for y in (b.low, b.high)]
    else:
        ends = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(ends), max(ends))


def _times(x: float, y: float) -> float:
    return 0 if 0 in (x, y) else x * y  # not NaN for an infinite end


def compiled(expression: Expression, columns: Mapping[str, Column]) -> pl.Expr:
    """The expression for polars: numbers, or days since 1970; null where a column of it is empty."""
    if isinstance(expression, Number):
        return pl.lit(expression.value)
    if isinstance(expression, Day):
        return pl.lit((expression.value - FIRST).days)
    if isinstance(expression, Name):
        column = columns[expression.name]
        if isinstance(column, Date):
            if column.every == "day":
                return pl.col(expression.name).cast(pl.Date).to_physical().cast(pl.Int64)
            return pl.col(expression.name).dt.timestamp("us") / MICROSECONDS
        return pl.col(expression.name).cast(pl.Int64 if isinstance(column, Integer) else pl.Float64)
    if isinstance(expression, Call):
        return _function(expression.function, [compiled(part, columns) for part in expression.of])
    left, right = compiled(expression.left, columns), compiled(expression.right, columns)
    if expression.sign == "/":
        return left.cast(pl.Float64) / right
    return (
        left + right if expression.sign == "+" else left - right if expression.sign == "-" else left * right
    )


def _function(name: str, of: list[pl.Expr]) -> pl.Expr:
    if name == "floor":
        return of[0].cast(pl.Float64).floor()
    if name == "round":
        return of[0].cast(pl.Float64).round()
    days = [part.cast(pl.Float64).floor().cast(pl.Int32).cast(pl.Date) for part in of]
    years = [day.dt.year().cast(pl.Int64) for day in days]
    if name == "year":
        return years[0]
    # One year less where the day of the year is not reached yet.
    early = days[1].dt.month().cast(pl.Int32) * 32 + days[1].dt.day() < (
        days[0].dt.month().cast(pl.Int32) * 32 + days[0].dt.day()
    )
    return years[1] - years[0] - early.cast(pl.Int64)
