"""Whose rows the keys of a table are: groups of keys with at least k different people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.views.table_keys import distinct_people

PEOPLE = 1e-6
"""What sums of shares of people may be off; people are whole."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyPeople:
    """The different people of each key, where somebody may have several rows.

    Sums over keys count somebody with rows of several keys more than once. So groups are counted by a union,
    and only where sums leave it open: a row of somebody with r rows is worth 1/r, and a group has at least
    the sum of these; it has at most as many people as its keys have together.

    Args:
        person: int64[p], the people of the first key, then those of the second, ...
        many: int64[q], how many each key has.
        share: float64[q], the sum over the rows of each key of 1/r.

    >>> found = KeyPeople.of(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 6]), 2)
    >>> found.many.tolist(), found.enough(np.array([0, 0]), 1, 2).tolist()
    ([1, 2], [True])
    """

    person: Ints
    many: Ints
    share: Floats

    @classmethod
    def of(cls, key: Ints, people: Ints, keys: int) -> KeyPeople:
        """The people of each of the keys 0..keys-1.

        Args:
            key: int64[n], of each row.
            people: int64[n], whose row each is.
        """
        _, person, often = np.unique(people, return_inverse=True, return_counts=True)
        pairs = np.unique(key * max(len(often), 1) + person)
        return cls(
            person=pairs % max(len(often), 1),
            many=np.bincount(pairs // max(len(often), 1), minlength=keys),
            share=np.bincount(key, weights=1 / often[person], minlength=keys).astype(np.float64),
        )

    def enough(self, group: Ints, number: int, k: int, *, keys: Array | None = None) -> Bools:
        """Whether each of the groups 0..number-1 of keys has at least k people, bool[number].

        Args:
            group: int64[q], of each key; or of each of `keys`.
            keys: positions, if only some keys are in groups.
        """
        at = np.arange(len(self.many)) if keys is None else keys
        good = np.bincount(group, weights=self.share[at], minlength=number) >= k - PEOPLE
        together = np.bincount(group, weights=self.many[at], minlength=number)
        open_ = ~good & (together >= k)
        if open_.any():
            here = np.flatnonzero(open_[group])
            many = self.many[at[here]]
            first = (np.cumsum(self.many) - self.many)[at[here]]
            step = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
            person = self.person[np.repeat(first, many) + step]
            good |= distinct_people(np.repeat(group[here], many), person, number) >= k
        return good
