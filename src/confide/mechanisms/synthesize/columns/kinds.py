"""Kinds of columns: what may stand in a column of a synthetic file, from public knowledge alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.bins import Bins

Value: TypeAlias = str | int | float | bool
Outside: TypeAlias = Literal["refuse", "clip"]
Every: TypeAlias = Literal["day", "hour", "minute", "second"]
SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
BINS = 16
"""Bins of a column of numbers, where nobody says how many."""
MOST_BINS = 100_000
WIDEST = 2**52
"""Steps from 0 to the bounds at most: these and their sums are exact as float64 too."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Category:
    """A column of categories, which are listed.

    Args:
        name: of the column.
        values: all that may stand in it, each once.
        nulls: whether a cell may be empty; that is a value of its own.
        other: the value that unlisted ones count as; it is among `values`. None refuses them.

    Raises:
        DataError: for a list that cannot be.
    """

    name: str
    values: tuple[Value, ...]
    _: KW_ONLY
    nulls: bool = False
    other: Value | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise DataError(f"column {self.name!r:.60} has no values: list them, values = [...].")
        if len({type(v) is bool for v in self.values}) > 1:
            raise DataError(f"column {self.name!r:.60} mixes truth values and others: write all as text.")
        texts = [text_of(v) for v in self.values]
        twice = (
            next((t for i, t in enumerate(texts) if t in texts[:i]), None)
            if len(set(texts)) < len(texts)
            else None
        )
        if twice is not None:
            raise DataError(f"column {self.name!r:.60} lists {twice!r:.60} twice: list each value once.")
        if self.other is not None and text_of(self.other) not in texts:
            raise DataError(
                f"column {self.name!r:.60}: unlisted values are to count as {self.other!r:.60}, which is not "
                "listed: add it to values."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as text."""
        return tuple(text_of(v) for v in self.values)

    def __len__(self) -> int:
        return len(self.values) + self.nulls


def text_of(value: Value) -> str:
    """A category as text: the same for 1 and 1.0, and for a truth value as for its word.

    >>> text_of(1.0), text_of(True), text_of("a")
    ('1', 'true', 'a')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@dataclass(frozen=True, slots=True)
class Integer:
    """A column of whole numbers within bounds, in bins.

    Args:
        name: of the column.
        low, high: the bounds, both included.
        bins: how many of even width, or "quantiles:16": as many, by private quantiles.
        edges: of the bins instead, from low to high.
        step: numbers are multiples of it.
        nulls: whether a cell may be empty; that is a value of its own.
        outside: what becomes of numbers beyond the bounds: they are refused, or count as the nearer bound.

    Raises:
        DataError: for bounds or bins that cannot be.

    >>> age = Integer("age", 0, 99, bins=10)
    >>> len(age), age.cuts.starts[:3].tolist()
    (10, [0, 10, 20])
    """

    name: str
    low: int
    high: int
    _: KW_ONLY
    bins: int | str = BINS
    edges: tuple[int, ...] = ()
    step: int = 1
    nulls: bool = False
    outside: Outside = "refuse"

    def __post_init__(self) -> None:
        for what, value in (("low", self.low), ("high", self.high), ("step", self.step)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise DataError(f"column {self.name!r:.60}: {what} is {value!r:.40}: give a whole number.")
        if self.step < 1:
            raise DataError(f"column {self.name!r:.60}: step is {self.step}: give 1 or more.")
        _check(self)
        if self.low % self.step or self.high % self.step:
            raise DataError(
                f"column {self.name!r:.60}: the bounds {self.low} and {self.high} are no multiples of the step "
                f"{self.step}: give bounds that are."
            )

    @property
    def whole(self) -> bool:
        return True

    @property
    def cuts(self) -> Bins:
        """The bins, in steps."""
        return _cuts(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth."""
        return Fraction(self.step)

    def ends(self) -> tuple[int, int]:
        """The bounds in steps."""
        return self.low // self.step, self.high // self.step

    def __len__(self) -> int:
        return len(self.cuts) + self.nulls


@dataclass(frozen=True, slots=True)
class Real:
    """A column of numbers within bounds, in bins.

    Args:
        name: of the column.
        low, high: the bounds, both included.
        bins, edges, nulls, outside: as of `Integer`.
        step: numbers are rounded to multiples of it, such as 0.01; None leaves them as they are.

    Raises:
        DataError: for bounds or bins that cannot be.

    >>> Real("price", 0.0, 10.0, bins=4, step=0.5).cuts.starts.tolist()
    [0, 5, 10, 15]
    """

    name: str
    low: float
    high: float
    _: KW_ONLY
    bins: int | str = BINS
    edges: tuple[float, ...] = ()
    step: float | None = None
    nulls: bool = False
    outside: Outside = "refuse"

    def __post_init__(self) -> None:
        for what, value in (("low", self.low), ("high", self.high), ("step", self.step)):
            if value is not None and not _number(value):
                raise DataError(f"column {self.name!r:.60}: {what} is {value!r:.40}: give a finite number.")
        if self.step is not None and self.step <= 0:
            raise DataError(f"column {self.name!r:.60}: step is {self.step}: give a number above 0.")
        _check(self)

    @property
    def whole(self) -> bool:
        """Whether values are counted in steps."""
        return self.step is not None

    @property
    def cuts(self) -> Bins:
        """The bins: in steps where there is one."""
        return _cuts(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth; 1 without one."""
        return Fraction(1) if self.step is None else Fraction(repr(self.step))

    def ends(self) -> tuple[float, float]:
        """The bounds, in steps where there is one: then the multiples that are not beyond them."""
        if self.step is None:
            return float(self.low), float(self.high)
        low, high = (Fraction(repr(x)) / self.size for x in (self.low, self.high))
        return math.ceil(low), math.floor(high)

    def __len__(self) -> int:
        return len(self.cuts) + self.nulls


@dataclass(frozen=True, slots=True)
class Date:
    """A column of days or times within bounds, in bins.

    Args:
        name: of the column.
        low, high: the first and the last day, or moment.
        bins, edges, nulls, outside: as of `Integer`.
        every: what times are cut to.

    Raises:
        DataError: for bounds or bins that cannot be.

    >>> Date("born", date(1970, 1, 1), date(1970, 1, 10), bins=2).cuts.starts.tolist()
    [0, 5]
    """

    name: str
    low: date
    high: date
    _: KW_ONLY
    bins: int | str = BINS
    edges: tuple[date, ...] = ()
    every: Every = "day"
    nulls: bool = False
    outside: Outside = "refuse"

    def __post_init__(self) -> None:
        if self.every not in SECONDS:
            raise DataError(
                f"column {self.name!r:.60}: every is {self.every!r:.40}: say {', '.join(SECONDS)}."
            )
        for what, value in (("low", self.low), ("high", self.high)):
            if not isinstance(value, date):
                raise DataError(
                    f"column {self.name!r:.60}: {what} is {value!r:.40}: give a day, such as 2020-12-31, "
                    "without quotation marks."
                )
        _check(self)

    @property
    def whole(self) -> bool:
        return True

    @property
    def cuts(self) -> Bins:
        """The bins, in days since 1970, or in what times are cut to."""
        return _cuts(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth, in days."""
        return Fraction(SECONDS[self.every], SECONDS["day"])

    def ends(self) -> tuple[int, int]:
        """The bounds in steps since 1970."""
        return self.steps_of(self.low), self.steps_of(self.high, last=True)

    def steps_of(self, moment: date, *, last: bool = False) -> int:
        """A day or moment in steps since 1970; of a day the first step, or the last."""
        if not isinstance(moment, datetime):
            start = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
            moment = start + timedelta(days=1, microseconds=-1) if last else start
        elif moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(seconds=SECONDS[self.every])

    def __len__(self) -> int:
        return len(self.cuts) + self.nulls


@dataclass(frozen=True, slots=True)
class Key:
    """A column of identifiers: never read, drawn anew, each once.

    Args:
        name: of the column.
        prefix: before the number, where the column is text.
    """

    name: str
    _: KW_ONLY
    prefix: str = "s"


Numeric: TypeAlias = Integer | Real | Date
Column: TypeAlias = Category | Numeric | Key


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check(column: Numeric) -> None:
    name = f"column {column.name!r:.60}"
    try:
        inverted = column.low > column.high
    except TypeError:
        raise DataError(f"{name}: a bound is a day and the other a moment: write both in one way.") from None
    if inverted:
        raise DataError(
            f"{name}: low is {column.low} and high {column.high}: give the smaller first, two finite bounds."
        )
    if column.outside not in ("refuse", "clip"):
        raise DataError(f"{name}: outside is {column.outside!r:.40}: say refuse or clip.")
    low, high = column.ends()
    if low > high or (low == high and not column.whole):
        raise DataError(f"{name}: no multiple of the step is within {column.low} and {column.high}.")
    if column.whole and max(abs(low), abs(high)) > WIDEST:
        raise DataError(f"{name}: the bounds are more than 2^52 steps from 0: give a larger step.")
    count = column.bins if isinstance(column.bins, int) else quantiles(column)
    if isinstance(count, bool) or not 1 <= (count or 1) <= MOST_BINS:
        raise DataError(f"{name}: bins is {column.bins!r:.40}: give 1 to {MOST_BINS:,}, or quantiles:16.")
    if column.edges:
        edges: Sequence[date] | Sequence[float] = column.edges
        if edges[0] != column.low or edges[-1] != column.high:
            raise DataError(
                f"{name}: the edges go from {edges[0]} to {edges[-1]}, and the bounds are {column.low} and "
                f"{column.high}: begin the edges with low and end them with high."
            )
    _ = column.cuts


def quantiles(column: Numeric) -> int | None:
    """How many bins are to be made by private quantiles; None if the bins are public.

    Raises:
        DataError: for other words.

    >>> quantiles(Integer("age", 0, 99, bins="quantiles:8"))
    8
    """
    if not isinstance(column.bins, str) or column.edges:
        return None
    word, _, count = column.bins.partition(":")
    if word != "quantiles" or not (count.isdecimal() or not count):
        raise DataError(
            f"column {column.name!r:.60}: bins is {column.bins!r:.40}: give a number of bins, or quantiles:16."
        )
    return int(count or BINS)


def _cuts(column: Numeric) -> Bins:
    low, high = column.ends()
    if not column.edges:
        # Until the quantiles are known: they replace these bins.
        count = column.bins if isinstance(column.bins, int) else quantiles(column) or BINS
        return Bins.even(low, high, count, whole=column.whole)
    try:
        return Bins.of_edges(np.array(steps_of(column, column.edges)), whole=column.whole)
    except DataError as error:
        raise DataError(f"column {column.name!r:.60}: {error}") from None


def steps_of(column: Numeric, values: Sequence[date] | Sequence[float]) -> list[float]:
    """Public values of a column, such as edges, in its steps."""
    last = len(values) - 1
    if isinstance(column, Date):
        return [column.steps_of(v, last=i == last) for i, v in enumerate(values) if isinstance(v, date)]
    if isinstance(column, Real) and column.step is None:
        return [float(v) for v in values if not isinstance(v, date)]
    parts = [Fraction(repr(v)) / column.size for v in values if not isinstance(v, date)]
    return [math.floor(p) if i == last else math.ceil(p) for i, p in enumerate(parts)]


def worth(column: Numeric, steps: Array) -> Array:
    """What steps of a column are worth as numbers; of dates, in days since 1970.

    >>> worth(Real("price", 0, 1, step=0.1), np.array([3, 7])).tolist()
    [0.3, 0.7]
    """
    size = column.size
    if not column.whole or size == 1:
        return steps
    product = steps * size.numerator
    return product if size.denominator == 1 else product / size.denominator
