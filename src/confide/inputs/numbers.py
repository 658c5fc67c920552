"""Numbers, written as text."""

from __future__ import annotations

import math

from confide.core.errors import DataError


def parse_number(text: str) -> float:
    """A number; 'inf' is one too, where no bound is meant.

    Raises:
        DataError: for anything else.

    >>> parse_number("1.4"), parse_number("inf")
    (1.4, inf)
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise DataError(f"{text!r} is no number.")
    return number


def parse_whole(text: str) -> int:
    """A whole number.

    Raises:
        DataError: for anything else.

    >>> parse_whole("20")
    20
    """
    try:
        return int(text)
    except ValueError:
        raise DataError(f"{text!r} is no whole number.") from None
