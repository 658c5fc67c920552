"""The exact sums that the aggregates of a query are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from confide.releases.sql.grid import Form, Grid, grid_of
from confide.releases.sql.query import (
    Aggregate,
    Clip,
    ColumnOf,
    CountPeople,
    CountRows,
    OfClipped,
    Quantile,
    Query,
    Share,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The number of rows."""


@dataclass(frozen=True, slots=True)
class People:
    """The number of different people."""


@dataclass(frozen=True, slots=True)
class Present:
    """The number of rows with a value in a column: neither null nor NaN."""

    column: ColumnOf


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of the codes of a clipped column."""

    value: Clip
    form: Form

    @property
    def grid(self) -> Grid:
        """Of the codes."""
        return grid_of(self.value, self.form)


@dataclass(frozen=True, slots=True)
class Squares:
    """The sum of the squares of the codes of a clipped column, counted from the middle of its bounds."""

    value: Clip

    @property
    def grid(self) -> Grid:
        """Of the codes."""
        return grid_of(self.value, "centred")


@dataclass(frozen=True, slots=True)
class Inside:
    """The number of rows with a value in a range."""

    share: Share


Sum: TypeAlias = Rows | People | Present | Total | Squares | Inside


@dataclass(frozen=True, slots=True)
class Histogram:
    """The number of rows of each code of a clipped column; the code is one more group column."""

    value: Clip

    @property
    def grid(self) -> Grid:
        """Of the codes: at most 1,025 of them."""
        return grid_of(self.value, "candidates")


def sums_for(aggregate: Aggregate) -> tuple[Sum, ...]:
    """The sums of one aggregate: `avg` pays for a sum and a count. A quantile has a histogram instead."""
    match aggregate:
        case CountRows():
            return (Rows(),)
        case CountPeople():
            return (People(),)
        case Share(column=column):
            return Inside(aggregate), Present(column)
        case OfClipped(function="sum", value=value):
            return (Total(value, "plain"),)
        case OfClipped(function="avg", value=value):
            return Total(value, "centred"), _number(value)
        case OfClipped(value=value):
            return Squares(value), Total(value, "centred"), _number(value)
        case Quantile():
            return ()


def sums_of(query: Query) -> tuple[Sum, ...]:
    """All sums of a query, each once.

    Where keys come from the data, the first sum is the number of people of a group: it decides, after noise,
    whether the group is shown at all. The others follow in the order of the aggregates.
    """
    first: tuple[Sum, ...] = ()
    if query.groups and query.keys is None:
        first = (Rows() if query.table.unit is None else People(),)
    asked = (one for aggregate in query.aggregates for one in sums_for(aggregate))
    return tuple(dict.fromkeys((*first, *asked)))


def histograms_of(query: Query) -> tuple[Histogram, ...]:
    """All histograms of a query, each once."""
    return tuple(dict.fromkeys(Histogram(a.value) for a in query.aggregates if isinstance(a, Quantile)))


def _number(value: Clip) -> Sum:
    """How many rows a mean is over: all of them where a value stands for what is missing."""
    return Rows() if value.missing is not None else Present(value.column)
