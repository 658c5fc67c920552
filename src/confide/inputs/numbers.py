"""Numbers, written as text."""

from __future__ import annotations

import math

from confide.core.errors import DataError

LARGEST = 10**9
"""Of whole numbers that a setting can be: more is a mistake, and some are lengths of lists."""
LEAST_EPSILON, MOST_EPSILON = 1e-6, 100.0
"""A smaller one leaves noise alone, and a larger one promises nothing that a person could notice."""


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
        raise DataError(f"{text!r:.40} is no number.")
    return number


def parse_whole(text: str) -> int:
    """A whole number of at most a billion.

    Raises:
        DataError: for anything else.

    >>> parse_whole("20")
    20
    """
    try:
        number = int(text)
    except ValueError:
        raise DataError(f"{text!r:.40} is no whole number.") from None
    if abs(number) > LARGEST:
        raise DataError(f"{text!r:.40} is too large: give at most {LARGEST:,}.")
    return number


def parse_epsilon(text: str) -> float:
    """The epsilon of a promise.

    Raises:
        DataError: for one that leaves nothing of the data, or promises nothing.

    >>> parse_epsilon("1.4")
    1.4
    """
    epsilon = parse_number(text)
    if not LEAST_EPSILON <= epsilon <= MOST_EPSILON:
        raise DataError(f"epsilon is {epsilon:g}: give {LEAST_EPSILON:f} to {MOST_EPSILON:g}.")
    return epsilon
