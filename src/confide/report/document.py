"""Report: the page's dict, that prints, saves and shows itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.report.html import to_html
from confide.report.page import SCHEMA
from confide.report.text import to_text

NEEDED = ("release", "seed", "verdict", "exit", "limits", "findings", "skipped", "sections", "charts")


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One dict, `page`, and its renders: HTML, JSON and the terminal.

    >>> Report.load(Path("nowhere/report.json"))
    Traceback (most recent call last):
    confide.core.errors.DataError: nowhere/report.json cannot be read (No such file or directory): ...
    """

    page: dict[str, Any] = field(repr=False)

    @property
    def exit_code(self) -> int:
        """0, or 1 where a limit is exceeded (or, when strict, cannot be decided on)."""
        return int(self.page["exit"])

    def html(self) -> str:
        """One self-contained HTML file."""
        return to_html(self.page)

    def json(self) -> str:
        """The dict as JSON; holds no NaN and no Infinity."""
        return json.dumps(self.page, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write report.html, report.json or report.txt, by the suffix; whole or not at all.

        Raises:
            DataError: for any other suffix.
        """
        path = Path(path)
        renders = {
            ".html": self.html,
            ".json": self.json,
            ".txt": lambda: to_text(self.page, width=80) + "\n",
        }
        if path.suffix not in renders:
            raise DataError(f"a report cannot be saved as {path.name}: end the name in .html, .json or .txt.")
        text = renders[path.suffix]()
        with atomic_write(path) as draft:
            draft.write_text(text, encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Report:
        """The report kept in a report.json, to be rendered again.

        Raises:
            DataError: if the file cannot be read or is not a report of this schema.
        """
        try:
            page = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "it is not JSON"
            raise DataError(f"{path} cannot be read ({said}): name the report.json of an audit.") from error
        given = page.get("schema") if isinstance(page, dict) else None
        missing = [key for key in NEEDED if given == SCHEMA and key not in page]
        if given != SCHEMA or missing:
            what = f"lacks {', '.join(missing)}" if missing else f"has the schema {given!r}, not {SCHEMA!r}"
            raise DataError(f"{path} {what}: name the report.json of an audit, or run the audit again.")
        return cls(page)

    def __str__(self) -> str:
        return to_text(self.page)

    def _repr_html_(self) -> str:
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'
