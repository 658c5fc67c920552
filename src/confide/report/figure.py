"""Figures: a chart of a report by itself, to be shown in a notebook, saved as a picture, or drawn again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any, cast

import polars as pl

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.language import written_in
from confide.report.charts.draw import composed, draw_alone
from confide.report.charts.engine import ENGINE, Json, Spec
from confide.report.charts.prepared import Prepared, chart_prepared, plot_prepared
from confide.report.charts.words import locale
from confide.report.page_types import ChartRecord, Page
from confide.report.renders.html import to_figure_html

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""The type by which notebooks know a Vega-Lite file."""
SCALE = 3.0
"""Pixels of a picture for each of the chart: sharp in print at its usual width."""
WIDE = 46
"""The letters of a title that fit over the narrowest chart."""
FORMS = (".svg", ".png", ".html", ".json")
"""The ends of the names of files that a figure can be saved as."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A chart of a report by itself: in a notebook it shows itself.

    It holds what the page shows and no more, so that a figure of a public report is fit for the public.

    Args:
        name: that it is asked for by.
        release: that it is about.
        how_to_read: in a sentence or two.
        language: of its words.
    """

    name: str
    release: str
    how_to_read: str
    language: str
    _what: Prepared = field(repr=False)

    @property
    def title(self) -> str:
        """What it shows."""
        return self._what.title

    @property
    def spec(self) -> dict[str, Any]:
        """The chart as a Vega-Lite specification, data and colours inside: for any Vega-Lite editor."""
        with self._written:
            return cast("dict[str, Any]", self._spec())

    def _spec(self) -> Spec:
        what = self._what
        made = composed(what.name, what.records, encoding=what.alone, heading=what.heading)
        # What stands over the bars, where the chart file has such a heading, goes below the title.
        over = [what.heading] if isinstance(made.get("title"), dict) and what.heading else []
        lines = [line for text in (self.release, *over) for line in wrap(text, WIDE + 8)]
        title: Spec = {
            "text": cast(list[Json], wrap(what.title, WIDE)),
            "subtitle": cast(list[Json], lines),
            "anchor": "start",
            "color": "#1b2328",
            "subtitleColor": "#5a656d",
            "fontSize": 14,
            "subtitleFontSize": 12,
            "subtitlePadding": 6,
            "offset": 12,
        }
        # Ink on no ground would not be seen in a dark notebook.
        return {**made, "title": title, "description": what.description, "background": "#ffffff"}

    def frame(self) -> pl.DataFrame:
        """Its data: a row for each mark, in the columns that its Vega-Lite specification names."""
        return pl.DataFrame(list(self._what.records), infer_schema_length=None)

    def svg(self) -> str:
        """The drawing as a file of its own, with its colours.

        Raises:
            DataError: if the drawing engine fails.
        """
        with self._written:
            drawn = draw_alone(
                self._spec(), name=self.name, title=self.title, description=self._what.description
            )
        return drawn or self._refuse()

    def png(self) -> bytes:
        """The drawing as a picture, with three pixels for each of the chart.

        Raises:
            DataError: as `svg`.
        """
        with self._written:
            drawn = ENGINE.png(self._spec(), scale=SCALE, locale=locale())
        return drawn or self._refuse()

    def html(self) -> str:
        """A page with the drawing, its legend and how to read it; it loads nothing from anywhere.

        Raises:
            DataError: as `svg`.
        """
        with self._written:
            drawn = to_figure_html(
                self._what, release=self.release, how_to_read=self.how_to_read, language=self.language
            )
        return drawn or self._refuse()

    def save(self, path: str | Path, *, shared: bool = False) -> Path:
        """Write the figure by the end of the file's name, whole or not at all.

        Its end says what is written: `.svg`, `.png`, `.html`, or `.json` for the Vega-Lite specification.
        Only the user can read the file, unless it is `shared` with others on this machine.

        Raises:
            DataError: for any other end, or if the drawing engine fails.
        """
        path = Path(path)
        made: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": self.png,
            ".html": lambda: self.html().encode(),
            ".json": lambda: self._json().encode(),
        }
        if path.suffix.lower() not in FORMS:
            raise DataError(f"a figure cannot be saved as {path.name}: end the name in {', '.join(FORMS)}.")
        # Drawn before the file is opened: an error leaves an older figure as it was.
        content = made[path.suffix.lower()]()
        with atomic_write(path, shared=shared) as draft:
            draft.write_bytes(content)
        return path

    def _json(self) -> str:
        return json.dumps(self.spec, ensure_ascii=False, indent=1)

    @property
    def _written(self) -> AbstractContextManager[None]:
        return written_in(self.language)

    def _refuse(self) -> Any:
        raise DataError(
            f"the drawing engine did not draw {self.name!r} (memory may be short): its data are in .frame(), "
            "and .spec can be drawn by any other Vega-Lite."
        )

    def __repr__(self) -> str:
        return f"<Figure {self.name!r} of {self.release!r}: {self.title}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        # Both: a notebook draws the specification, a page on the web that shows notebooks the picture.
        shown: dict[str, Any] = {VEGA_LITE: self.spec, "text/plain": repr(self)}
        with suppress(DataError):  # the notebook may still draw the specification by itself
            shown["image/svg+xml"] = self.svg()
        return shown


