"""Exhibits as they go into report.json: as sharp as the audience may see them."""

from __future__ import annotations

from math import isfinite, nan
from numbers import Integral, Real
from typing import Any

from confide.core.estimate import Estimate
from confide.report.exhibits import Cell, Exhibit, Line, Plot, Table
from confide.report.numbers import FEWEST, Redaction, coarse_text

Record = dict[str, Any]


def exhibit_record(exhibit: Exhibit, *, lens: Redaction) -> Record | None:
    """A table or a plot as plain types, with null for what is no number; None where it is not to be seen."""
    if lens.public and exhibit.internal:
        return None
    return _table(exhibit, lens) if isinstance(exhibit, Table) else _plot(exhibit, lens)


def _table(table: Table, lens: Redaction) -> Record:
    return {
        "kind": "table",
        "title": table.title,
        "reading": _reading(table, lens),
        "head": list(table.head),
        "rows": [
            [_name(row[0], table, lens), *(_cell(cell, table, lens) for cell in row[1:])]
            for row in table.rows
        ],
    }


def _reading(exhibit: Exhibit, lens: Redaction) -> str:
    return coarse_text(exhibit.reading) if lens.public else exhibit.reading


def _name(cell: Cell, table: Table, lens: Redaction) -> str | int | float | Record | None:
    """The cell that names a row: mostly a setting, so a small number there counts nobody."""
    whole = isinstance(cell, Integral)
    plain = int(cell) < FEWEST if whole else isinstance(cell, Real)
    return _cell(cell, table, Redaction() if plain else lens)


def _cell(cell: Cell, table: Table, lens: Redaction) -> str | int | float | Record | None:
    if isinstance(cell, Estimate):
        plain = Estimate(float(cell.value), float(cell.low), float(cell.high), float(cell.confidence))
        return lens.estimate(plain, of=table.of)
    if isinstance(cell, Integral):
        return lens.count(int(cell))
    if isinstance(cell, Real):
        return _short(float(cell), lens)
    return None if cell is None else str(cell)


def _plot(plot: Plot, lens: Redaction) -> Record:
    return {
        "kind": "plot",
        "title": plot.title,
        "reading": _reading(plot, lens),
        "x_title": plot.x_title,
        "y_title": plot.y_title,
        "log_x": plot.log_x,
        "lines": [_line(line, plot, lens) for line in plot.lines],
    }


def _line(line: Line, plot: Plot, lens: Redaction) -> Record:
    """For the public without labels; a point that rests on fewer than ten people is null."""
    points = [_point(line, at, plot, lens) for at in range(len(line.x))]
    return {
        "name": line.name,
        "x": [_short(x, Redaction()) for x in line.x],
        "y": [p["value"] for p in points],
        "low": [p["low"] for p in points] if line.low else [],
        "high": [p["high"] for p in points] if line.high else [],
        "labels": [] if lens.public else list(line.labels),
        "joined": line.joined,
    }


def _point(line: Line, at: int, plot: Plot, lens: Redaction) -> Record:
    nothing: Record = {"value": None, "low": None, "high": None}
    y = float(line.y[at])
    if lens.estimate(Estimate(y, y, y, 0.95), of=plot.of) is None:  # no number, or one of a handful of people
        return nothing
    low, high = (float(line.low[at]), float(line.high[at])) if line.low else (nan, nan)
    return lens.estimate(Estimate(y, low, high, 0.95)) or nothing | {"value": _short(y, lens)}


def _short(x: float, lens: Redaction) -> float | None:
    """Six digits of a number; for the public two."""
    if not isfinite(x):
        return None
    return float(f"{x:.2g}" if lens.public else f"{x:.6g}")
