"""Summaries for notebooks: a few lines and a small table as HTML, in the colours of what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from confide.core.foreign import escaped

# Notebooks are light or dark and say so in no common way: ink and lines follow the text around them.
_CARD = (
    "border:1px solid color-mix(in srgb, currentColor 25%, transparent);border-radius:.5em;"
    "padding:.7em 1em;max-width:54em"
)
_CELL = "padding:.2em 1.2em .2em 0;vertical-align:top;background:none;color:inherit;border:0"
_LINE = "margin:.35em 0 0;text-align:left"


def card(
    title: str, *, lines: Sequence[str] = (), head: Sequence[str] = (), rows: Sequence[Sequence[str]] = ()
) -> str:
    """A summary as HTML; every text is escaped, nothing is loaded, no style reaches what is around it.

    Args:
        title: in one line.
        lines: a sentence each.
        head, rows: of a table; empty for none. The first column is text, the others are numbers.

    >>> "<script>" in card("<script>", rows=[["<script>"]])
    False
    """
    said = "".join(f'<p style="{_LINE}">{_safe(line)}</p>' for line in lines)
    heads = "".join(_cell("th", text, at) for at, text in enumerate(head))
    body = "".join(
        f"<tr>{''.join(_cell('td', text, at) for at, text in enumerate(row))}</tr>" for row in rows
    )
    top = f"<thead><tr>{heads}</tr></thead>" if head else ""
    table = (
        f'<table style="border-collapse:collapse;margin:.6em 0 0;border:0">{top}<tbody>{body}</tbody></table>'
    )
    inside = f"<strong>{_safe(title)}</strong>{said}{table * bool(rows)}"
    return f'<div class="confide" style="{_CARD}">{inside}</div>'


def _cell(tag: str, text: str, at: int) -> str:
    side = "left" if not at else "right"
    return f'<{tag} style="{_CELL};text-align:{side}">{_safe(text)}</{tag}>'


def _safe(text: str) -> str:
    # Names come from files: neither markup nor marks that turn a sentence round may act.
    return escape(escaped(text, keep=()), quote=True)
