"""Plots of named lines: their points and bands as records, and what of the chart file these decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import cast

from confide.report.charts.engine import Json, Spec
from confide.report.charts.labels import LETTER, ROW, WIDTH, Point, Spot, axes_of, on_zero, placed
from confide.report.page_types import Datum, LineRecord, PlotRecord

LONGEST = {"x": 52, "y": 38}
"""The letters of an axis title that fit in one line along the frame."""

FEW_TICKS = 8
"""With so few places across, each gets its own tick; more would run into each other."""

FLAT = 4
"""The most lines of a place's name that stands upright below the axis; longer ones are slanted and cut."""

SLANT = -30
"""Of slanted names, in degrees."""


def line_records(plot: PlotRecord) -> list[Datum]:
    """A record a point that can be drawn: no gap, and nothing at or below 0 on a logarithmic axis.

    Before them is a record for each interval across.
    """
    points = [
        Point(
            line=f"{number}",
            at=at,
            name=line["name"],
            x=x,
            y=y,
            low=line["low"][at] if line["low"] else None,
            high=line["high"][at] if line["high"] else None,
            x_low=line["x_low"][at] if line["x_low"] else None,
            x_high=line["x_high"][at] if line["x_high"] else None,
            label=line["name"] if plot["named"] else line["labels"][at] if line["labels"] else "",
            joined=line["joined"],
        )
        for number, line in enumerate(plot["lines"])
        for at, x, y in _drawable(line, line["y"], plot)
    ]
    spots = placed(points, axes_of(points, plot), must=plot["named"])
    return [
        *(_span(p, p.x_low, p.x_high) for p in points if p.x_low is not None and p.x_high is not None),
        *(_record(p, spot, plot) for p, spot in zip(points, spots, strict=True)),
    ]


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
    """What is put into the chart file for a plot: titles, scales and ticks.

    Args:
        records: its points and bands.
    """
    heights = [r.get(end) for r in records for end in ("y", "low", "high")]
    zero = on_zero([float(end) for end in heights if isinstance(end, int | float)])
    names: Spec = {"domain": cast(list[Json], list(dict.fromkeys(r["name"] for r in records)))}
    # The page draws it (`charts/legend.py`): Vega's own shows no dashes beside marks.
    legend: Spec = {"legend": None}
    upwards: Spec = {"type": "log", "nice": False} if plot["log_y"] else {"zero": zero}
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
        order = cast(list[Json], plot["places"])
        scale: Spec = {"type": "point", "padding": 0.5 if _flat(plot["places"]) else 0.1}
        return {"type": "ordinal", "sort": order, "scale": scale, "axis": _named(plot["places"])}
    places = sorted({float(r["x"]) for r in records if isinstance(r["x"], int | float)})
    whole = all(x.is_integer() for x in places)
    few = len(places) <= FEW_TICKS and (whole or plot["log_x"])
    ticks: Spec = {"values": cast(list[Json], places), "tickCount": len(places)} if few else {}
    kind: Spec = {"type": "log", "nice": False} if plot["log_x"] else {"type": "linear", "nice": True}
    return {"scale": {"zero": False, **kind} if not plot["log_x"] else kind, "axis": ticks}


def _named(places: Sequence[str]) -> Spec:
    """The names of places below the axis: in lines where they fit, else slanted."""
    if lines := _flat(places):
        # Vega knows no other way to break a label: its expression looks the lines up by the name.
        words = json.dumps(dict(zip(places, lines, strict=True)))
        return {"labelAngle": 0, "labelExpr": f"({words})[datum.value] || datum.value", "labelOverlap": False}
    # Slanted and cut, because the names of checkpoints are files' names. None is left out where a slanted
    # line has its height to itself.
    room = WIDTH / len(places) >= 2 * ROW
    return {"labelAngle": SLANT, "labelLimit": 110, **({"labelOverlap": False} if room else {})}


def _flat(places: Sequence[str]) -> list[list[str]]:
    """The lines of each name, where all names fit beside each other; else nothing."""
    wide = int(WIDTH / max(len(places), 1) / LETTER) - 1
    lines = [wrap(name, wide, break_long_words=False, break_on_hyphens=False) for name in places if wide > 0]
    fits = all(0 < len(parts) <= FLAT and max(map(len, parts)) <= wide for parts in lines)
    return lines if lines and fits else []


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


def _span(p: Point, low: float, high: float) -> Datum:
    """The interval of a point across."""
    return {"part": "span", "line": p.line, "at": p.at, "name": p.name, "x": low, "x2": high, "y": p.y}


def _record(p: Point, spot: Spot, plot: PlotRecord) -> Datum:
    """What is drawn of a point, with its label where that has a place."""
    return {
        "part": "point",
        "line": p.line,
        "at": p.at,
        "name": p.name,
        **_place(p.x, plot),
        "y": p.y,
        "low": p.low,
        "high": p.high,
        "joined": p.joined,
        "label": spot.label,
        "align": spot.align,
        "dx": spot.dx,
        "dy": spot.dy,
        "join_x": None if spot.join is None else spot.join[0],
        "join_y": None if spot.join is None else spot.join[1],
    }
