"""Linear algebra without rounding: which vectors lie in a span, and with which coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import DataError

Row: TypeAlias = Mapping[int, int]
"""A sparse vector of whole numbers: position -> value, without zeros."""

PRIME = 2**31 - 1
"""Products of two remainders fit into 64 bits."""
MOST_STEPS = 2 * 10**10
"""Multiplications of one elimination at most: about two minutes."""


def dense(rows: Sequence[Row], width: int) -> Ints:
    """The rows as an array, int64[rows, width]."""
    found = np.zeros((len(rows), width), np.int64)
    for i, row in enumerate(rows):
        for at, value in row.items():
            found[i, at] = value
    return found


def in_span(known: Sequence[Row], asked: Sequence[Row], width: int) -> Bools:
    """Whether each vector is a combination of the known ones with rational coefficients, bool[asked].

    Decided by elimination in remainders of a prime p = 2^31 - 1. A vector of the span is found unless p
    divides a minor of the known vectors, which are small numbers; one that is found is checked in rationals
    by who asks.

    Raises:
        DataError: if there are too many vectors to be decided.

    >>> in_span([{0: 1, 1: 1}, {1: 1}], [{0: 1}, {2: 1}], 3).tolist()
    [True, False]
    """
    if float(min(len(known), width)) * (len(known) + len(asked)) * width > MOST_STEPS:
        raise DataError(
            f"whether {len(asked):,} numbers follow from {len(known):,} others cannot be decided exactly in "
            "minutes: ask about fewer of them, or of fewer tables at once."
        )
    both = dense([*known, *asked], width) % PRIME
    n, rank = len(known), 0
    for column in range(width):
        pivots = np.flatnonzero(both[rank:n, column])
        if not len(pivots):
            continue
        at = rank + int(pivots[0])
        both[[rank, at]] = both[[at, rank]]
        both[rank] = both[rank] * pow(int(both[rank, column]), -1, PRIME) % PRIME
        below = rank + 1 + np.flatnonzero(both[rank + 1 :, column])
        both[below] = (both[below] - both[below, column, None] * both[rank] % PRIME) % PRIME
        rank += 1
    return np.asarray(~both[n:].any(axis=1))


def coefficients(known: Sequence[Row], asked: Row) -> list[Fraction] | None:
    """Rational y with sum of y[i] known[i] = asked, exactly; None if there are none.

    >>> coefficients([{0: 1, 1: 1}, {0: 1, 1: -1}], {0: 1})
    [Fraction(1, 2), Fraction(1, 2)]
    """
    # A column for each known vector and one for the one that is asked about; a row for each position.
    places = sorted({at for row in (*known, asked) for at in row})
    table = [[Fraction(row.get(at, 0)) for row in (*known, asked)] for at in places]
    pivots: list[int] = []
    for column in range(len(known)):
        rank = len(pivots)
        at = next((i for i in range(rank, len(table)) if table[i][column]), None)
        if at is None:
            continue
        table[rank], table[at] = table[at], table[rank]
        scale = table[rank][column]
        table[rank] = [value / scale for value in table[rank]]
        for i, line in enumerate(table):
            if i != rank and (factor := line[column]):
                table[i] = [a - factor * b for a, b in zip(line, table[rank], strict=True)]
        pivots.append(column)
    if any(line[-1] for line in table[len(pivots) :]):
        return None
    found = [Fraction(0)] * len(known)
    for i, column in enumerate(pivots):
        found[column] = table[i][-1]
    return found


def combined(terms: Sequence[tuple[Fraction, Row]]) -> dict[int, Fraction]:
    """The sum of multiples of vectors, without zeros."""
    total: dict[int, Fraction] = {}
    for factor, row in terms:
        for at, value in row.items():
            total[at] = total.get(at, Fraction(0)) + factor * value
    return {at: value for at, value in total.items() if value}


def rounded(values: Array, *, denominator: int = 24) -> list[Fraction]:
    """Floating-point coefficients as the rationals that they are near to."""
    return [Fraction(float(value)).limit_denominator(denominator) for value in values]
