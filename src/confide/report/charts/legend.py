"""Legends beneath charts: each entry is drawn as its line, area or point is drawn in the chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from confide.report.charts.draw import specification
from confide.report.charts.engine import Json, Spec
from confide.report.page_types import ChartRecord, Datum, PlotRecord

INKS = ("--exposed", "--control", "--third", "--fourth", "--muted")
"""The colours of lines in their order, as the chart file has them."""
SHAPES = {
    "circle": "M21 6a4 4 0 1 1-8 0a4 4 0 1 1 8 0",
    "square": "M13 2h8v8h-8z",
    "triangle-up": "M17 2l4.5 8h-9z",
    "diamond": "M17 1l5 5-5 5-5-5z",
    "cross": "M15 2h4v2.5h2.5v3H19V10h-4V7.5h-2.5v-3H15z",
    "triangle-down": "M17 10l4.5-8h-9z",
}
"""The marks of points, as paths in a box of 34 x 12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name of a legend, and how it is drawn.

    Args:
        name: that it stands for.
        ink: its colour, a variable of the page.
        dash: of its line; None where there is none.
        shape: of its points; empty where there are none.
        filled: is it an area?
    """

    name: str
    ink: str
    dash: str | None = None
    shape: str = ""
    filled: bool = False


def legend(entries: Sequence[Entry]) -> str:
    """A legend as a list for the page; empty without entries."""
    return f'<ul class="legend">{"".join(map(_item, entries))}</ul>' if entries else ""


def _item(e: Entry) -> str:
    ink = f"var({e.ink})"
    area = f'<path d="M1 1h32v10H1z" fill="{ink}" fill-opacity=".5"/>' if e.filled else ""
    dashed = f' stroke-dasharray="{e.dash}"' if e.dash else ""
    line = "" if e.dash is None else f'<path d="M1 6h32" stroke="{ink}" stroke-width="2"{dashed}/>'
    mark = f'<path d="{SHAPES[e.shape]}" fill="{ink}"/>' if e.shape else ""
    drawn = f'<svg viewBox="0 0 34 12" width="34" height="12" aria-hidden="true">{area}{line}{mark}</svg>'
    return f"<li>{drawn}<span>{escape(e.name)}</span></li>"


def plot_legend(plot: PlotRecord, records: Sequence[Datum]) -> list[Entry]:
    """The legend of a plot: none where the names stand at the points already.

    Args:
        records: its points and bands, as they are drawn.
    """
    points = [r for r in records if r["part"] == "point"]
    if plot["named"] or all(r["label"] == r["name"] for r in points):
        return []
    dashes, shapes = _ranges()
    found: list[Entry] = []
    for at, name in enumerate(dict.fromkeys(str(r["name"]) for r in records)):
        mine = [r for r in points if r["name"] == name]
        found.append(
            Entry(
                name=name,
                ink=INKS[at % len(INKS)],
                dash=dashes[at % len(dashes)] if any(r["joined"] for r in mine) else None,
                shape=shapes[at % len(shapes)] if mine else "",
                filled=any(r["part"] == "band" and r["name"] == name for r in records),
            )
        )
    return found


def scores_legend(chart: ChartRecord) -> list[Entry]:
    """The legend of the score chart: the exposed are a filled area, the control a line."""
    if chart["name"] != "scores":
        return []
    sides = dict.fromkeys((str(r["group"]), r["side"]) for r in chart["records"])
    return [
        Entry(name=group, ink="--exposed", filled=True)
        if side == "exposed"
        else Entry(name=group, ink="--control", dash="")
        for group, side in sides
    ]


def _ranges() -> tuple[list[str], list[str]]:
    """Dashes and shapes of the chart file, in its order; a dash of no gap is a whole line."""
    channels: dict[str, list[Json]] = {}
    for layer in _parts(specification("lines")["layer"]):
        for channel in ("strokeDash", "shape"):
            found = _part(_part(layer["encoding"]).get(channel)).get("scale")
            if found is not None:
                channels[channel] = _items(_part(found)["range"])
    dashes = [_items(dash) for dash in channels["strokeDash"]]
    return (
        ["" if dash == [1, 0] else " ".join(map(str, dash)) for dash in dashes],
        [str(shape) for shape in channels["shape"]],
    )


def _part(value: Json) -> Spec:
    return value if isinstance(value, dict) else {}


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _parts(value: Json) -> list[Spec]:
    return [part for part in _items(value) if isinstance(part, dict)]
