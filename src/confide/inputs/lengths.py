"""Lengths on the ground, written with their unit; and sizes of pictures."""

from __future__ import annotations

import re

from confide.core.errors import DataError

LARGEST_SIDE = 10_000
"""Pixels of a side: a larger picture has more than any reader here would open."""
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
        raise DataError(f"{text!r:.40} is no length: write it like 500m or 1km.")
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
    # Five digits of ASCII each: a superscript two is a digit too, and no number.
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    if found is None or not (int(found[1]) and int(found[2])):
        raise DataError(f"{text!r:.40} is no size: write height x width, for example 112x92.")
    height, width = int(found[1]), int(found[2])
    if max(height, width) > LARGEST_SIDE:
        raise DataError(f"{text!r} is too large: give at most {LARGEST_SIDE:,} pixels a side.")
    return height, width
