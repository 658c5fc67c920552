"""Texts of other people's code, made fit to stand in one of our sentences."""

from __future__ import annotations

MOST = 200
"""The number of characters of a foreign text: more would print the records that an error quotes."""


def in_one_line(foreign: object) -> str:
    """The first line of a foreign text, at most 200 characters long, with control characters escaped.

    Args:
        foreign: an exception, or a text; an exception without a text is called by its class.

    >>> in_one_line(ValueError("bad\\x1b[2J row\\nof many"))
    'bad\\\\x1b[2J row'
    """
    try:
        text = str(foreign)
    # The text of a foreign error is made by foreign code.
    except Exception:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(foreign).__name__]
    # A terminal obeys control characters, and marks of direction turn a sentence round.
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in lines[0])
    return shown if len(shown) <= MOST else shown[: MOST - 3] + "..."
