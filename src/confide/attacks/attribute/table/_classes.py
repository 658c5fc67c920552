"""Classes of a released table: rows with the same known columns, and their values of the secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Case
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table
from confide.views.table_keys import Keys

TableCase: TypeAlias = Case[Table, TableKnowledge, Table]
Sparse: TypeAlias = Any  # scipy's stubs know no element types

CELLS = 1 << 22
"""About this many pairs of a target and a class are looked at together: 32 MB of distances."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The c classes of a release: its distinct ranges over the d columns that the adversary knows.

    Args:
        domains: of these columns.
        facts: int32[t, d], what is known of each target there.
        low, high: int32[c, d], the first and the last value of each range.
        count: int64[c], the number of records.
        votes: sparse float64[c, m], how many of them hold each value of the secret. A record whose secret is
            a range counts in equal parts for each value in it.
    """

    domains: tuple[Domain, ...]
    facts: NDArray[np.int32]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    count: Ints
    votes: Sparse

    @classmethod
    def of(cls, case: TableCase) -> Classes:
        """The classes of the release over those of the known columns that are still in it.

        Raises:
            KnowledgeError: if the release has no secret column, no known column, or no row.
        """
        view, secret = case.view, case.known.secret
        names = [name for name in case.targets.names if name in view.names]
        if secret not in view.names or not names or not len(view):
            raise KnowledgeError(
                keep(
                    "nothing can be inferred about {secret} from {n:d} rows of the columns {columns}: "
                    "release it with some of {others}.",
                    secret=repr(secret),
                    n=len(view),
                    columns=", ".join(view.names),
                    others=", ".join(case.targets.names),
                )
            )
        seen = view.only(names)
        ends = (seen.low,) if seen.precise else (seen.low, seen.high)
        keys = Keys.of(np.concatenate(ends, axis=1), np.tile(seen.sizes, len(ends)))
        d, at = len(names), view.at(secret)
        return cls(
            seen.domains,
            case.targets.only(names).low,
            keys.codes[:, :d],
            keys.codes[:, -d:],
            keys.count.astype(np.int64),
            _votes(keys.row, view.low[:, at], view.high[:, at], (len(keys.codes), len(view.domains[at]))),
        )

    @property
    def sizes(self) -> Ints:
        """The number of values of each known column, int64[d]."""
        return np.array([len(domain) for domain in self.domains])

    @property
    def suppressed(self) -> Bools:
        """Classes that say nothing in any known column, bool[c]."""
        return ((self.low == 0) & (self.high == self.sizes - 1)).all(axis=1) & (self.sizes > 1).any()

    @property
    def likely(self) -> Floats:
        """The likelihood of facts under a class that holds them: 1 / the combinations in it, float64[c]."""
        return np.exp(-np.log(self.high - self.low + 1.0).sum(axis=1))

    @property
    def shares(self) -> Floats:
        """The share of each value of the secret in the whole release, float64[m]."""
        total = np.asarray(self.votes.sum(axis=0)).ravel()
        return total / total.sum()

    def holding(self) -> Iterator[tuple[slice, Sparse]]:
        """For blocks of targets, which classes hold the facts about each: sparse float64[block, c], ones.

        For each column and value one set of classes is made, as bits. So a target takes d bitwise ands.
        """
        sets: list[tuple[Ints, NDArray[np.uint8]]] = []
        for i in range(len(self.domains)):
            values, which = np.unique(self.facts[:, i], return_inverse=True)
            bits = [np.packbits((self.low[:, i] <= v) & (v <= self.high[:, i])) for v in values]
            sets.append((which.astype(np.int64), np.stack(bits)))
        for block in self._blocks():
            both = np.bitwise_and.reduce([bits[which[block]] for which, bits in sets])
            target, found = np.nonzero(np.unpackbits(both, axis=1, count=len(self.low)))
            shape = (block.stop - block.start, len(self.low))
            yield block, csr_array((np.ones(len(found)), (target, found)), shape=shape)

    def distances(self) -> Iterator[tuple[slice, Floats]]:
        """For blocks of targets, the mean distance over the columns to each class, float64[block, c].

        A category is 0 or 1 apart, and a number by its difference over the range of all values [Gower 1971].
        The distance to a range is the mean of those to the values in it.
        """
        for block in self._blocks():
            total = np.zeros((block.stop - block.start, len(self.low)))
            for i, domain in enumerate(self.domains):
                values, which = np.unique(self.facts[block, i], return_inverse=True)
                up_to = np.zeros((len(values), len(domain) + 1))
                np.cumsum(apart(domain, values), axis=1, out=up_to[:, 1:])
                low, high = self.low[:, i], self.high[:, i] + 1
                # What is near in one place must be so in another: rounding must not break ties.
                cost = np.round((up_to[:, high] - up_to[:, low]) / (high - low), 9)
                total += cost[which]
            yield block, total / len(self.domains)

    def _blocks(self) -> Iterator[slice]:
        each = max(1, CELLS // len(self.low))
        for start in range(0, len(self.facts), each):
            yield slice(start, min(start + each, len(self.facts)))


def apart(domain: Domain, values: NDArray[np.int32]) -> Floats:
    """The distance of these values of a column from all of its m values, float64[values, m].

    >>> age = Domain("age", ("20", "30", "60", ""), np.array([20.0, 30.0, 60.0, np.nan]), missing=True)
    >>> apart(age, np.array([0, 3], np.int32)).tolist()
    [[0.0, 0.25, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]]
    """
    same = values[:, None] == np.arange(len(domain))
    if domain.numbers is None:
        return 1.0 - same
    span = np.nanmax(domain.numbers) - np.nanmin(domain.numbers) if len(domain) > domain.missing else 0.0
    gap = np.abs(domain.numbers[values][:, None] - domain.numbers) / (span or 1.0)
    # A missing value is as far from a number as the farthest number.
    return np.where(same, 0.0, np.where(np.isnan(gap), 1.0, gap))


def most_voted(votes: Floats, otherwise: Floats) -> tuple[Ints, Floats]:
    """The value with most votes of each row, and its share; where none voted, that of `otherwise`.

    Equal votes go to the value that is commoner in the release.

    Args:
        votes: float64[t, m].
        otherwise: float64[m], shares of the values in the release.

    >>> value, share = most_voted(np.array([[2.0, 2.0], [0.0, 0.0]]), np.array([0.4, 0.6]))
    >>> value.tolist(), share.tolist()
    ([1, 1], [0.5, 0.6])
    """
    total = votes.sum(axis=1, keepdims=True)
    # Fewer than 1e-9 of the votes decide between equals only.
    shares = np.where(total > 0, votes / np.where(total > 0, total, 1), otherwise)
    value = (np.round(shares, 9) + 1e-9 * otherwise).argmax(axis=1)
    return value, shares[np.arange(len(shares)), value]


def _votes(row: Ints, low: NDArray[np.int32], high: NDArray[np.int32], shape: tuple[int, int]) -> Sparse:
    """Sparse float64[c, m]: of each class, how many records hold each value."""
    width = (high - low + 1).astype(np.int64)
    first = np.cumsum(width) - width
    value = np.arange(width.sum()) - np.repeat(first, width) + np.repeat(low, width)
    weight = np.repeat(1 / width, width)
    return csr_array((weight, (np.repeat(row, width), value)), shape=shape)
