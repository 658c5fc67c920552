"""Report: the page of an audit, which prints, saves and shows itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.language import written_in
from confide.report.page_types import Page
from confide.report.purposes import PURPOSES, Document
from confide.report.renders.html import to_html
from confide.report.renders.json import from_json, to_json
from confide.report.renders.text import to_text


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
        """0, or 1 where a limit is exceeded (or, when strict, cannot be decided on)."""
        return self.page["exit"]

    def html(self) -> str:
        """One self-contained HTML file."""
        with self._written:
            return to_html(self.page)

    def json(self) -> str:
        """The page as JSON; holds no NaN and no Infinity."""
        return to_json(self.page)

    def save(self, path: str | Path, *, shared: bool = False) -> Path:
        """Write report.html, report.json or report.txt, by the suffix; whole or not at all.

        Only the user can read the file, unless it is `shared` with others on this machine.

        Raises:
            DataError: for any other suffix.
        """
        path = Path(path)
        renders = {
            ".html": self.html,
            ".json": self.json,
            ".txt": lambda: self._text(80) + "\n",
        }
        if path.suffix not in renders:
            raise DataError(f"a report cannot be saved as {path.name}: end the name in .html, .json or .txt.")
        text = renders[path.suffix]()
        # Rendered before the file is opened: an error leaves an older report as it was.
        with atomic_write(path, shared=shared) as draft:
            draft.write_text(text, encoding="utf-8")
        return path

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

    def __str__(self) -> str:
        return self._text()

    def _text(self, width: int | None = None) -> str:
        with self._written:
            return to_text(self.page, width=width, show_rows=self.show_rows)

    @property
    def _written(self) -> AbstractContextManager[None]:
        """The language of the page: whatever is chosen now, its renders are in it too."""
        return written_in(self.page["language"])

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's styles do not change the notebook.
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'
