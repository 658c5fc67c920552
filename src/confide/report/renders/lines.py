"""Lines of plain text: wrapped to a window, listed, and free of signs that a terminal obeys."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence

from confide.core.language import later
from confide.report.finding import Ruling

PLAIN: Mapping[Ruling, str] = {
    "within": later("OK", of="sign"),
    "exceeded": later("NO", of="sign"),
    "not settled": "?",
    "measured": "-",
}
"""The signs of the verdict, for terminals that have no such letters."""

NO_BREAK = "\u00a0\u202f"
"""Spaces at which no line ends: between thousands, and before a sign."""


NO_BREAK = "\u00a0\u202f"
"""Spaces that French writes before a colon and others: a line may not end there."""


def window() -> int:
    """The width of the terminal, 100 at most: longer lines are hard to read."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100)


def listed(title: str, items: Sequence[str], width: int) -> list[str]:
    """A title with its items; nothing where there is none."""
    if not items:
        return []
    return ["", title, *(line for item in items for line in wrap(item, width, "- ", "  "))]


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """A text in lines of this width."""
    return textwrap.wrap(clean(text), width, initial_indent=first, subsequent_indent=rest) or [""]


def clean(text: str) -> str:
    """Without control characters: a hostile name must not steer the terminal.

    >>> clean("a\\x1b[2J")
    'a [2J'
    """
    return "".join(c if c.isprintable() or c in NO_BREAK else " " for c in text)
