"""What columns of numbers and of days have in common: bounds, counted in steps, and bins between them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.fields import shown
from confide.mechanisms.synthesize.columns.bins import Bins

Outside: TypeAlias = Literal["refuse", "clip"]
BINS = 16
"""Bins of a column of numbers, where nobody says how many."""
MOST_BINS = 100_000
LARGEST = 1e300
WIDEST = 2**52
"""Steps from 0 to the bounds at most: these and their sums are exact as float64 too."""


class Bounded(Protocol):
    """A column of numbers or of days, with public bounds."""

    @property
    def name(self) -> str: ...
    @property
    def low(self) -> Any: ...
    @property
    def high(self) -> Any: ...
    @property
    def bins(self) -> int | str: ...
    @property
    def edges(self) -> tuple[Any, ...]: ...
    @property
    def nulls(self) -> bool: ...
    @property
    def outside(self) -> Outside: ...
    @property
    def whole(self) -> bool:
        """Whether values are counted in steps."""
        ...

    @property
    def size(self) -> Fraction:
        """What a step is worth; 1 without steps."""
        ...

    def step_of(self, value: Any, *, last: bool = False) -> float:
        """A public value in steps: the first step that is not before it, or the last that is not behind "
        "it."""
        ...


def ends_of(column: Bounded) -> tuple[float, float]:
    """The bounds, in steps where there are any."""
    return column.step_of(column.low), column.step_of(column.high, last=True)


def quantiles(column: Bounded) -> int | None:
    """How many bins are to be made by private quantiles; None if the bins are public.

    Raises:
        DataError: for other words.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> quantiles(Integer("age", 0, 99, bins="quantiles:8"))
    8
    """
    if not isinstance(column.bins, str) or column.edges:
        return None
    word, _, count = column.bins.partition(":")
    number = int(count) if count.isdecimal() else 0 if count else BINS
    if word != "quantiles" or not 1 <= number <= MOST_BINS:
        raise DataError(
            f"column {column.name!r:.60}: bins is {column.bins!r:.40}: give their number, or quantiles:16."
        )
    return number


def cuts_of(column: Bounded) -> Bins:
    """The bins between public edges; until private quantiles are known, even ones."""
    low, high = ends_of(column)
    if not column.edges:
        count = column.bins if isinstance(column.bins, int) else quantiles(column) or BINS
        return Bins.even(low, high, count, whole=column.whole)
    last = len(column.edges) - 1
    edges = [column.step_of(e, last=i == last) for i, e in enumerate(column.edges)]
    try:
        return Bins.of_edges(np.array(edges), whole=column.whole)
    except DataError as error:
        raise DataError(f"column {column.name!r:.60}: {error}") from None


def worth(column: Bounded, steps: Array) -> Array:
    """What steps of a column are worth as numbers; of dates, in days since 1970.

    >>> from confide.mechanisms.synthesize.columns.kinds import Real
    >>> worth(Real("price", 0, 1, step=0.1), np.array([3, 7])).tolist()
    [0.3, 0.7]
    """
    size = column.size
    if not column.whole or size == 1:
        return steps
    product = steps * size.numerator
    return product if size.denominator == 1 else product / size.denominator


def check_number(column: Bounded, what: str, value: object, *, whole: bool) -> None:
    """Refuse what is no finite number.

    Raises:
        DataError: with what to give.
    """
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    # NaN, infinite, or a whole number beyond all floats.
    if not fits or not abs(value) < LARGEST:  # pyright: ignore[reportArgumentType]
        asked = "a whole number" if whole else "a finite number"
        raise DataError(f"column {column.name!r:.60}: {what} is {shown(value)}: give {asked}.")


def check_bounds(column: Bounded) -> None:
    """Refuse bounds and bins that cannot be.

    Raises:
        DataError: with what to give.
    """
    name = f"column {column.name!r:.60}"
    try:
        inverted = column.low > column.high
    except TypeError:
        raise DataError(f"{name}: a bound is a day and the other a moment: write both in one way.") from None
    if inverted:
        raise DataError(f"{name}: low is {column.low} and high {column.high}: give the smaller first.")
    if column.outside not in ("refuse", "clip"):
        raise DataError(f"{name}: outside is {column.outside!r:.40}: say refuse or clip.")
    low, high = ends_of(column)
    if low > high:
        raise DataError(
            f"{name}: no multiple of the step is within {column.low} and {column.high}: give a smaller step."
        )
    if low == high and not column.whole:
        raise DataError(f"{name}: low and high are both {column.low}: give a step too, or leave it out.")
    if column.whole and max(abs(low), abs(high)) > WIDEST:
        raise DataError(f"{name}: the bounds are more than 2^52 steps from 0: give a larger step.")
    count = column.bins if isinstance(column.bins, int) else quantiles(column) or BINS
    if isinstance(column.bins, bool) or not 1 <= count <= MOST_BINS:
        raise DataError(f"{name}: bins is {column.bins!r:.40}: give 1 to {MOST_BINS:,}, or quantiles:16.")
    if column.edges and (column.edges[0] != column.low or column.edges[-1] != column.high):
        raise DataError(
            f"{name}: the edges go from {column.edges[0]} to {column.edges[-1]}, and the bounds are "
            f"{column.low} and {column.high}: begin the edges with low and end them with high."
        )
    _ = cuts_of(column)
