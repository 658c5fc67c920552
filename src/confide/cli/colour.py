"""Colours of the terminal: on where somebody looks, off in a file, a pipe, and where nobody wants them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # `confide --help` must not load what makes reports
    from confide.report.finding import Ruling

COLOURS: Mapping[Ruling, str] = {
    "within": "green",
    "exceeded": "red",
    "not settled": "yellow",
    "measured": "cyan",
}
"""Of the sign of the verdict, beside which the words stand: colour alone does not reach everybody."""


def wanted(stream: IO[Any]) -> bool:
    """Whether text on this stream may have colours.

    NO_COLOR wins over all else, then FORCE_COLOR or CLICOLOR_FORCE; else it must be a terminal that knows
    colours (https://no-color.org, https://bixense.com/clicolors, https://force-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = (os.environ.get(name, "") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value not in ("", "0", "false") for value in forced):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painter(ruling: Ruling, stream: IO[Any]) -> Callable[[str], str]:
    """What colours the sign of a verdict on this stream; nothing where colours are not wanted."""
    if not wanted(stream):
        return str
    return lambda sign: click.style(sign, fg=COLOURS[ruling], bold=True)
