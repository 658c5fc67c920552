"""Rows that point at people: how many of them a report shows, and what their columns are called."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import t

MOST_ROWS = 200
"""Rows and hidden cells that the report shows; exposed.csv has all rows."""
OWN = ("attack", "block", "people", "release", "releases", "change")
"""Columns of the frames of proved records that are no variables."""


def free(column: str) -> str:
    """The name of a variable, where the frame has no column of its own with it."""
    return f"{column} (variable)" if column in OWN else column


def cut(rows: int) -> Sequence[str]:
    """That a table shows a part, where it does."""
    shown = t("The first {shown} of {rows:,} are shown.", shown=MOST_ROWS, rows=rows)
    return (shown,) if rows > MOST_ROWS else ()
