"""Encoding of records by bounds and categories that are public, and never read from the data.

The mean of a column, its smallest value or its rarest category belong to single people: an encoding that is
fitted to the data gives them away before any noise is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from confide.core.arrays import Array, Bools, Floats
from confide.core.errors import DataError, PromiseError

KNOTS = 8
"""Places at which the effect of a number can bend; chosen on ACS and hospital records, see the benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in public bounds, as weights of the nearest two of some knots between them.

    A linear model of them is a broken line: it need not rise or fall all along. A value outside the bounds
    counts as the nearer bound, a missing one as none.

    Args:
        low, high: the bounds, known without the data.
        knots: how many, evenly spread; 2 make a straight line.
        log: whether they are spread over log(1 + value - low), for amounts that are mostly small.

    Raises:
        PromiseError: if the bounds are none.

    >>> Number(low=0, high=10, knots=3)(np.array([0.0, 2.5, 99.0, np.nan])).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    low: float
    high: float
    knots: int = KNOTS
    log: bool = False

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise PromiseError(
                f"bounds are {self.low} and {self.high}: give two finite numbers, the lower one first."
            )
        if self.knots < 2:
            raise PromiseError(f"knots is {self.knots}: give 2 or more.")

    def covers(self, values: Array) -> Bools:
        """Whether each value is within the bounds, bool[n]."""
        numbers = _numbers(values)
        return (numbers >= self.low) & (numbers <= self.high)

    @property
    def uncovered(self) -> str:
        """What is said of values that are not within."""
        return (
            f"lie outside {self.low:g} to {self.high:g} and count as the nearer bound: are these in the "
            "column's unit?"
        )

    def __call__(self, values: Array) -> Floats:
        """float64[n, knots] of numbers [n]."""
        inside = np.clip(_numbers(values) - self.low, 0.0, self.high - self.low)
        span = self.high - self.low
        return self.placed(np.log1p(inside) / math.log1p(span) if self.log else inside / span)

    def placed(self, place: Floats) -> Floats:
        """float64[n, knots] of places among the knots, from 0 for the first to 1 for the last."""
        near = 1.0 - np.abs(place[:, None] * (self.knots - 1) - np.arange(self.knots))
        return np.nan_to_num(np.maximum(near, 0.0))


@dataclass(frozen=True, slots=True)
class Categories:
    """A column of categories that are public, one-hot; any other value, and a missing one, is all zeros.

    Args:
        levels: the categories.

    Raises:
        PromiseError: if there are none, or one stands there twice.

    >>> Categories(("a", "b"))(np.array(["b", "c"])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """

    levels: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.levels or len(set(self.levels)) < len(self.levels):
            raise PromiseError(f"{len(self.levels)} categories, not all different: give each once.")

    def covers(self, values: Array) -> Bools:
        """Whether each value is one of the categories, bool[n]."""
        return np.asarray(self(values).any(axis=1), np.bool_)

    @property
    def uncovered(self) -> str:
        """What is said of values that are none of them."""
        return f"are none of its {len(self.levels)} categories and count as none: are all of them listed?"

    def __call__(self, values: Array) -> Floats:
        """float64[n, levels] of values [n]."""
        place = {level: i for i, level in enumerate(self.levels)}
        try:
            codes = np.array([place.get(value, -1) for value in values.tolist()], np.int64)
        except TypeError:
            raise DataError(
                "a column has categories, but holds lists or other objects: give plain values."
            ) from None
        return np.asarray(codes[:, None] == np.arange(len(place)), np.float64)


Column: TypeAlias = Number | Categories
Bounds: TypeAlias = Mapping[Any, Any] | tuple[Any, Any] | Sequence[Any]
"""{column: (low, high), or a list of categories, or a `Number` or `Categories`}; or (low, high) of arrays."""