def figure_of(
    page: Page,
    name: str,
    *,
    release: str | None = None,
    attack: str | None = None,
    charts: Sequence[ChartRecord] | None = None,
) -> Figure:
    """A chart of the findings, or a plot of the exhibits by its title.

    Args:
        name: roc, scores, worst_off, epsilon or curve; or the title of a plot.
        release: that it is about; by default the first that has such a chart.
        attack: that it is drawn for; by default the one that the report draws it for.
        charts: of this release, where others than those of the page are meant.

    Raises:
        DataError: if there is none such, with those that there are, or if nothing can be drawn.
    """
    sections = [s for s in page["sections"] if release in (None, s["release"])]
    if not sections:
        raise DataError(f"there is no release {release!r}: there are {_listed(page['releases'])}.")
    leads = {s["release"]: s["finding"]["attack"] for s in sections}
    mine = [c for c in (page["charts"] if charts is None else charts) if c["release"] in leads]
    plots = [(s["release"], e) for s in sections for e in s["exhibits"] if e["kind"] == "plot"]
    for plot_of, plot in plots:
        if plot["title"] == name and attack is None:
            what = plot_prepared(plot)
            return _figure(page, name, plot_of, plot["reading"], what, plot["why"])
    named = [c for c in mine if c["name"] == name]
    if not named:
        there = dict.fromkeys([*(c["name"] for c in mine), *(plot["title"] for _, plot in plots)])
        raise DataError(f"there is no figure {name!r}: there are {_listed(list(there))}.")
    # A curve is of one attack's card; the other charts are drawn for the strongest attack alone.
    drawn_for = [c["attack"] or leads[c["release"]] for c in named]
    fits = [c for c, of in zip(named, drawn_for, strict=True) if charts is not None or attack in (None, of)]
    if not fits:
        raise DataError(
            f"there is no figure {name!r} of {attack!r}: this report has it of "
            f"{_listed(list(dict.fromkeys(drawn_for)))}."
        )
    # One that is empty would hide another that is not.
    chart = next((c for c in fits if c["records"]), fits[0])
    return _figure(page, name, chart["release"], chart["how_to_read"], chart_prepared(chart), chart["why"])


def _figure(page: Page, name: str, release: str, how_to_read: str, what: Prepared, why: str) -> Figure:
    if not what.records:
        raise DataError(f"{name!r} of {release} has nothing to draw: {why or 'it has no points'}.")
    return Figure(name=name, release=release, how_to_read=how_to_read, language=page["language"], _what=what)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
