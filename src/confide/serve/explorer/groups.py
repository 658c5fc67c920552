"""Groups of a public column: the keys that a question asks for, and what people read in their place.

A column of numbers or times is cut into bins. The number of a bin is a function of the value alone, so one
row moves one group and nothing else; `bins.py` says the same function to the database.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from confide.serve.explorer.schema import Categories, Category, Numbers, PublicColumn, Step, Times

MOST_GROUPS = 10_000
"""Groups of an answer: more than a page can show."""
MONTHS: dict[Step, int] = {"month": 1, "quarter": 3, "year": 12}
DAYS: dict[Step, int] = {"day": 1, "week": 7}
MISSING = "missing"
OUTSIDE = "missing or outside"


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one column.

    Args:
        keys: as the question names them; None for rows without a value.
        labels: one for each key.
        ordered: whether neighbours are near each other, as bins are and categories are not.
    """

    keys: tuple[Category | None, ...]
    labels: tuple[str, ...]
    ordered: bool


def groups_of(column: PublicColumn) -> Groups:
    """The groups that this column makes.

    >>> age = Numbers(name="age", label="Age", description="", unit="years", low=0, high=25, step=10)
    >>> groups_of(age).labels
    ('0 to 10', '10 to 20', '20 to 25')
    """
    if isinstance(column, Categories):
        keys: tuple[Category | None, ...] = column.values
        labels = tuple(_said(value) for value in column.values)
        missing = MISSING
    elif isinstance(column, Numbers):
        edges = edges_of(column)
        keys = tuple(range(len(edges) - 1))
        labels = tuple(f"{_short(a)} to {_short(b)}" for a, b in pairwise(edges))
        missing = OUTSIDE
    else:
        starts = starts_of(column)
        keys = tuple(range(len(starts)))
        labels = tuple(_named(start, column.step) for start in starts)
        missing = OUTSIDE
    if column.missing:
        keys, labels = (*keys, None), (*labels, missing)
    return Groups(keys, labels, not isinstance(column, Categories))


def number_of_groups(column: Numbers | Times) -> int:
    """How many bins there are, without making them."""
    if isinstance(column, Numbers):
        assert column.step is not None
        # A quotient such as 0.3 / 0.1 is a little off a whole number: no bin is made of the rest.
        bins = (column.high - column.low) / column.step
        return math.inf if math.isinf(bins) else max(1, math.ceil(round(bins, 9)))  # pyright: ignore[reportReturnType]
    return (
        place_of(column.step, column.high - _instant(column), column)
        - place_of(column.step, column.low, column)
        + 1
    )


def _instant(column: Times) -> timedelta:
    """The least time by which a span ends before its end."""
    return timedelta(microseconds=1) if isinstance(column.low, datetime) else timedelta(days=1)


def edges_of(column: Numbers) -> tuple[float, ...]:
    """The edges of the bins of a column of numbers: one more than there are bins."""
    assert column.step is not None
    inner = (column.low + i * column.step for i in range(number_of_groups(column)))
    return (*inner, column.high)


def starts_of(column: Times) -> tuple[date | datetime, ...]:
    """When the bins of a column of times begin; the first not before its low."""
    first = place_of(column.step, column.low, column)
    later = (_at(column.step, first + i, column) for i in range(1, number_of_groups(column)))
    return (column.low, *later)


def place_of(step: Step, when: date | datetime, column: Times) -> int:
    """The number of the hour, day, week, month, quarter or year of a time, by the calendar."""
    if step in MONTHS:
        return (when.year * 12 + when.month - 1) // MONTHS[step]
    days = when.toordinal() - 1  # since Monday, 1 January of year 1
    if step in DAYS:
        return days // DAYS[step]
    assert isinstance(when, datetime), column
    return days * 24 + when.hour


def _at(step: Step, place: int, column: Times) -> date | datetime:
    if step in MONTHS:
        months = place * MONTHS[step]
        found = date(months // 12, months % 12 + 1, 1)
    elif step in DAYS:
        found = date.fromordinal(place * DAYS[step] + 1)
    else:
        found = date.fromordinal(place // 24 + 1)
        return datetime(found.year, found.month, found.day, place % 24)
    return datetime(found.year, found.month, found.day) if isinstance(column.low, datetime) else found


def _named(start: date | datetime, step: Step) -> str:
    if step == "hour":
        return f"{start:%Y-%m-%d %H}h"
    if step == "quarter":
        return f"{start.year} Q{(start.month + 2) // 3}"
    form = {"year": "%Y", "month": "%Y-%m"}.get(step, "%Y-%m-%d")
    return start.strftime(form)


def _said(value: Category) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value) or "(empty)"


def _short(number: float) -> str:
    return f"{number:,.10g}"
