"""Charts: a Vega-Lite file for the looks, a list of records for the content, and `draw` to join them."""

from confide.report.charts.draw import CHARTS, draw, figure, specification

__all__ = ["CHARTS", "draw", "figure", "specification"]
