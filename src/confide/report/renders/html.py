"""HTML: one self-contained page, without script and without network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import TypeAlias, cast

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from confide.core.language import later, t
from confide.report.charts.draw import draw
from confide.report.charts.engine import Json, Spec
from confide.report.charts.lines import band_records, line_encoding, line_records
from confide.report.page_types import ChartRecord, Page, PlotRecord, SectionRecord, TableRecord
from confide.report.rates import one_in, percent
from confide.report.reading_rate import read_at
from confide.report.renders.cells import SIGNS, columns, digits, number, per_hundred, plain, span
from confide.report.skipped import fold

NOT_DRAWN = later("the drawing engine failed; confide report, with this folder, draws it later")
BELOW_BARS = 34
"""The letters of an axis title that fit under bars with names at their left."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart or a plot with its SVG, which is empty where nothing could be drawn."""

    name: str
    release: str
    attack: str
    title: str
    how_to_read: str
    svg: Markup
    why: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, and which of its columns hold text: text is set to the left."""

    table: TableRecord
    text: tuple[bool, ...]


Shown: TypeAlias = list[tuple[str, list[Drawing] | list[Grid]]]


def to_html(page: Page) -> str:
    """The report as one HTML file; every text is escaped, every chart is drawn into the page."""
    env = Environment(
        # Names of releases and columns come from the user: nothing of them may be read as markup.
        loader=PackageLoader("confide.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(num=number, span=span, one_in=one_in, percent=percent, per_hundred=per_hundred)
    env.filters.update(digits=digits, plain=plain)
    return env.get_template("report.html").render(
        page=page,
        charts=[_drawn(chart, at) for at, chart in enumerate(page["charts"])],
        exhibits={s["release"]: _exhibits(s, f"{at}") for at, s in enumerate(page["sections"])},
        signs=SIGNS,
        point=read_at,
        columns=columns,
        fold=_folded,
    )


def _folded(skipped: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    return fold((k["attack"], k["why"]) for k in skipped)


def _drawn(chart: ChartRecord, at: int) -> Drawing:
    # The SVG is the only markup that is not escaped here: the drawing engine escapes every record in it.
    svg = Markup(_draw(chart, f"{at}") if chart["records"] else "")
    return Drawing(
        name=chart["name"],
        release=chart["release"],
        attack=chart["attack"],
        title=chart["title"],
        how_to_read=chart["how_to_read"],
        svg=svg,
        why=chart["why"] or t(NOT_DRAWN),
    )


def _draw(chart: ChartRecord, key: str) -> str:
    titles = {"x": chart["x_title"]}
    # bars that are named at the left have no title upwards: the heading of the chart file says it
    if chart["name"] != "worst_off":
        titles["y"] = chart["y_title"]
    encoding: dict[str, Spec] = {axis: {"title": title} for axis, title in titles.items() if title}
    if chart["name"] == "worst_off" and chart["x_title"]:
        encoding["x"] = {"title": cast(list[Json], wrap(chart["x_title"], BELOW_BARS))}
    # In the order of the records, so that a group keeps its colour.
    groups = dict.fromkeys(r["group"] for r in chart["records"] if "group" in r)
    if groups:
        encoding["color"] = {"scale": {"domain": cast(list[Json], list(groups))}}
    return draw(
        chart["name"],
        chart["records"],
        title=chart["title"],
        description=chart["description"],
        key=key,
        encoding=encoding,
        heading=chart["y_title"],
    )


def _exhibits(s: SectionRecord, key: str) -> Shown:
    """A section's exhibits, those of one kind that follow each other together."""
    shown: Shown = []
    for kind, some in groupby(enumerate(s["exhibits"]), key=lambda pair: pair[1]["kind"]):
        each = list(some)
        if kind == "plot":
            shown.append((kind, [_plot(e, f"{key}-{at}") for at, e in each if e["kind"] == "plot"]))
        else:
            shown.append((kind, [_grid(e) for _, e in each if e["kind"] == "table"]))
    return shown


def _grid(table: TableRecord) -> Grid:
    columns = zip(*table["rows"], strict=True)
    return Grid(table, tuple(any(isinstance(c, str) for c in column) for column in columns))


def _plot(plot: PlotRecord, key: str) -> Drawing:
    """A plot with its drawing, or without where no point can be drawn."""
    points = line_records(plot)
    records = [*band_records(plot), *points]
    svg = ""
    # Bands without a line would have no middle to be read by.
    if points:
        spoken = t("{y} over {x}.", y=plot["y_title"], x=plot["x_title"])
        encoding = line_encoding(plot, records)
        svg = draw("lines", records, title=plot["title"], description=spoken, key=key, encoding=encoding)
    return Drawing("lines", "", "", plot["title"], plot["reading"], Markup(svg), plot["why"] or t(NOT_DRAWN))