@dataclass(frozen=True, slots=True)
class PublicColumns:
    """An encoding of frames, or of arrays by position, as float64[n, D] of rows at most `radius` long.

    Args:
        columns: name or position -> how it is encoded; other columns are left out.

    >>> import polars as pl
    >>> encode = PublicColumns.of({"age": (0, 100), "job": ["cook", "nurse"]})
    >>> encode(pl.DataFrame({"age": [50.0], "job": ["cook"]})).shape, encode.radius == 2**0.5
    ((1, 10), True)
    """

    columns: Mapping[Any, Column]

    @classmethod
    def of(cls, bounds: Mapping[Any, Any]) -> PublicColumns:
        """From what a user writes.

        Raises:
            PromiseError: if a column has neither bounds nor categories.
        """
        if not bounds:
            raise PromiseError("bounds names no column: give bounds or categories of one or more.")
        return cls({name: column_of(name, given) for name, given in bounds.items()})

    @property
    def radius(self) -> float:
        """The length of the longest row: each column is at most 1 long."""
        return math.sqrt(len(self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """What each of the D columns stands for."""
        found: list[str] = []
        for name, column in self.columns.items():
            if isinstance(column, Categories):
                found += [f"{name}={level}" for level in column.levels]
            else:
                found += [f"{name}~{knot}" for knot in range(column.knots)]
        return tuple(found)

    def check(self, x: Any) -> None:
        """Refuse records of which not one is covered by a column: of another type, or in another unit.

        Raises:
            DataError: with the column.
        """
        for name, column in self.columns.items():
            values = _column(x, name)
            if not len(values) or column.covers(values).any():
                continue
            if isinstance(column, Categories):
                raise DataError(
                    f"no record has any of the categories of {name!r:.60}, such as {column.levels[0]!r:.40}: "
                    "give them in the type that the column has, as '1' and not 1."
                )
            raise DataError(
                f"no value of {name!r:.60} is within {column.low:g} to {column.high:g}: give bounds in the "
                "unit that the column has."
            )

    def misfits(self, x: Any) -> tuple[str, ...]:
        """Sentences on what the columns do not cover, for the owner alone: they are read from the records.

        Values outside are said where they are most of a column, and not how many they are.
        """
        found: list[str] = []
        for name, column in self.columns.items():
            values = _column(x, name)
            outside = 1 - float(np.mean(column.covers(values))) if len(values) else 0.0
            if outside > 0.5:
                most = "nine in ten" if outside > 0.9 else "half"
                found.append(f"more than {most} of the values of {name!r:.60} {column.uncovered}")
            if isinstance(column, Number) and (odd := int((~np.isfinite(_numbers(values))).sum())):
                found.append(
                    f"{odd:,} values of {name!r:.60} are missing or no finite numbers: infinite ones count "
                    "as the nearer bound, others as none"
                )
        return tuple(found)

    def __call__(self, x: Any) -> Floats:
        """Encode a frame of polars or pandas, or an array by positions.

        Raises:
            DataError: if a column is missing, or is no number where bounds are given.
        """
        return np.hstack([column(_column(x, name)) for name, column in self.columns.items()])


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """An encoding of arrays by one pair of bounds, or one for each feature: to [-1, 1], outside to the ends.

    Args:
        low, high: float64[d], or float64[1] for all features.

    Raises:
        PromiseError: if they are no bounds.

    >>> Box.of((0, 10))(np.array([[0.0, 5.0, 20.0]])).tolist()
    [[-1.0, 0.0, 1.0]]
    """

    low: Floats
    high: Floats

    @classmethod
    def of(cls, bounds: Any) -> Box:
        """From (low, high), each a number or one for each feature."""
        try:
            low, high = (np.atleast_1d(np.asarray(b, np.float64)) for b in bounds)
        except (TypeError, ValueError):
            raise PromiseError(
                f"bounds is {bounds!r:.80}: give (low, high), numbers or lists with one for each feature, or "
                "{column: (low, high) or [categories]} for a table."
            ) from None
        if low.shape != high.shape or low.ndim != 1 or not (np.isfinite(low) & np.isfinite(high)).all():
            raise PromiseError(
                f"bounds are {low.shape} and {high.shape}: give as many lower as upper ones, finite."
            )
        if not (low < high).all():
            raise PromiseError("a lower bound is not below its upper one: give the lower ones first.")
        return cls(low, high)

    def __call__(self, x: Array) -> Floats:
        """float64[n, d] of numbers [n, d].

        Raises:
            DataError: if there is not one pair of bounds for each feature.
        """
        if len(self.low) not in (1, x.shape[1]):
            raise DataError(f"{x.shape[1]} features, but bounds of {len(self.low)}: give one pair for each.")
        return np.clip(2 * (x - self.low) / (self.high - self.low) - 1, -1.0, 1.0)


def column_of(name: object, given: Any) -> Column:
    """One column's encoding: two numbers in a tuple are bounds, a list holds categories.

    Raises:
        PromiseError: for anything else.
    """
    if isinstance(given, Number | Categories):
        return given
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(v, Real) for v in given):
        return Number(low=float(given[0]), high=float(given[1]))
    if isinstance(given, list | set | frozenset) and given:
        return Categories(tuple(given))
    raise PromiseError(
        f"bounds of {name!r:.60} are {given!r:.60}: give a tuple (low, high), or a list of its categories."
    )


def _column(x: Any, name: Any) -> Array:
    if isinstance(x, np.ndarray):
        if not (isinstance(name, int) and 0 <= name < x.shape[1]):
            raise DataError(f"an array has no column {name!r:.60}: give positions, or a frame.")
        return x[:, name]
    if name not in list(x.columns):
        raise DataError(f"the records have no column {name!r:.60}: give the columns that bounds names.")
    return x[name].to_numpy()


def _numbers(values: Array) -> Floats:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"a column of {values.dtype} has bounds, but holds no numbers: give its categories instead."
        ) from None
