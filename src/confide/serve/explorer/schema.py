"""The public schema: what the owner says about columns, never read from the data.

What is in a schema is shown to everybody who may ask, and decides which groups an answer has. Groups that
came from the data would show which values occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

from confide.account.costs import Amount

Step: TypeAlias = Literal["hour", "day", "week", "month", "quarter", "year"]
"""Lengths into which a time is cut."""
Category: TypeAlias = bool | int | str
"""A value of a column with categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """A column with a public list of values.

    Args:
        name: of the column in the data.
        label: for people.
        description: in a sentence or two.
        values: all that are answered, in this order; rows with another value are in no group.
        missing: whether rows without a value are a group too.
    """

    name: str
    label: str
    description: str
    values: tuple[Category, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A column of numbers with public bounds.

    Args:
        name, label, description: as of categories.
        unit: of the numbers, such as years.
        low, high: the bounds. A number outside them is moved to the nearest bound in a sum or a mean, and is
            in no group of a histogram.
        step: width of a group of a histogram; None for a column that makes no groups.
        missing: whether rows without a value, or outside the bounds, are a group too.
    """

    name: str
    label: str
    description: str
    unit: str
    low: float
    high: float
    step: float | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A column of dates or times with a public span.

    Args:
        name, label, description: as of categories.
        low: the first moment.
        high: the end; it is in no group itself.
        step: length of a group. Weeks and longer begin where the calendar says, the first and the last may be
            cut by the span.
        missing: whether rows without a value, or outside the span, are a group too.
    """

    name: str
    label: str
    description: str
    low: date | datetime
    high: date | datetime
    step: Step
    missing: bool = False


PublicColumn: TypeAlias = Categories | Numbers | Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Two columns of numbers with steps, as a grid of cells.

    Args:
        name: by which it is asked for.
        label, description: as of categories.
        lat, lon: names of the columns.
    """

    name: str
    label: str
    description: str
    lat: str
    lon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSchema:
    """Everything that a page shows before a question is asked.

    Args:
        title: of the page.
        description: of the data.
        columns: by name, in the order in which they are shown.
        maps: by name.
        analysts: shares of the budget by name, where the file has them.
    """

    title: str
    description: str = ""
    columns: Mapping[str, PublicColumn] = field(hash=False)
    maps: Mapping[str, Map] = field(default_factory=dict, hash=False)
    analysts: Mapping[str, Amount] = field(default_factory=dict, hash=False)

    @property
    def grouping(self) -> dict[str, PublicColumn]:
        """The columns that make groups."""
        return {n: c for n, c in self.columns.items() if not isinstance(c, Numbers) or c.step is not None}

    @property
    def numbers(self) -> dict[str, Numbers]:
        """The columns that can be summed."""
        return {n: c for n, c in self.columns.items() if isinstance(c, Numbers)}
