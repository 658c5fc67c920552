"""Lengths on the ground, written with their unit; and sizes of pictures."""

from __future__ import annotations

import re

from confide.core.errors import DataError

METRES = {"m": 1, "km": 1_000}
SHORTEST_M, LONGEST_M = 1, 1_000_000
"""Outside of these a cell holds one point at most, or a country: a mistake in the unit, not a resolution."""


def parse_length(text: str | float) -> float:
    """Metres from a text such as '500m' or '1km'.

    Raises:
        DataError: for a number without a unit, for anything else, or outside of 1m to 1,000km.

    >>> parse_length("1km"), parse_length("200 m")
    (1000.0, 200.0)
    """
    # The empty unit is matched too, for a message of its own: it is the commonest mistake.
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(m|km|)\s*", str(text))
    if not found:
        raise DataError(f"{text!r} is no length: write it like 500m or 1km.")
    number, unit = found.groups()
    if not unit:
        raise DataError(f"{number!r} has no unit: write {number}m for metres, or {number}km for kilometres.")
    length = float(number) * METRES[unit]
    if not SHORTEST_M <= length <= LONGEST_M:
        raise DataError(
            f"{text!r} cannot be the side of a cell: give {SHORTEST_M}m to {LONGEST_M // 1000:,}km."
        )
    return length


def parse_size(text: str) -> tuple[int, int]:
    """Height and width in pixels from '112x92'.

    Raises:
        DataError: if the text says no size.

    >>> parse_size("112x92")
    (112, 92)
    """
    height, cross, width = text.partition("x")
    # `isdigit` refuses signs and blanks, and the last two refuse a size of zero.
    if not (cross and height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise DataError(f"{text!r} is no size: write height x width, for example 112x92.")
    return int(height), int(width)
