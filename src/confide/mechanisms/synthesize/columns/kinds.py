"""Columns of numbers and of days: what may stand in them, from public knowledge alone."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal, TypeAlias

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.bounded import (
    BINS,
    Outside,
    check_bounds,
    check_number,
    cuts_of,
    ends_of,
)
from confide.mechanisms.synthesize.columns.categories import Category, Key

Every: TypeAlias = Literal["day", "hour", "minute", "second"]
SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        given = (("low", self.low), ("high", self.high), ("step", self.step))
        for what, value in (*given, *[("an edge", edge) for edge in self.edges]):
            check_number(self, what, value, whole=True)
        if self.step < 1:
            raise DataError(f"column {self.name!r:.60}: step is {self.step}: give 1 or more.")
        check_bounds(self)
        if self.low % self.step or self.high % self.step:
            raise DataError(
                f"column {self.name!r:.60}: the bounds {self.low} and {self.high} are no multiples of the "
                f"step {self.step}: give bounds that are."
            )

    @property
    def whole(self) -> bool:
        return True

    @property
    def cuts(self) -> Bins:
        """The bins, in steps."""
        return cuts_of(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth."""
        return Fraction(self.step)

    def step_of(self, value: int, *, last: bool = False) -> int:
        """A number in steps: the first step that is not below it, or the last that is not above it."""
        return value // self.step if last else -(-value // self.step)

    def ends(self) -> tuple[float, float]:
        """The bounds, in steps where there are any."""
        return ends_of(self)

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
        given = (("low", self.low), ("high", self.high), ("step", 1.0 if self.step is None else self.step))
        for what, value in (*given, *[("an edge", edge) for edge in self.edges]):
            check_number(self, what, value, whole=False)
        if self.step is not None and self.step <= 0:
            raise DataError(f"column {self.name!r:.60}: step is {self.step}: give a number above 0.")
        check_bounds(self)

    @property
    def whole(self) -> bool:
        """Whether values are counted in steps."""
        return self.step is not None

    @property
    def cuts(self) -> Bins:
        """The bins: in steps where there is one."""
        return cuts_of(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth; 1 without one."""
        return Fraction(1) if self.step is None else Fraction(repr(float(self.step)))

    def step_of(self, value: float, *, last: bool = False) -> float:
        """A number in steps, as of `Integer`; itself without steps."""
        if self.step is None:
            return float(value)
        steps = Fraction(repr(float(value))) / self.size
        return math.floor(steps) if last else math.ceil(steps)

    def ends(self) -> tuple[float, float]:
        """The bounds, in steps where there are any."""
        return ends_of(self)

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
        given = (("low", self.low), ("high", self.high), *[("an edge", edge) for edge in self.edges])
        for what, value in given:
            if not isinstance(value, date):
                raise DataError(
                    f"column {self.name!r:.60}: {what} is {value!r:.40}: give a day, such as 2020-12-31, "
                    "without quotation marks."
                )
        check_bounds(self)

    @property
    def whole(self) -> bool:
        return True

    @property
    def cuts(self) -> Bins:
        """The bins, in days since 1970, or in what times are cut to."""
        return cuts_of(self)

    @property
    def size(self) -> Fraction:
        """What a step is worth, in days."""
        return Fraction(SECONDS[self.every], SECONDS["day"])

    def step_of(self, value: date, *, last: bool = False) -> int:
        """A day or moment in steps since 1970; of a day its first step, or its last."""
        each = SECONDS[self.every]
        if not isinstance(value, datetime):
            steps = (value - EPOCH.date()).days * (SECONDS["day"] // each)
            return steps + SECONDS["day"] // each - 1 if last else steps
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(seconds=each)

    def ends(self) -> tuple[float, float]:
        """The bounds, in steps where there are any."""
        return ends_of(self)

    def __len__(self) -> int:
        return len(self.cuts) + self.nulls


Numeric: TypeAlias = Integer | Real | Date
Column: TypeAlias = Category | Numeric | Key
