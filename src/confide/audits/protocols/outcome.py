"""ProtocolAudit: what an audit of a masking protocol found; it prints, saves and shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from confide.audits.protocols.page import ProtocolPage, page_of
from confide.audits.protocols.record import Check, Found, Outcome
from confide.audits.protocols.renders import to_document, to_json, to_text
from confide.audits.protocols.settings import ProtocolSettings
from confide.core.atomic import atomic_write

FILES = ("protocol.html", "protocol.json")
FAILED = "protocol-failed.txt"
"""Beside earlier files: the audit after them failed."""


@dataclass(frozen=True, slots=True, eq=False)
class ProtocolAudit:
    """An audit of a masking protocol.

    Args:
        found: all checks, with the attacks that were played.
        page: every word and number.
        shared: whether others on this machine may read what is saved.
    """

    found: Found = field(repr=False)
    page: ProtocolPage = field(repr=False)
    shared: bool = field(default=False, repr=False)

    @classmethod
    def of(cls, found: Found, settings: ProtocolSettings, *, command: str = "") -> ProtocolAudit:
        """The audit of these checks."""
        return cls(found, page_of(found, settings, command=command), settings.share)

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
        """The checks by name, in the order of a round."""
        return {check.name: check for check in self.found.checks}

    @property
    def files(self) -> tuple[str, ...]:
        """What `save` writes."""
        return FILES

    def html(self) -> str:
        """One self-contained HTML file."""
        return to_document(self.page).html()

    def json(self) -> str:
        """The page as JSON."""
        return to_json(self.page)

    def markdown(self) -> str:
        """The same for a pull request."""
        return to_document(self.page, level=3).markdown()

    def text(self, *, verbose: bool = False) -> str:
        """The same for a terminal; `verbose` also says what was seen where a check passed."""
        return to_text(self.page, verbose=verbose)

    def save(self, folder: Path | str) -> None:
        """Write protocol.html and protocol.json, each whole. Only the user can read them, unless shared."""
        folder = Path(folder)
        for name, text in zip(FILES, (self.html(), self.json()), strict=True):
            with atomic_write(folder / name, shared=self.shared) as draft:
                draft.write_text(text, encoding="utf-8")
        (folder / FAILED).unlink(missing_ok=True)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<ProtocolAudit: {self.page['sentence']}>"

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's styles do not change the notebook.
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'
