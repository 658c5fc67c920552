"""Exhibits: a table or a plot that an audit puts beside its findings, every number with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from confide.core.errors import DataError
from confide.core.estimate import Estimate

Cell: TypeAlias = str | int | float | Estimate | None
"""Text, a count, a plain number (of which no interval exists), a number with its interval, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under a head.

    Args:
        title: what it shows.
        reading: how to read it: one or two sentences.
        head: the columns' names.
        rows: one cell a column. The first names the row. For the public whole numbers are counts of people,
            with two digits and none under ten but in the first column: put settings into text.
        internal: does it point at people or items? Then the public never sees it.
        of: the number of people that the shares in it rest on; for the public, shares that rest on one to
            nine of them are left out. None where no share of people is shown.

    Raises:
        DataError: if a row has not as many cells as there are columns.
    """

    title: str
    reading: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    internal: bool = False
    of: int | None = None

    def __post_init__(self) -> None:
        wrong = next((row for row in self.rows if len(row) != len(self.head) or not row), None)
        if wrong is not None:
            raise DataError(
                f"a row of {self.title!r} has {len(wrong)} cells for {len(self.head)} columns: give one each."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one name, joined in the order given.

    Args:
        name: for the legend.
        x, y: the points.
        low, high: the ends of each point's interval; empty where there are none.
        labels: a word at each point; empty for none. The public does not see them.
        joined: draw a line through them?

    Raises:
        DataError: if a tuple has not as many entries as there are points.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    joined: bool = True

    def __post_init__(self) -> None:
        n = len(self.x)
        if len(self.y) != n or any(len(t) not in (0, n) for t in (self.low, self.high, self.labels)):
            raise DataError(
                f"the line {self.name!r} has {n} x and not as many y, ends or labels: give one each."
            )
        if bool(self.low) != bool(self.high):
            raise DataError(f"the line {self.name!r} has one end of its intervals: give low and high.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines over two axes.

    Args:
        title: what it shows.
        reading: how to read it: one or two sentences.
        x_title, y_title: what the axes are.
        lines: what is drawn.
        log_x: a logarithmic x axis?
        internal, of: as for a table; shares are what is drawn upwards.
    """

    title: str
    reading: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    log_x: bool = False
    internal: bool = False
    of: int | None = None


Exhibit: TypeAlias = Table | Plot
