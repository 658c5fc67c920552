"""Distinct rows of a table with their counts: many people share few keys, so work on keys is fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints

WIDEST = 2**62
"""Keys below this number are packed into one 64-bit word."""


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The q distinct rows of a table of codes.

    Args:
        codes: int32[q, d], each distinct row, sorted by the first column, then the second, ...
        count: int64[q], the number of rows that are like it, or of people who have such a row; or float64[q],
            their total weight.
        row: int64[n], the key of each row.

    >>> found = Keys.of(np.array([[1, 0], [0, 2], [1, 0]]), np.array([2, 3]))
    >>> found.codes.tolist(), found.count.tolist(), found.row.tolist()
    ([[0, 2], [1, 0]], [1, 2], [1, 0, 1])
    """

    codes: NDArray[np.int32]
    count: Array
    row: Ints

    @classmethod
    def of(
        cls, codes: Array, sizes: Array, *, weight: Floats | None = None, people: Ints | None = None
    ) -> Keys:
        """The distinct rows of codes int[n, d], where column i has the codes 0..sizes[i]-1.

        Args:
            weight: float64[n], of each row.
            people: int64[n], whose row each is: then people are counted, each once.

        >>> Keys.of(np.array([[1], [1], [1]]), np.array([2]), people=np.array([7, 7, 8])).count.tolist()
        [2]
        """
        word = packed(codes, sizes)
        _, first, row = np.unique(word, return_index=True, return_inverse=True)
        if people is not None:
            count = distinct_people(row, people, len(first))
        else:
            count = np.bincount(row, weights=weight, minlength=len(first))
        return cls(codes[first].astype(np.int32), count, row.astype(np.int64))


def distinct_people(group: Ints, people: Ints, number: int) -> Ints:
    """How many different people have a row in each of the groups 0..number-1, int64[number].

    Args:
        group: int64[n], of each row.
        people: int64[n], whose row each is.

    >>> distinct_people(np.array([0, 0, 0, 1]), np.array([5, 5, 6, 5]), 2).tolist()
    [2, 1]
    """
    span = int(people.max(initial=0)) + 1
    return np.bincount(np.unique(group * span + people) // span, minlength=number)


def packed(codes: Array, sizes: Array) -> Ints:
    """One number for each row, equal only for equal rows and in the order of the rows, int64[n]."""
    word, span = np.zeros(len(codes), np.int64), 1
    for i, size in enumerate(np.asarray(sizes).tolist()):
        if span * max(size, 1) >= WIDEST:
            # Too wide for one word: what is there so far is renumbered by its distinct values.
            seen, word = np.unique(word, return_inverse=True)
            span = len(seen)
        word = word * max(size, 1) + codes[:, i]
        span *= max(size, 1)
    return word
