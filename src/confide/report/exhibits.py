"""Exhibits: a table or a plot that an audit puts beside its findings, every number with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

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
        rows: one cell a column.
        internal: does it point at people or items? Then the public never sees it.
        of: the number of people that the shares in it rest on; for the public, shares that rest on one to
            nine of them are left out. None where no share of people is shown.
    """

    title: str
    reading: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    internal: bool = False
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one name, joined in the order given.

    Args:
        name: for the legend.
        x, y: the points.
        low, high: the ends of each point's interval; empty where there are none.
        labels: a word at each point; empty for none.
        joined: draw a line through them?
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    joined: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines over two axes.

    Args:
        title: what it shows.
        reading: how to read it: one or two sentences.
        x_title, y_title: what the axes are.
        lines: what is drawn.
        log_x: a logarithmic x axis?
    """

    title: str
    reading: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    log_x: bool = False


Exhibit: TypeAlias = Table | Plot
