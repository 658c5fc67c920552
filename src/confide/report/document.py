"""Report: the page of an audit, which prints, saves and shows itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import polars as pl

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.language import written_in
from confide.report.figure import Figure, figure_of
from confide.report.frame import frame
from confide.report.page_types import Page
from confide.report.purposes import PURPOSES, Document
from confide.report.renders.brief import to_brief
from confide.report.renders.compact import to_card, to_repr
from confide.report.renders.html import to_html
from confide.report.renders.json import from_json, to_json
from confide.report.renders.junit import to_junit
from confide.report.renders.markdown import to_markdown
from confide.report.renders.sarif import to_sarif
from confide.report.renders.text import to_text

RENDERS: Mapping[str, Callable[[Page], str]] = {
    "html": to_html,
    "json": to_json,
    "junit": to_junit,
    "sarif": to_sarif,
    "markdown": to_markdown,
}
"""What a report can be written as; text depends on who looks at it."""
ENDS = {
    ".html": "html",
    ".json": "json",
    ".txt": "text",
    ".junit.xml": "junit",
    ".sarif": "sarif",
    ".md": "markdown",
}
"""The end of a file's name -> what is written to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A page and its renders: HTML, JSON and the terminal.

    Args:
        page: every word and number.
        show_rows: print tables that point at people too; HTML and JSON have them in any case.

    >>> Report.load(Path("nowhere/report.json"))
    Traceback (most recent call last):
    confide.core.errors.DataError: nowhere/report.json cannot be read (No such file or directory): ...
    """

    page: Page = field(repr=False)
    show_rows: bool = False

    @property
    def exit_code(self) -> int:
        """0, or 1 where a limit is exceeded, or not settled unless that is allowed."""
        return self.page["exit"]

    def html(self) -> str:
        """One self-contained HTML file."""
        with self._written:
            return to_html(self.page)

    def json(self) -> str:
        """The page as JSON; holds no NaN and no Infinity."""
        return to_json(self.page)

    def text(self, *, width: int | None = None, show_rows: bool | None = None) -> str:
        """All of it as plain text.

        Args:
            width: in characters; by default that of the window, 100 at most.
            show_rows: print tables that point at people too; by default as the report says.
        """
        rows = self.show_rows if show_rows is None else show_rows
        with self._written:
            return to_text(self.page, width=width, show_rows=rows)

    def brief(self, *, width: int | None = None, paint: Callable[[str], str] = str) -> str:
        """Its first page: headline, verdict, limits in words, the strongest attacks, what to read first.

        Args:
            width: in characters; by default that of the window, 100 at most.
            paint: what colours the sign of the verdict.
        """
        with self._written:
            return to_brief(self.page, width=width, paint=paint)

    def save(self, path: str | Path, *, shared: bool = False) -> Path:
        """Write the report by the end of the file's name; whole or not at all.

        Its end says what is written: `.html`, `.json`, `.txt`, `.junit.xml` (for continuous integration),
        `.sarif` (for code scanning) or `.md` (a summary for a pull request). Only the user can read the
        file, unless it is `shared` with others on this machine.

        Raises:
            DataError: for any other end.
        """
        path = Path(path)
        name = next((name for end, name in ENDS.items() if path.name.lower().endswith(end)), None)
        if name is None:
            raise DataError(f"a report cannot be saved as {path.name}: end the name in {', '.join(ENDS)}.")
        return self.write(name, path, shared=shared)

    def write(self, name: str, path: str | Path, *, shared: bool = False) -> Path:
        """Write one render, whatever the file is called: whole or not at all.

        Args:
            name: html, json, text, junit, sarif or markdown.
        """
        path = Path(path)
        text = self._rendered(name)
        # Rendered before the file is opened: an error leaves an older report as it was.
        with atomic_write(path, shared=shared) as draft:
            draft.write_text(text, encoding="utf-8")
        return path

    def _rendered(self, name: str) -> str:
        if name == "text":
            return self.text(width=80) + "\n"
        with self._written:
            return RENDERS[name](self.page)

    def figure(self, name: str, *, release: str | None = None, attack: str | None = None) -> Figure:
        """A chart by itself: to look at, to save, to draw again.

        Args:
            name: roc, scores, worst_off, epsilon or curve; or the title of a plot of the exhibits.
            release: that it is about; by default the first that has such a chart.
            attack: that it is drawn for; by default the one that the report draws it for.

        Raises:
            DataError: if there is none such, with those that there are, or if nothing can be drawn.
        """
        return figure_of(self.page, name, release=release, attack=attack)

    def frame(self) -> pl.DataFrame:
        """One row for each release and attack, with its numbers; `confide.report.frame` has the columns."""
        return frame(self.page)

    def document(self, purpose: str) -> Document:
        """The report as a document for a purpose: "dpia" or "model-card".

        Raises:
            DataError: if there is no such purpose.
        """
        if purpose not in PURPOSES:
            raise DataError(f"there is no document for {purpose!r}: choose from {', '.join(PURPOSES)}.")
        with self._written:
            return PURPOSES[purpose](self.page)

    @classmethod
    def load(cls, path: str | Path, *, show_rows: bool = False) -> Report:
        """The report kept in a report.json, to be rendered again; also one of an earlier version.

        Raises:
            DataError: if the file cannot be read or is not a report.
        """
        return cls(from_json(path), show_rows)

    def __repr__(self) -> str:
        return to_repr(self.page, "Report")

    def card(self) -> str:
        """The first screen as a small piece of HTML, for a notebook."""
        with self._written:
            return to_card(self.page)

    def __str__(self) -> str:
        # A screen, not a scroll: `text()` says everything.
        return self.brief()

    @property
    def _written(self) -> AbstractContextManager[None]:
        """The language of the page: whatever is chosen now, its renders are in it too."""
        return written_in(self.page["language"])

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's styles do not change the notebook.
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'
