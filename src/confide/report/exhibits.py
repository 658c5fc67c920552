"""Exhibits: tables and plots that an audit puts beside its findings, every number with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import Kept, later


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share in a sentence, written in percent; the difference of two shares, written in points.

    Args:
        estimate: the share, with its interval.
        of: the number of people that it is a share of; the public sees no share of one to nine of them.
        interval: write the interval too?
        difference: is it the difference of two shares?
    """

    estimate: Estimate
    of: int | None = None
    interval: bool = True
    difference: bool = False


Reading: TypeAlias = str | tuple[str | int | float | Estimate | Rate, ...] | Kept
"""A text, or its parts in order: words, counts of people or of records, numbers with their intervals.

Counts and numbers stay apart from the words until the audience is known. For the public a count is coarse,
and a sentence with a number that is not to be seen is left out.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A number that is one person's, found by its place when all people are in order: a median, a largest.

    Args:
        value: the number.
        beyond: how many people are on its smaller side; the public does not see one with fewer than ten.
    """

    value: float
    beyond: int


Cell: TypeAlias = Reading | int | float | Estimate | Quantile | None
"""Text, a count, a plain number (of which no interval exists), one with its interval, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under a head.

    Args:
        title: what it shows.
        reading: how to read it: a sentence or several.
        head: the columns' names.
        rows: one cell a column. The first names the row. For the public whole numbers are counts of people,
            with two digits and none under ten but in the first column: put settings into text.
        internal: does it point at people or items? Then the public never sees it.
        of: the number of people that the shares in it rest on; for the public, shares that rest on one to
            nine of them are left out. None where no share of people is shown.
        rests: by row, the number of people that it is about, where rows are about different people: instead
            of `of`. The public does not see a row about one to nine people, and not even its name.
        opens: does it open the report, before what was found?

    Raises:
        DataError: if a row has not as many cells as there are columns.
    """

    title: str
    reading: Reading | list[Reading]
    head: tuple[Reading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    internal: bool = False
    of: int | None = None
    rests: tuple[int, ...] = ()
    opens: bool = False

    def __post_init__(self) -> None:
        if self.rests and len(self.rests) != len(self.rows):
            raise DataError(
                f"{self.title!r} has {len(self.rows)} rows and {len(self.rests)} numbers of people."
            )
        # Here, and not when it is drawn: then the message would not say which exhibit made it.
        wrong = next((row for row in self.rows if len(row) != len(self.head) or not row), None)
        if wrong is not None:
            raise DataError(
                f"a row of {self.title!r} has {len(wrong)} cells for {len(self.head)} columns: give one each."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """An area around a line, such as the middle half of a group.

    Args:
        low, high: its ends, one of each a point of the line.
        beyond: the number of people beyond each end; for the public, a band with one to nine people beyond
            is left out. None where the ends are no people's values.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    beyond: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one name, joined in the order given.

    Args:
        name: for the legend.
        x, y: the points.
        low, high: the ends of each point's interval; empty where there are none.
        x_low, x_high: the same for its interval across, where x was measured; nan for a point without one.
        labels: a word at each point; empty for none. The public does not see them.
        joined: draw a line through them?
        bands: areas around the line, the widest first.
        beyond: the number of people above, and below, each point, where it is a quantile of people's values;
            the public does not see one with one to nine. None where it is no such quantile.

    Raises:
        DataError: if a tuple has not as many entries as there are points.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    x_low: tuple[float, ...] = ()
    x_high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    joined: bool = True
    bands: tuple[Band, ...] = ()
    beyond: int | None = None

    def __post_init__(self) -> None:
        n = len(self.x)
        ends = [end for band in self.bands for end in (band.low, band.high)]
        given = (self.low, self.high, self.x_low, self.x_high, self.labels)
        if len(self.y) != n or any(len(t) not in (0, n) for t in given):
            raise DataError(
                f"the line {self.name!r} has {n} x and not as many y, ends or labels: give one each."
            )
        if any(len(end) != n for end in ends):
            raise DataError(f"a band of the line {self.name!r} has not {n} ends: give one a point.")
        if bool(self.low) != bool(self.high) or bool(self.x_low) != bool(self.x_high):
            raise DataError(f"the line {self.name!r} has one end of its intervals: give low and high.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines over two axes.

    Args:
        title: what it shows.
        reading: how to read it: a sentence or several.
        x_title, y_title: what the axes are.
        lines: what is drawn.
        log_x, log_y: a logarithmic axis? Nothing at or below 0 is drawn on it.
        measured: whether x was measured too; else it is a setting, which counts nobody.
        named: is each line a point of its own, with its name beside it? Every point is then labelled.
        places: where the x axis is no number, the names of its places; the x of a point is then 0, 1, ...
        why: the reason to give where no point can be drawn.
        internal, of: as for a table; shares are what is drawn upwards.
    """

    title: str
    reading: Reading | list[Reading]
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = False
    measured: bool = False
    named: bool = False
    places: tuple[str, ...] = ()
    why: str = later("it has no point to draw")
    internal: bool = False
    of: int | None = None


Exhibit: TypeAlias = Table | Plot


def opens(exhibit: Exhibit) -> bool:
    """Whether it asks to stand before what was found."""
    return isinstance(exhibit, Table) and exhibit.opens
