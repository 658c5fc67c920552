"""Exhibits as records of the page: as sharp as the audience may see them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from numbers import Integral, Real
from typing import TypeGuard

from confide.core.estimate import Estimate
from confide.core.language import Kept, t
from confide.report import exhibits, page_types
from confide.report.exhibits import Band, Exhibit, Line, Plot, Quantile, Reading, Table
from confide.report.page_types import BandRecord, EstimateRecord, ExhibitRecord, LineRecord
from confide.report.redaction import FEWEST, Redaction


def exhibit_record(exhibit: Exhibit, *, redaction: Redaction) -> ExhibitRecord | None:
    """A table or a plot as plain types, with null for what is no number; None where it is not to be seen."""
    # Left out whole: its rows are people or items.
    if redaction.public and exhibit.internal:
        return None
    if isinstance(exhibit, Table):
        return table_record(exhibit, redaction=redaction)
    return plot_record(exhibit, redaction=redaction)


def table_record(table: Table, *, redaction: Redaction) -> page_types.TableRecord:
    """A table as the audience may see it."""
    rests = table.rests or [table.of] * len(table.rows)
    # Its name alone says that such people are in the data: a class of three, by a word of theirs.
    few = [redaction.public and bool(table.rests) and 0 < (of or 0) < FEWEST for of in rests]
    most = max([0, *(int(c) for row in table.rows for c in row[1:] if _counts(c))])
    shown = [(row, of) for row, of, hidden in zip(table.rows, rests, few, strict=True) if not hidden]
    hidden = [t("Rows of fewer than {n} people are not shown.", n=FEWEST)] * any(few)
    return {
        "kind": "table",
        "internal": table.internal,
        "title": table.title,
        "reading": " ".join([_reading(table.reading, redaction), *hidden]),
        "head": [redaction.text(head) for head in table.head],
        "rows": [
            [_name(row[0], redaction, of=of), *_cells(row[1:], redaction, of=of, most=most)]
            for row, of in shown
        ],
    }


def plot_record(plot: Plot, *, redaction: Redaction) -> page_types.PlotRecord:
    """A plot as the audience may see it."""
    return {
        "kind": "plot",
        "title": plot.title,
        "reading": _reading(plot.reading, redaction),
        "x_title": plot.x_title,
        "y_title": plot.y_title,
        "log_x": plot.log_x,
        "log_y": plot.log_y,
        "named": plot.named,
        "places": list(plot.places),
        "lines": [_line(line, plot, redaction) for line in plot.lines],
        "why": t(plot.why),
    }


def _reading(reading: Reading | list[Reading], redaction: Redaction) -> str:
    several = reading if isinstance(reading, list) else [reading]
    return " ".join(redaction.texts(several))


def _name(cell: exhibits.Cell, redaction: Redaction, *, of: int | None) -> page_types.Cell:
    """The cell that names a row: mostly a setting, so a small number there counts nobody."""
    # numpy's integers and floats are no int and float, but they are Integral and Real.
    whole = isinstance(cell, Integral)
    plain = int(cell) < FEWEST if whole else isinstance(cell, Real)
    return _cell(cell, Redaction() if plain else redaction, of=of)


def _counts(cell: exhibits.Cell) -> TypeGuard[int]:
    return isinstance(cell, Integral) and not isinstance(cell, bool)


def _cells(
    row: Sequence[exhibits.Cell], redaction: Redaction, *, of: int | None, most: int
) -> list[page_types.Cell]:
    """The cells after the name; counts beside each other are equally coarse; `most` is the largest of all."""
    counts = iter(redaction.counts([int(c) for c in row if _counts(c)], beside=most))
    return [next(counts) if _counts(c) else _cell(c, redaction, of=of) for c in row]


def _cell(cell: exhibits.Cell, redaction: Redaction, *, of: int | None) -> page_types.Cell:
    if isinstance(cell, Estimate):
        # NumPy's numbers are no JSON
        plain = Estimate(float(cell.value), float(cell.low), float(cell.high), float(cell.confidence))
        return redaction.estimate(plain, of=of)
    if isinstance(cell, Quantile):
        return _short(cell.value, redaction) if _to_be_seen(cell.beyond, redaction=redaction) else None
    if isinstance(cell, (tuple, Kept)):
        return redaction.text(cell)
    if isinstance(cell, Integral):
        return redaction.count(int(cell))
    if isinstance(cell, Real):
        return _short(float(cell), redaction)
    return None if cell is None else str(cell)


def _line(line: Line, plot: Plot, redaction: Redaction) -> LineRecord:
    """For the public without labels; a point that rests on fewer than ten people is null."""
    points = [_point(line, at, plot, redaction) for at in range(len(line.x))]
    across = [_across(line, at, redaction if plot.measured else Redaction()) for at in range(len(line.x))]
    return {
        "name": line.name,
        "x": [x for x, _, _ in across],
        "y": [None if p is None else p["value"] for p in points],
        "low": _ends([None if p is None else p["low"] for p in points]) if line.low else [],
        "high": _ends([None if p is None else p["high"] for p in points]) if line.high else [],
        "x_low": [low for _, low, _ in across] if line.x_low else [],
        "x_high": [high for _, _, high in across] if line.x_high else [],
        "bands": [
            _band(band, redaction) for band in line.bands if _to_be_seen(band.beyond, redaction=redaction)
        ],
        # A label may be a person or an item.
        "labels": [] if redaction.public else list(line.labels),
        "joined": line.joined,
    }


def _point(line: Line, at: int, plot: Plot, redaction: Redaction) -> EstimateRecord | None:
    """A point with its interval, whose ends are nan where it has none; None where it is not to be seen."""
    y = float(line.y[at])
    # The value alone decides whether the point may be seen: how many people it rests on.
    alone = redaction.estimate(Estimate(y, y, y, 0.95), of=plot.of)
    if alone is None or not _to_be_seen(line.beyond, redaction=redaction):
        return None
    low, high = (float(line.low[at]), float(line.high[at])) if line.low else (nan, nan)
    shown = _short(y, redaction)
    bare: EstimateRecord = {
        "value": y if shown is None else shown,
        "low": nan,
        "high": nan,
        "confidence": 0.95,
    }
    return redaction.estimate(Estimate(y, low, high, 0.95)) or bare


def _across(line: Line, at: int, redaction: Redaction) -> tuple[float | None, float | None, float | None]:
    """Where a point is on the lower axis, and the ends of its interval there; for the public outward."""
    x = float(line.x[at])
    ends = (float(line.x_low[at]), float(line.x_high[at])) if line.x_low else (nan, nan)
    found = redaction.estimate(Estimate(x, *ends, 0.95))
    if found is None:
        return _short(x, redaction), None, None
    return found["value"], found["low"], found["high"]


def _band(band: Band, redaction: Redaction) -> BandRecord:
    return {
        "low": [_short(x, redaction) for x in band.low],
        "high": [_short(x, redaction) for x in band.high],
    }


def _to_be_seen(beyond: int | None, *, redaction: Redaction) -> bool:
    """May a quantile with this many people beyond it be seen? One near the extreme points at a person."""
    return not redaction.public or beyond is None or beyond >= FEWEST


def _ends(ends: Sequence[float | None]) -> list[float | None]:
    # JSON knows neither NaN nor Infinity.
    return [end if end is not None and isfinite(end) else None for end in ends]


def _short(x: float, redaction: Redaction) -> float | None:
    """Six digits of a number; for the public two."""
    if not isfinite(x):
        return None
    return float(f"{x:.2g}" if redaction.public else f"{x:.6g}")
