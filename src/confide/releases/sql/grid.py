"""Grids of clipped values: each value is a whole number of steps, so that sums are exact.

Whole numbers are their own grid. Numbers with fractions are rounded to a step that the bounds alone fix: a
power of two, 2^-31 to 2^-30 of the distance that the grid spans. The same three operations of float64 give
the same step in DuckDB, PostgreSQL, Spark and Python, and none of them can fail: the value is clipped before,
and nothing under 1/2 step is ever divided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from confide.releases.sql.query import Clip
from confide.releases.sql.refusal import QueryError

FINE = 31
"""A grid has at most 2^31 steps, and so the square of a number of steps fits 64 bits."""
WIDEST = 2**62
"""The greatest bound of a column of whole numbers: the distance from the middle fits 64 bits."""
APART, APART_SQUARED = 2**62, 2**32
"""The greatest distance of bounds of whole numbers, for quantiles and where numbers are squared."""
LARGEST, NARROWEST = 1e100, 1e-100
"""The greatest bound of numbers with fractions, and the least distance of two."""
CANDIDATES = 1024
"""Steps between the bounds of a quantile, at most."""

Form: TypeAlias = Literal["plain", "centred", "candidates"]
"""`plain`: values from zero, for sums. `centred`: from the middle of the bounds, for means and variances.
`candidates`: from the lower bound in at most 1,024 steps, for quantiles."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Whole numbers of steps for a clipped column.

    A value `x` from `low` to `high` has the place `floor((x - low + step / 2) / step)`, from 0 on. Its code
    is `place + shift`, and it stands for `origin + code * step`.

    Args:
        whole: whether the column holds whole numbers.
        low, high: the bounds.
        step: of the grid, in the column's unit.
        origin: what the code 0 stands for.
        shift: the code of the lower bound.
    """

    whole: bool
    low: float
    high: float
    step: float
    origin: Fraction
    shift: int

    def code(self, value: float) -> int:
        """The code of a value, as the databases compute it.

        Args:
            value: finite or infinite; not NaN.
        """
        x = min(max(value, self.low), self.high)
        if self.whole:
            return (int(x) - (int(self.low) - int(self.step) // 2)) // int(self.step) + self.shift
        # In this order and in float64: it is what the compiled query says.
        return math.floor((x - self.low + self.step / 2) * (1 / self.step)) + self.shift

    @property
    def lowest(self) -> int:
        """The least code."""
        return self.code(self.low)

    @property
    def highest(self) -> int:
        """The greatest code, since a code never falls where the value rises."""
        return self.code(self.high)

    @property
    def reach(self) -> int:
        """The greatest distance of a code from 0."""
        return max(abs(self.lowest), abs(self.highest))

    def value(self, code: float | Fraction) -> float:
        """What a code, or a mean of codes, stands for."""
        return float(self.origin + Fraction(code) * Fraction(self.step))


def grid_of(value: Clip, form: Form) -> Grid:
    """The grid of a clipped column.

    >>> from confide.releases.sql.query import ColumnOf
    >>> age = Clip(ColumnOf(0, "age", "integer"), 0, 101)
    >>> grid_of(age, "centred").origin, grid_of(age, "centred").reach
    (Fraction(50, 1), 51)
    """
    low, high = value.low, value.high
    if value.column.kind == "integer":
        return _of_whole(int(low), int(high), form)
    if form == "candidates":
        step = (high - low) / CANDIDATES
        return Grid(False, low, high, step, Fraction(low), 0)
    spans = high - low if form == "centred" else max(abs(low), abs(high))
    step = math.ldexp(1.0, math.frexp(spans)[1] - FINE)
    if form == "plain":
        shift = math.floor(low / step + 0.5)
        return Grid(False, low, high, step, Fraction(0), shift)
    half = math.floor((high - low) / step) // 2
    return Grid(False, low, high, step, Fraction(low) + half * Fraction(step), -half)


def _of_whole(low: int, high: int, form: Form) -> Grid:
    if form == "candidates":
        return Grid(True, low, high, -((low - high) // CANDIDATES), Fraction(low), 0)
    if form == "plain":
        return Grid(True, low, high, 1, Fraction(0), low)
    middle = (low + high) // 2
    return Grid(True, low, high, 1, Fraction(middle), low - middle)


def refuse_bounds(value: Clip, *, text: str, apart: int = 2 * WIDEST) -> None:
    """Refuse bounds whose sums could overflow, or whose grid is no grid of float64.

    Args:
        value: the column and its bounds, the smaller one first.
        text: what was asked, for the refusal.
        apart: the greatest distance of bounds of whole numbers.

    Raises:
        QueryError: with the bounds that are allowed.
    """
    low, high = value.low, value.high
    if value.column.kind == "integer":
        if max(abs(low), abs(high)) > WIDEST:
            raise QueryError(f"the bounds of {text} are beyond 2^62", "give nearer ones")
        if high - low > apart:
            raise QueryError(
                f"the bounds of {text} are {high - low:,} apart",
                f"give bounds that are at most {apart:,} apart",
            )
        return
    if max(abs(low), abs(high)) > LARGEST or high - low < NARROWEST:
        raise QueryError(
            f"the bounds of {text} are too large or too near each other",
            f"give bounds of at most {LARGEST:g} that are at least {NARROWEST:g} apart",
        )
