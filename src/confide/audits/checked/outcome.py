"""CheckedAudit: what an audit by checks found; it prints, saves and shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from confide.audits.checked.record import Check, Checks, Outcome
from confide.audits.checked.records import CheckedPage
from confide.audits.checked.renders import to_document, to_json, to_text
from confide.core.atomic import atomic_write


@dataclass(frozen=True, slots=True, eq=False)
class CheckedAudit:
    """An audit by checks.

    Args:
        found: all checks, with the attacks that were played.
        page: every word and number.
        stem: of the files that `save` writes.
        title: of the document.
        made: how it was made, in points.
        shared: whether others on this machine may read what is saved.
    """

    found: Checks = field(repr=False)
    page: CheckedPage = field(repr=False)
    stem: str
    title: str = field(repr=False)
    made: tuple[str, ...] = field(repr=False)
    shared: bool = field(default=False, repr=False)

    @property
    def verdict(self) -> Outcome:
        """The worst of all checks: "passed", "failed" or "unclear"."""
        return self.page["verdict"]

    @property
    def exit_code(self) -> int:
        """0 if all checks passed, 1 if one failed, or came to no answer unless that is allowed."""
        return self.page["exit"]

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks by name, in their order."""
        return {check.name: check for check in self.found.checks}

    @property
    def files(self) -> tuple[str, ...]:
        """What `save` writes."""
        return files_of(self.stem)

    def html(self) -> str:
        """One self-contained HTML file."""
        return to_document(self.page, title=self.title, made=self.made).html()

    def json(self) -> str:
        """The page as JSON."""
        return to_json(self.page)

    def markdown(self) -> str:
        """The same for a pull request."""
        return to_document(self.page, title=self.title, made=self.made, level=3).markdown()

    def text(self, *, verbose: bool = False) -> str:
        """The same for a terminal; `verbose` also says what was seen where a check passed."""
        return to_text(self.page, verbose=verbose)

    def save(self, folder: Path | str) -> None:
        """Write HTML and JSON, each whole. Only the user can read them, unless shared."""
        folder = Path(folder)
        for name, text in zip(self.files, (self.html(), self.json()), strict=True):
            with atomic_write(folder / name, shared=self.shared) as draft:
                draft.write_text(text, encoding="utf-8")
        (folder / f"{self.stem}-failed.txt").unlink(missing_ok=True)  # of an audit that failed before

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<CheckedAudit: {self.page['sentence']}>"

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's styles do not change the notebook.
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'


def files_of(stem: str) -> tuple[str, str]:
    """What an audit of this name writes: HTML and JSON."""
    return f"{stem}.html", f"{stem}.json"
