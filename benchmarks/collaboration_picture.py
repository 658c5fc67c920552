"""The picture of `collaboration_chart.py`: accuracy against leakage, one point a run and who looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from confide.core.transcript import SERVER
from confide.report.charts.draw import draw_alone
from confide.report.charts.engine import Spec

TITLE = "Accuracy against leakage of one collaboration"
COLOURS = ["#9e3d0b", "#0b6a9e", "#5a656d"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one who looks finds out about a run, and what the run is good for.

    Args:
        who: looks.
        label: the epsilon of the run, or its name where it has no promise.
        leakage: the AUC of the strongest attack.
        accuracy: of the model.
    """

    who: str
    label: str
    leakage: float
    accuracy: float


def specification(points: Sequence[Point]) -> Spec:
    """The chart as a Vega-Lite specification."""
    x: Spec = {
        "field": "leakage", "type": "quantitative", "title": "AUC of the strongest attack (0.5: guessing)",
        "scale": {"domain": [0.4, 1.2], "nice": False},
    }  # fmt: skip
    y: Spec = {"field": "accuracy", "type": "quantitative", "title": "accuracy", "scale": {"zero": True}}
    colour: Spec = {
        "field": "who", "type": "nominal", "title": "who looks", "legend": {"orient": "bottom"},
        "scale": {"domain": [*dict.fromkeys(p.who for p in points)], "range": [*COLOURS]},
    }  # fmt: skip
    # The server's points are the rightmost: their labels go to the right, the others' to the left.
    sides = {"right": -7, "left": 7}
    server = f"datum.who == {SERVER!r}"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": TITLE,
        "width": 620,
        "height": 380,
        "background": "#ffffff",
        "data": {"values": [dict(asdict(point)) for point in points]},
        "encoding": {"x": x, "y": y, "color": colour},
        "layer": [
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}},
            *(
                {
                    "transform": [{"filter": server if align == "left" else f"!({server})"}],
                    "mark": {"type": "text", "align": align, "dx": dx, "fontSize": 10},
                    "encoding": {"text": {"field": "label"}},
                }
                for align, dx in sides.items()
            ),
        ],
    }


def drawn(points: Sequence[Point]) -> str:
    """The SVG.

    Raises:
        RuntimeError: if the drawing engine fails.
    """
    said = "; ".join(f"{p.label}, {p.who}: AUC {p.leakage:.2f}, accuracy {p.accuracy:.2f}" for p in points)
    svg = draw_alone(specification(points), name="collaboration", title=TITLE, description=said)
    if not svg:
        raise RuntimeError("the drawing engine gave no picture.")
    return svg
