"""Classes of ratings, as a user writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from confide.core.errors import DataError

Classes = tuple[tuple[float, float, float], ...]
"""Lowest rating, highest rating and value of each class."""
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def parse_classes(texts: Sequence[str]) -> Classes:
    """Classes from texts such as '1..3=0' and '5=1'.

    Raises:
        DataError: for anything else, or without a class.

    >>> parse_classes(["1..3=0", "5=1"])
    ((1.0, 3.0, 0.0), (5.0, 5.0, 1.0))
    """
    if not texts:
        raise DataError("there is no class: write each as LOW..HIGH=VALUE, such as 1..3=0.")
    found: list[tuple[float, float, float]] = []
    for text in texts:
        parts = re.fullmatch(rf"\s*({NUMBER})(?:\.\.({NUMBER}))?\s*=\s*({NUMBER})\s*", text)
        if not parts:
            raise DataError(f"{text!r} is no class of ratings: write LOW..HIGH=VALUE, such as 1..3=0.")
        low, high, value = parts.groups()
        found.append((float(low), float(low if high is None else high), float(value)))
    return tuple(found)


def classes_text(classes: Classes) -> str:
    """Classes as `parse_classes` reads them, parted by commas.

    >>> classes_text(((1, 3, 0), (5, 5, 1)))
    '1..3=0,5=1'
    """
    parts = [
        (f"{low:.6g}" if low == high else f"{low:.6g}..{high:.6g}", value) for low, high, value in classes
    ]
    return ",".join(f"{span}={value:.6g}" for span, value in parts)
