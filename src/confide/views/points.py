"""An inverted index of (place, time) points on sorted 64-bit keys: it finds who has all of some points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.views.traces import Traces

BLOCK = 4_000_000
"""The number of candidates held at once; they take about 200 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class PointIndex:
    """An index of the people at each point; a point is a place at a time, and a person counts once for it.

    It is built by one sort of the visits and takes 16 bytes for each visit. Make one with `PointIndex.of`.

    Args:
        keys: int64[q], the distinct points, rising.
        pairs: int64[k], rising: the number of the point times n, plus the person.
        start: int64[q + 1], the position in `pairs` where each point's people begin.
        people: n.
        first, span: the earliest time and the number of seconds; keys are computed from them.

    >>> seen = Traces.of(np.array([0, 0, 1, 2]), np.array([7, 9, 7, 9]), np.array([3, 1, 3, 2]))
    >>> index = PointIndex.of(seen)
    >>> key = index.key(np.array([3, 3, 1]), np.array([7, 7, 9]))
    >>> query, person = index.holders(np.array([0, 1, 1]), key)
    >>> query.tolist(), person.tolist()
    ([0, 0, 1], [0, 1, 0])
    """

    keys: Ints
    pairs: Ints
    start: Ints
    people: int
    first: int
    span: int

    @classmethod
    def of(cls, traces: Traces) -> PointIndex:
        """Build the index of these traces."""
        first = int(traces.time.min()) if len(traces) else 0
        # Place and second in one number: 64 bits hold 100 years of seconds at three billion places.
        span = int(traces.time.max()) - first + 1 if len(traces) else 1
        key = traces.place.astype(np.int64) * span + (traces.time - first)
        keys = _distinct(key)
        # Point and person in one number, so that one sorted array answers both questions.
        pairs = _distinct(np.searchsorted(keys, key) * traces.people + traces.person)
        start = np.searchsorted(pairs, np.arange(len(keys) + 1) * traces.people)
        return cls(keys, pairs, start.astype(np.int64), traces.people, first, span)

    def key(self, place: Ints, time: Ints) -> Ints:
        """The keys of points, int64; -1 for a time outside the traces."""
        after = time.astype(np.int64) - self.first
        return np.where((after >= 0) & (after < self.span), place.astype(np.int64) * self.span + after, -1)

    def count(self, key: Ints) -> Ints:
        """The number of people who have each point, int64."""
        if not len(self.keys):
            return np.zeros(len(key), np.int64)
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where(self.keys[at] == key, self.start[at + 1] - self.start[at], 0)

    def holders(self, query: Ints, key: Ints) -> tuple[Ints, Ints]:
        """All pairs of a query and a person who has all points of the query, sorted by query.

        The points of a query are intersected from the rarest one on. Blocks of queries bound the memory.

        Args:
            query: int64[c], the number of the query of each point, in any order.
            key: int64[c], the points.
        """
        if not len(query) or not len(self.keys):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        count = np.where(self.keys[at] == key, self.start[at + 1] - self.start[at], 0)
        order = np.lexsort((count, query))  # by query, and within a query the rarest point first
        query, at, count = query[order], at[order], count[order]
        opens = np.flatnonzero(np.append(True, query[1:] != query[:-1]))
        ends = np.append(opens[1:], len(query))
        # A query's rarest point bounds its candidates, and so the memory.
        block = np.cumsum(count[opens]) // BLOCK
        found = [
            self._block(query, at, opens[cut], ends[cut], count[opens[cut]])
            for cut in np.split(np.arange(len(opens)), np.flatnonzero(np.diff(block)) + 1)
        ]
        return np.concatenate([q for q, _ in found]), np.concatenate([p for _, p in found])

    def _block(self, query: Ints, at: Ints, opens: Ints, ends: Ints, rarest: Ints) -> tuple[Ints, Ints]:
        """The people of the queries whose points, the rarest first, are at `opens` to `ends`."""
        # Start with everybody who has a query's rarest point, then drop who lacks one of the others.
        which = np.repeat(np.arange(len(opens)), rarest)
        within = np.arange(len(which)) - np.repeat(np.cumsum(rarest) - rarest, rarest)
        person = self.pairs[self.start[at[opens]][which] + within] % self.people
        for further in range(1, int((ends - opens).max(initial=0))):
            place = opens[which] + further
            asked = place < ends[which]
            stays = ~asked
            stays[asked] = self._holds(at[place[asked]], person[asked])
            which, person = which[stays], person[stays]
        return query[opens[which]], person

    def _holds(self, at: Ints, person: Ints) -> Bools:
        """Whether this person has this point (given by its number in `keys`)."""
        pair = at * self.people + person
        return self.pairs[np.minimum(np.searchsorted(self.pairs, pair), len(self.pairs) - 1)] == pair


def _distinct(codes: Ints) -> Ints:
    """The distinct codes, rising; for many codes sorting is faster than the hashing of `np.unique`."""
    rising = np.sort(codes)
    return rising[np.append(True, rising[1:] != rising[:-1])[: len(rising)]]


def distinct(traces: Traces) -> Traces:
    """The same traces without repeated points of one person."""
    return traces.rows(first_at_each(traces))


def first_at_each(traces: Traces) -> Ints:
    """The position of the first visit of each person at each of their points, by person, time and place."""
    order = np.lexsort((traces.place, traces.time, traces.person))
    same = np.zeros(len(order), np.bool_)
    if len(order):
        columns = (traces.person[order], traces.time[order], traces.place[order])
        same[1:] = np.all([c[1:] == c[:-1] for c in columns], axis=0)
    return order[~same]


def drawn(counts: Ints, points: int, *, rng: Rng) -> Ints:
    """Draw for each count c `points` distinct numbers below c, in random order: int64[n, points].

    >>> sorted(drawn(np.array([3]), 3, rng=np.random.default_rng(0))[0].tolist())
    [0, 1, 2]
    """
    chosen = np.empty((len(counts), points), np.int64)
    for i in range(points):
        number = rng.integers(0, counts - i)
        for earlier in np.sort(chosen[:, :i], axis=1).T:  # skip the numbers chosen before
            number += number >= earlier
        chosen[:, i] = number
    return chosen
