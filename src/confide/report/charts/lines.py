"""A plot of named lines: its points as records, and what of the chart file they decide."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from textwrap import wrap
from typing import Any

Record = dict[str, Any]

WIDTH, HEIGHT = 320, 230
"""The size of the frame that the chart file draws, in pixels."""

LETTER, ROW = 6.2, 14
"""How much room a letter of a label takes, and a label's height, in pixels."""

LONGEST = {"x": 52, "y": 38}
"""So many letters of an axis' title stand in one line."""

FEW_TICKS = 8
"""With so few places across, each gets its own tick."""


def line_records(plot: Record) -> list[Record]:
    """A record a point that can be drawn: no gap, and nothing at or below 0 on a logarithmic axis.

    Args:
        plot: as `exhibit_record` gives it.
    """
    records = [
        {
            "line": f"{number}",
            "at": at,
            "name": line["name"],
            "x": x,
            "y": y,
            "low": line["low"][at] if line["low"] else None,
            "high": line["high"][at] if line["high"] else None,
            "label": line["labels"][at] if line["labels"] else "",
            "joined": line["joined"],
        }
        for number, line in enumerate(plot["lines"])
        for at, (x, y) in enumerate(zip(line["x"], line["y"], strict=True))
        if x is not None and y is not None and (x > 0 or not plot["log_x"])
    ]
    return _labelled(records, log_x=plot["log_x"])


def line_encoding(plot: Record, records: list[Record]) -> Record:
    """What is put into the chart file for a plot: titles, scales, ticks and the legend's order."""
    places = sorted({r["x"] for r in records})
    heights = [end for r in records for end in (r["y"], r["low"], r["high"]) if end is not None]
    low, high = min(heights), max(heights)
    share = low >= 0 and high <= 1
    whole = all(float(x).is_integer() for x in places)
    across: Record = (
        {"values": places, "tickCount": len(places)}
        if len(places) <= FEW_TICKS and (whole or plot["log_x"])
        else {}
    )
    kind = {"type": "log", "nice": False} if plot["log_x"] else {"type": "linear"}
    names = {"domain": list(dict.fromkeys(r["name"] for r in records))}
    named_there = all(r["label"] == r["name"] for r in records)
    legend: Record = {"legend": None} if named_there else {}
    return {
        "x": {"title": wrap(plot["x_title"], LONGEST["x"]), "scale": kind, "axis": across},
        "y": {
            "title": wrap(plot["y_title"], LONGEST["y"]),
            "scale": {"zero": share or low < high / 2},
        },
        "color": {"scale": names, **legend},
        "shape": {"scale": names, **legend},
        "strokeDash": {"scale": names},
    }


def _labelled(records: list[Record], *, log_x: bool) -> list[Record]:
    """Each label where it hides neither a point nor another label; one that has no such place is left out."""
    at = _pixels(records, log_x=log_x)
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    placed: list[Record] = []
    for r, (x, y) in zip(records, at, strict=True):
        for align, dx, dy, box in _boxes(x, y, LETTER * len(r["label"])):
            inside = box[0] >= -20 and box[2] <= WIDTH + 20
            if r["label"] and inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed.append({**r, "align": align, "dx": dx, "dy": dy})
                break
        else:
            placed.append({**r, "label": "", "align": "left", "dx": 0, "dy": 0})
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


def _pixels(records: list[Record], *, log_x: bool) -> list[tuple[float, float]]:
    """About where each point is drawn: exact to the rounding of the axes' ends."""

    def scaled(values: list[float]) -> list[float]:
        low, high = min(values, default=0.0), max(values, default=1.0)
        return [(v - low) / (high - low) if high > low else 0.5 for v in values]

    across = scaled([log10(r["x"]) if log_x else r["x"] for r in records])
    return [
        (x * WIDTH, (1 - y) * HEIGHT) for x, y in zip(across, scaled([r["y"] for r in records]), strict=True)
    ]
