"""HTML: one self-contained page, without script and without network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TypeAlias

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from confide.core.language import later, t
from confide.core.language import number as local
from confide.report.charts.draw import draw
from confide.report.charts.legend import legend
from confide.report.charts.prepared import Prepared, chart_prepared, plot_prepared
from confide.report.page_types import (
    ChartRecord,
    Page,
    PlotRecord,
    SectionRecord,
    TableRecord,
)
from confide.report.rates import one_in, percent
from confide.report.reading_rate import read_at
from confide.report.renders.cells import SIGNS, columns, digits, number, per_hundred, plain, span
from confide.report.sampled import sampled, sampled_sentence
from confide.report.skipped import fold
from confide.report.strongest import strongest
from confide.report.telling import tells

NOT_DRAWN = later("the drawing engine failed; confide report, with this folder, draws it later")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart or a plot with its SVG, which is empty where nothing could be drawn, and its legend."""

    name: str
    release: str
    attack: str
    title: str
    how_to_read: str
    svg: Markup
    why: str
    legend: Markup


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, and which of its columns hold text: text is set to the left."""

    table: TableRecord
    text: tuple[bool, ...]


Shown: TypeAlias = list[tuple[str, list[Drawing] | list[Grid]]]


def to_html(page: Page) -> str:
    """The report as one HTML file; every text is escaped, every chart is drawn into the page."""
    template = environment().get_template("report.html")
    return template.render(
        t=t,
        whole=_whole,
        page=page,
        places={s["release"]: at for at, s in enumerate(page["sections"], 1)},
        tells=tells,
        strongest=strongest,
        charts=[_drawn(chart, at) for at, chart in enumerate(page["charts"])],
        exhibits={s["release"]: _exhibits(s, f"{at}") for at, s in enumerate(page["sections"])},
        opening=[_grid(table) for table in page["opening"]],
        signs=SIGNS,
        point=read_at,
        columns=columns,
        fold=_folded,
        sampled=sampled,
        sampled_sentence=sampled_sentence,
    )


def to_figure_html(what: Prepared, *, release: str, how_to_read: str, language: str) -> str:
    """A page with one chart or plot alone; empty where the drawing engine fails."""
    drawn = _with_legend(what, "")
    page = environment().get_template("figure.html")
    shown = {"what": what, "release": release, "how_to_read": how_to_read, "language": language}
    return page.render(t=t, **drawn, **shown) if drawn["svg"] else ""


@cache
def environment() -> Environment:
    """The templates of reports: all that is put into them is escaped.

    One for a process, for compiling a template takes longer than rendering it. No language is in it: words
    are translated when they are rendered.
    """
    env = Environment(
        # Names of releases and columns come from the user: nothing of them may be read as markup.
        loader=PackageLoader("confide.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(num=number, span=span, one_in=one_in, percent=percent, per_hundred=per_hundred)
    env.filters.update(digits=digits, plain=plain)
    return env


def _whole(n: int) -> str:
    return local(n, ",.0f")


def _folded(skipped: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    return fold((k["attack"], k["why"]) for k in skipped)


def _drawn(chart: ChartRecord, at: int) -> Drawing:
    what = chart_prepared(chart)
    return Drawing(
        name=chart["name"],
        release=chart["release"],
        attack=chart["attack"],
        title=chart["title"],
        how_to_read=chart["how_to_read"],
        why=chart["why"] or t(NOT_DRAWN),
        **_with_legend(what, f"{at}"),
    )


def _with_legend(what: Prepared, key: str) -> dict[str, Markup]:
    """The drawing and its legend, both empty where nothing could be drawn."""
    svg = (
        draw(
            what.name,
            what.records,
            title=what.title,
            description=what.description,
            key=key,
            encoding=what.encoding,
            heading=what.heading,
        )
        if what.records
        else ""
    )
    # The only markup that is not escaped here: the drawing engine escapes every record in the SVG, and names
    # in the legend are escaped where it is made.
    return {"svg": Markup(svg), "legend": Markup(legend(what.legend) if svg else "")}


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
    return Drawing(
        name="lines",
        release="",
        attack="",
        title=plot["title"],
        how_to_read=plot["reading"],
        why=plot["why"] or t(NOT_DRAWN),
        **_with_legend(plot_prepared(plot), key),
    )
