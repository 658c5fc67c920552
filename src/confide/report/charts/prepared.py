"""Prepared drawings: of a chart or a plot of the page all that is put into its chart file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import cast

from confide.core.language import t
from confide.report.charts.engine import Json, Spec
from confide.report.charts.legend import Entry, plot_legend, scores_legend
from confide.report.charts.lines import band_records, line_encoding, line_records
from confide.report.page_types import ChartRecord, Datum, PlotRecord

ALONG = {"x": 50, "y": 46}
"""The letters of an axis title that fit in one line along the frame."""
BELOW_BARS = 34
"""The letters of an axis title that fit under bars with names at their left."""
APART = ("color", "shape")
"""The channels whose legend a page draws beside the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is drawn of a chart or a plot.

    Args:
        name: of the chart file.
        records: a mark each; empty where nothing can be drawn.
        title, description: for the reader, and for screen readers.
        encoding, heading: as `confide.report.charts.draw.figure` takes them.
        legend: that the page draws beside the chart; empty where the chart needs none or has its own.
    """

    name: str
    records: tuple[Datum, ...]
    title: str
    description: str
    encoding: Mapping[str, Spec]
    heading: str = ""
    legend: tuple[Entry, ...] = ()

    @property
    def alone(self) -> Mapping[str, Spec]:
        """The encoding of a chart without a page around it: it has the legend that a page draws beside it."""
        if not self.legend:
            return self.encoding
        return {
            channel: {k: v for k, v in given.items() if not (channel in APART and k == "legend")}
            for channel, given in self.encoding.items()
        }


def chart_prepared(chart: ChartRecord) -> Prepared:
    """What is drawn of a chart of the findings."""
    titles: dict[str, Json] = {"x": cast(list[Json], wrap(chart["x_title"], ALONG["x"]))}
    # bars that are named at the left have no title upwards: the heading of the chart file says it
    if chart["name"] != "worst_off":
        titles["y"] = cast(list[Json], wrap(chart["y_title"], ALONG["y"]))
    encoding: dict[str, Spec] = {axis: {"title": title} for axis, title in titles.items() if title}
    if chart["name"] == "worst_off" and chart["x_title"]:
        encoding["x"] = {"title": cast(list[Json], wrap(chart["x_title"], BELOW_BARS))}
    # In the order of the records, so that a group keeps its colour.
    groups = dict.fromkeys(r["group"] for r in chart["records"] if "group" in r)
    if groups:
        scale: Spec = {"domain": cast(list[Json], list(groups))}
        # The page draws the legend of the scores: of the two groups one is an area, the other a line.
        encoding["color"] = {"scale": scale, **({"legend": None} if chart["name"] == "scores" else {})}
    return Prepared(
        name=chart["name"],
        records=tuple(chart["records"]),
        title=chart["title"],
        description=chart["description"],
        encoding=encoding,
        heading=chart["y_title"],
        legend=tuple(scores_legend(chart)),
    )


def plot_prepared(plot: PlotRecord) -> Prepared:
    """What is drawn of a plot: nothing where none of its points can be."""
    points = line_records(plot)
    # Bands without a line would have no middle to be read by.
    records = [*band_records(plot), *points] if points else []
    return Prepared(
        name="lines",
        records=tuple(records),
        title=plot["title"],
        description=t("{y} over {x}.", y=plot["y_title"], x=plot["x_title"]),
        encoding=line_encoding(plot, records) if records else {},
        legend=tuple(plot_legend(plot, records)),
    )
