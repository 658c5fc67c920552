"""Plots of named lines: their points and bands as records, and what of the chart file these decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from textwrap import wrap
from typing import cast

from confide.report.charts.engine import Json, Spec
from confide.report.page_types import Datum, LineRecord, PlotRecord

WIDTH, HEIGHT = 320, 230
"""The size of the frame that the chart file draws, in pixels."""

LETTER, ROW = 6.2, 14
"""The room that a letter of a label takes, and a label's height, in pixels."""

LONGEST = {"x": 52, "y": 38}
"""The letters of an axis title that fit in one line along the frame."""

FEW_TICKS = 8
"""With so few places across, each gets its own tick; more would run into each other."""


def line_records(plot: PlotRecord) -> list[Datum]:
    """A record a point that can be drawn: no gap, and nothing at or below 0 on a logarithmic axis."""
    points = [
        Point(
            line=f"{number}",
            at=at,
            name=line["name"],
            x=x,
            y=y,
            low=line["low"][at] if line["low"] else None,
            high=line["high"][at] if line["high"] else None,
            label=line["labels"][at] if line["labels"] else "",
            joined=line["joined"],
        )
        for number, line in enumerate(plot["lines"])
        for at, x, y in _drawable(line, line["y"], plot)
    ]
    return _labelled(points, plot)


def band_records(plot: PlotRecord) -> list[Datum]:
    """A record for each place of each band that can be drawn; the widest band of a line is number 0."""
    return [
        {"part": "band", "line": f"{number}", "band": rank, "name": line["name"], "low": low, "high": high}
        | _place(x, plot)
        for number, line in enumerate(plot["lines"])
        for rank, band in enumerate(line["bands"])
        for at, x, low in _drawable(line, band["low"], plot)
        if (high := band["high"][at]) is not None
    ]


def line_encoding(plot: PlotRecord, records: Sequence[Datum]) -> Mapping[str, Spec]:
    """What is put into the chart file for a plot: titles, scales, ticks and the legend's order.

    Args:
        records: its points and bands.
    """
    heights = [r.get(end) for r in records for end in ("y", "low", "high")]
    ends = [float(end) for end in heights if isinstance(end, int | float)]
    low, high = min(ends), max(ends)
    share = low >= 0 and high <= 1
    names: Spec = {"domain": cast(list[Json], list(dict.fromkeys(r["name"] for r in records)))}
    # a legend that says the names which stand at the points already is left out
    named_there = all(r.get("label") == r["name"] for r in records)
    legend: Spec = {"legend": None} if named_there else {}
    upwards: Spec = {"type": "log", "nice": False} if plot["log_y"] else {"zero": share or low < high / 2}
    return {
        "x": {"title": cast(list[Json], wrap(plot["x_title"], LONGEST["x"])), **_across(plot, records)},
        "y": {
            "title": cast(list[Json], wrap(plot["y_title"], LONGEST["y"])),
            "scale": {"nice": True, **upwards},
            "axis": {"format": "~g", "grid": False} if plot["log_y"] else {},
        },
        "color": {"scale": names, **legend},
        "shape": {"scale": names, **legend},
        "strokeDash": {"scale": names},
    }


def _across(plot: PlotRecord, records: Sequence[Datum]) -> Spec:
    """The lower axis: named places in their order, or numbers, each of a few with its own tick."""
    if plot["places"]:
        # slanted and cut, because the names of checkpoints are files' names
        axis: Spec = {"labelAngle": -30, "labelLimit": 110}
        order = cast(list[Json], plot["places"])
        return {"type": "ordinal", "sort": order, "scale": {"type": "point", "padding": 0.1}, "axis": axis}
    places = sorted({float(r["x"]) for r in records if isinstance(r["x"], int | float)})
    whole = all(x.is_integer() for x in places)
    few = len(places) <= FEW_TICKS and (whole or plot["log_x"])
    ticks: Spec = {"values": cast(list[Json], places), "tickCount": len(places)} if few else {}
    kind: Spec = {"type": "log", "nice": False} if plot["log_x"] else {"type": "linear", "nice": True}
    return {"scale": {"zero": False, **kind} if not plot["log_x"] else kind, "axis": ticks}


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line, before its label has a place."""

    line: str
    at: int
    name: str
    x: float
    y: float
    low: float | None
    high: float | None
    label: str
    joined: bool


def _drawable(
    line: LineRecord, upwards: Sequence[float | None], plot: PlotRecord
) -> Iterator[tuple[int, float, float]]:
    """Number, x and y of each point of a line that its axes can show."""
    for at, (x, y) in enumerate(zip(line["x"], upwards, strict=True)):
        if x is None or y is None:
            continue
        if (x > 0 or not plot["log_x"]) and (y > 0 or not plot["log_y"]):
            yield at, x, y


def _place(x: float, plot: PlotRecord) -> Datum:
    """Where a point is on the lower axis: a number, or the name of its place."""
    return {"x": plot["places"][int(x)] if plot["places"] else x}


def _labelled(points: Sequence[Point], plot: PlotRecord) -> list[Datum]:
    """Each label where it hides neither a point nor another label; one that has no such place is left out."""
    at = _pixels(points, plot)
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    placed: list[Datum] = []
    for p, (x, y) in zip(points, at, strict=True):
        record: Datum = {"part": "point", "line": p.line, "at": p.at, "name": p.name, **_place(p.x, plot)}
        record |= {"y": p.y, "low": p.low, "high": p.high, "joined": p.joined}
        for align, dx, dy, box in _boxes(x, y, LETTER * len(p.label)):
            inside = box[0] >= -20 and box[2] <= WIDTH + 20
            if p.label and inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed.append({**record, "label": p.label, "align": align, "dx": dx, "dy": dy})
                break
        else:
            placed.append({**record, "label": "", "align": "left", "dx": 0, "dy": 0})
    return placed


Box = tuple[float, float, float, float]


def _boxes(x: float, y: float, wide: float) -> Iterator[tuple[str, int, int, Box]]:
    """Where a label may stand: right of its point, left, above, below."""
    half = ROW / 2
    yield "left", 8, 0, (x + 8, y - half, x + 8 + wide, y + half)
    yield "right", -8, 0, (x - 8 - wide, y - half, x - 8, y + half)
    for dy in (-15, 15):
        yield "center", 0, dy, (x - wide / 2, y + dy - half, x + wide / 2, y + dy + half)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _pixels(points: Sequence[Point], plot: PlotRecord) -> list[tuple[float, float]]:
    """About where each point is drawn: exact to the rounding of the axes' ends."""

    def scaled(values: list[float], log: bool) -> list[float]:
        values = [log10(v) for v in values] if log else values
        low, high = min(values, default=0.0), max(values, default=1.0)
        return [(v - low) / (high - low) if high > low else 0.5 for v in values]

    across = scaled([p.x for p in points], plot["log_x"])
    upwards = scaled([p.y for p in points], plot["log_y"])
    return [(x * WIDTH, (1 - y) * HEIGHT) for x, y in zip(across, upwards, strict=True)]
