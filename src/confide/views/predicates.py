"""Predicates about one record: what an adversary says to single a person out of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Ints
from confide.views.table import Table
from confide.views.table_people import whose

Words = NDArray[np.uint64]
KEPT = 20_000
"""The most bit sets that are kept: 60 MB for 24,000 rows."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A range of codes in each of some columns, and a random share of the records that are in all of them.

    Args:
        ranges: (column, lowest code, highest code), each column once.
        one_in: the predicate holds for one in this many of the records in the ranges, 1 for all: a hash of
            the whole record and the salt decides. Equal records get the same answer. Infinity: for no record.
        salt: another salt gives another share.
    """

    ranges: tuple[tuple[int, int, int], ...]
    one_in: float = 1.0
    salt: int = 0

    def text(self, table: Table) -> str:
        """The predicate in words.

        >>> from confide.views.table import Domain
        >>> ages = Table.of([Domain("age", ("1", "2", "3"))], np.array([[0]]))
        >>> Predicate(((0, 1, 2),), one_in=5).text(ages)
        'age is 2 to 3, and a hash of the record that one in 5 has'
        """
        parts: list[str] = []
        for column, low, high in self.ranges:
            domain = table.domains[column]
            to = "" if low == high else f" to {domain.labels[high]}"
            parts.append(f"{domain.name} is {domain.labels[low]}{to}")
        if self.one_in != 1:
            parts.append(f"a hash of the record that one in {self.one_in:g} has")
        return ", and ".join(parts)


NOTHING = Predicate((), one_in=np.inf)
"""Holds for no record: no claim is made."""


class BitSets:
    """The rows of a table that may have a value in a range, as bits, each set worked out once.

    A cell that is a range counts if one of its values is in it.
    """

    def __init__(self, table: Table) -> None:
        self._table, self._kept = table, dict[tuple[int, int, int], Words]()
        self._low, self._high = np.ascontiguousarray(table.low.T), np.ascontiguousarray(table.high.T)
        self._digest: Words | None = None
        self._whose = whose(table)

    def of(self, ranges: Sequence[tuple[int, int, int]]) -> Words:
        """The rows in all ranges, uint64[ceil(n / 64)]; 0 bits at the end."""
        if not ranges:
            return _bits(np.ones(len(self._table), np.bool_))
        found = self._one(*ranges[0])
        for one in ranges[1:]:
            found = found & self._one(*one)
        return found

    def counts(self, predicates: Sequence[Predicate]) -> Ints:
        """The number of people for whom each holds, int64[q]: who have such a row."""
        return np.array([self._count(one) for one in predicates], np.int64)

    def _one(self, column: int, low: int, high: int) -> Words:
        at = (column, low, high)
        if at not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[at] = _bits((self._low[column] <= high) & (self._high[column] >= low))
        return self._kept[at]

    def _count(self, one: Predicate) -> int:
        if np.isinf(one.one_in):
            return 0
        found = self.of(one.ranges)
        if one.one_in == 1 and self._table.people is None:
            return counted(found)
        rows = np.flatnonzero(np.unpackbits(found.view(np.uint8), count=len(self._table)))
        if one.one_in == 1:
            return self._people(rows)
        if self._digest is None:
            self._digest = digests(self._table.low)
        salt = hashlib.sha256(str(one.salt).encode()).digest()[:8]
        mixed = _mixed(self._digest[rows] ^ np.frombuffer(salt, np.uint64))
        return self._people(rows[mixed < np.uint64(min(2**64 / one.one_in, 2**64 - 1))])

    def _people(self, rows: Ints) -> int:
        """How many people have one of these rows."""
        return len(rows) if self._table.people is None else int((np.bincount(self._whose[rows]) > 0).sum())


def counted(words: Words) -> int:
    """The number of bits that are set."""
    return int(_ones(words).sum())


def digests(codes: Array) -> Words:
    """A hash of each record, uint64[n], equal for equal records."""
    total = np.zeros(len(codes), np.uint64)
    for column in np.ascontiguousarray(codes.T):
        total = _mixed(total ^ (column.astype(np.uint64) + np.uint64(1)))
    return total


def _bits(rows: Array) -> Words:
    packed = np.packbits(rows)
    return np.append(packed, np.zeros(-len(packed) % 8, np.uint8)).view(np.uint64)


def _mixed(x: Words) -> Words:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): each bit depends on all bits; overflow is wanted."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


_BYTE = np.array([bin(i).count("1") for i in range(256)], np.uint8)


def _by_bytes(words: Words) -> Array:
    return _BYTE[words.view(np.uint8)]


_ones = getattr(np, "bitwise_count", _by_bytes)  # one processor instruction, from NumPy 2 on
