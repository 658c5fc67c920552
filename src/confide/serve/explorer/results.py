"""Results: an answer with its labels, as a table, a chart and a csv."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from confide.account.exporting import inert
from confide.serve.explorer import charts
from confide.serve.explorer.engine import Answer, Cell
from confide.serve.explorer.groups import Groups
from confide.serve.explorer.questions import Question
from confide.serve.explorer.schema import Categories, PublicSchema, Times

MOST_BARS = 120
"""Bars from top to bottom; more are a table only."""
MOST_DOWN = 150
"""Rows of a table of cells that is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An answer as it is shown.

    Args:
        name: under which its page is found.
        title: the question in words.
        sql: the question in SQL.
        question: that was asked.
        heads: labels of the group columns.
        groups: of each of them.
        answer: to it.
        unit: of the numbers.
        kind: how it is drawn.
    """

    name: str
    title: str
    sql: str
    question: Question
    heads: tuple[str, ...]
    groups: tuple[Groups, ...]
    answer: Answer
    unit: str
    kind: str

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The labels of each cell."""
        listed: list[tuple[str, ...]] = [()]
        for groups in self.groups:
            listed = [(*before, label) for before in listed for label in groups.labels]
        return listed

    @property
    def rows(self) -> list[tuple[tuple[str, ...], tuple[str, str, str]]]:
        """For each cell its labels, its number and both intervals, rounded to what the noise leaves."""
        return [(labels, shown(cell)) for labels, cell in zip(self.labels, self.answer.cells, strict=True)]

    @property
    def error_words(self) -> str:
        """How far the noise moves each number; empty where that differs between them."""
        widths = {
            round((c.high - c.low) / 2, 9)
            for c in self.answer.cells
            if c.low is not None and c.high is not None
        }
        return f"± {rounded_up(widths.pop())} at 95 %" if len(widths) == 1 else ""

    def chart(self, width: float) -> str | None:
        """The chart as SVG; None where numbers alone say more."""
        cells, title = self.answer.cells, self.title
        labels = [" ".join(one) for one in self.labels]
        if self.kind == "bars" and len(cells) <= MOST_BARS:
            return charts.bars(labels, cells, title=title, width=width)
        upright: dict[str, Callable[..., str]] = {"columns": charts.columns, "series": charts.series}
        if self.kind in upright:
            return upright[self.kind](labels, cells, title=title, width=width)
        if self.kind in ("map", "table") and len(self.groups[0].labels) <= MOST_DOWN:
            return self._heat(width)
        return None

    def _heat(self, width: float) -> str:
        down, along = (groups.labels for groups in self.groups)
        cells = self.answer.cells
        if self.kind == "map":  # the north is above
            turned = [cells[i * len(along) : (i + 1) * len(along)] for i in range(len(down))]
            cells, down = tuple(c for row in reversed(turned) for c in row), tuple(reversed(down))
        return charts.heat(down, along, cells, title=self.title, width=width)

    def csv(self) -> str:
        """All numbers with their intervals, in cells that no spreadsheet takes for formulas."""
        file = io.StringIO()
        write = csv.writer(file, lineterminator="\n")
        write.writerow(
            [*map(inert, self.heads), "value", "low_privacy", "high_privacy", "low_sampling", "high_sampling"]
        )
        for labels, cell in zip(self.labels, self.answer.cells, strict=True):
            numbers = (cell.value, cell.low, cell.high, cell.low_sampling, cell.high_sampling)
            write.writerow([*map(inert, labels), *("" if n is None else repr(n) for n in numbers)])
        return file.getvalue()


def kind_of_chart(question: Question, schema: PublicSchema) -> str:
    """How an answer is drawn: number, bars, columns, series, table or map."""
    if question.map is not None:
        return "map"
    if len(question.by) == 2:
        return "table"
    if not question.by:
        return "number"
    column = schema.columns[question.by[0]]
    if isinstance(column, Times):
        return "series"
    return "bars" if isinstance(column, Categories) else "columns"


def shown(cell: Cell) -> tuple[str, str, str]:
    """A number and both of its intervals, with as many digits as its error leaves.

    >>> shown(Cell(1234.56, 1200.0, 1269.0, None, None))
    ('1,235', '1,200 to 1,269', '')
    """
    if cell.value is None:
        return "no answer", "", ""
    width = 0.0 if cell.low is None or cell.high is None else (cell.high - cell.low) / 2
    digits = 0 if width >= 3 else 6 if width <= 0 else min(6, 1 - math.floor(math.log10(width)))
    if width <= 0 and float(cell.value).is_integer():
        digits = 0

    def said(number: float) -> str:
        rounded = f"{number:,.{digits}f}"
        return rounded.removeprefix("-") if float(rounded.replace(",", "")) == 0 else rounded

    def between(low: float | None, high: float | None) -> str:
        return "" if low is None or high is None else f"{said(low)} to {said(high)}"

    return said(cell.value), between(cell.low, cell.high), between(cell.low_sampling, cell.high_sampling)


def rounded_up(width: float) -> str:
    """A width with two digits, never smaller than it is.

    >>> rounded_up(1234.5), rounded_up(0.0321), rounded_up(7.0)
    ('1,300', '0.033', '7')
    """
    if width <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(width))
    scaled = Decimal(repr(width)).scaleb(digits).to_integral_value(ROUND_CEILING)
    return f"{scaled.scaleb(-digits).normalize():,f}"
