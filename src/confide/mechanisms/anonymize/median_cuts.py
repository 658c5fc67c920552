"""Boxes of people by cuts at medians: all boxes of a round are cut at once, each at its own column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.mechanisms.anonymize.key_people import PEOPLE
from confide.mechanisms.anonymize.keyed_table import Keyed

SPARSE = 8
"""Cells for each key from which on they are sorted, not counted in a cross table."""


def boxes(keyed: Keyed) -> tuple[Ints, NDArray[np.int32], NDArray[np.int32]]:
    """Cut the keys of a table into boxes.

    Returns:
        The box of each key, int64[q], and the lowest and the highest code of each box, int32[b, d].
    """
    q, d = keyed.codes.shape
    box = np.zeros(q, np.int64)
    lows: list[Array] = []
    highs: list[Array] = []
    done = 0
    open_ = _Open.of(keyed)
    while len(open_.start):
        widest = open_.widest(keyed)
        # Boxes that no column is left for are done, and so are those with too few people for two.
        leaf = widest < 0
        if leaf.any():
            keys, size = open_.keys_of(leaf), open_.size[leaf]
            box[keys] = np.repeat(np.arange(done, done + len(size)), size)
            lows.append(open_.low[leaf])
            highs.append(open_.high[leaf])
            done += len(size)
        left, split = open_.cut(keyed, widest)
        open_ = open_.after(keyed, left, split, leaf, widest)
    if not lows:
        return box, np.zeros((0, d), np.int32), np.zeros((0, d), np.int32)
    return box, np.concatenate(lows).astype(np.int32), np.concatenate(highs).astype(np.int32)


@dataclass(eq=False)
class _Open:
    """Boxes that may still be cut; the keys of each stand together.

    Args:
        key: int64[a], the keys.
        code: of each column, its code for each of these keys, in the smallest type.
        start: int64[b], where each box begins.
        size: int64[b], its keys.
        people: float64[b], at most.
        low, high: int[b, d], the ranges of its keys.
        tried: bool[b, d], columns whose cut does not keep the rules.
    """

    key: Ints
    code: list[Array]
    start: Ints
    size: Ints
    people: Floats
    low: Array
    high: Array
    tried: Bools

    @classmethod
    def of(cls, keyed: Keyed) -> _Open:
        q, d = keyed.codes.shape
        if not q:
            return cls.of_none(d)
        code = [
            keyed.codes[:, i].astype(np.min_scalar_type(int(size) - 1)) for i, size in enumerate(keyed.sizes)
        ]
        low, high = (np.array([[f(column) for column in code]], np.int64) for f in (np.min, np.max))
        people = np.array([keyed.people.sum()])
        zero = np.zeros(1, np.int64)
        return cls(np.arange(q), code, zero, zero + q, people, low, high, np.zeros((1, d), np.bool_))

    @classmethod
    def of_none(cls, d: int) -> _Open:
        none, ranges = np.zeros(0, np.int64), np.zeros((0, d), np.int64)
        return cls(none, [], none, none, np.zeros(0), ranges, ranges, np.zeros((0, d), np.bool_))

    def widest(self, keyed: Keyed) -> Ints:
        """The column of each box to be cut, int64[b]: of the widest range for its size; -1 for none."""
        width = (self.high - self.low) / np.maximum(keyed.sizes - 1, 1)
        width[self.tried] = 0
        best = width.argmax(axis=1)
        none = (width.max(axis=1, initial=0) <= 0) | (self.people < 2 * keyed.rules.k - 2 * PEOPLE)
        return np.where(none, -1, best)

    def keys_of(self, chosen: Bools) -> Ints:
        """The keys of the chosen boxes, box by box."""
        return self.key[np.repeat(chosen, self.size)]

    def cut(self, keyed: Keyed, widest: Ints) -> tuple[Bools, Bools]:
        """Cut each box at the median of its column.

        Returns:
            bool[a], the keys left of a cut; and bool[b], the boxes of which both halves keep the rules.
        """
        left, split = np.zeros(len(self.key), np.bool_), np.zeros(len(self.start), np.bool_)
        for column in np.unique(widest[widest >= 0]).tolist():
            chosen = np.flatnonzero(widest == column)
            everywhere = len(chosen) == len(self.start)
            keys = slice(None) if everywhere else np.flatnonzero(np.repeat(widest == column, self.size))
            owner = np.repeat(np.arange(len(chosen)), self.size[chosen])
            low = self.low[chosen, column]
            place = self.code[column][keys].astype(np.int64) - low[owner]
            weight = keyed.people[self.key[keys]]
            at, before = _medians(owner, place, weight, self.high[chosen, column] - low + 1)
            here = place <= at[owner]
            least = keyed.rules.k - PEOPLE
            good = (before >= least) & (self.people[chosen] - before >= least)
            if not keyed.by_sums and good.any():
                asked = np.flatnonzero(good[owner])
                half = (owner * 2 + ~here)[asked]
                both = keyed.passes(half, 2 * len(chosen), keys=self.key[keys][asked])
                good &= both[::2] & both[1::2]
            split[chosen] = good
            left[keys] = here & good[owner]
        return left, split

    def after(self, keyed: Keyed, left: Bools, split: Bools, leaf: Bools, widest: Ints) -> _Open:
        """The boxes of the next round: halves, and boxes for which another column is to be tried."""
        stays = ~split & ~leaf
        self.tried[stays, widest[stays]] = True
        count = np.add.reduceat(left, self.start, dtype=np.int64)
        # Keys move to their half: left ones to the front of the box, each half in its old order.
        before = np.cumsum(left)
        first = before[self.start] - left[self.start]
        rank = before - np.repeat(first, self.size)
        begin = np.repeat(self.start, self.size)
        place = np.arange(len(left))
        target = np.where(left, begin + rank - 1, np.repeat(count, self.size) + place - rank)
        moved = np.empty(len(left), np.int64)
        moved[target] = place
        # A box that was not cut has all of its keys on the right.
        moved = moved[np.repeat(~leaf, self.size)]
        parent = np.repeat(np.arange(len(split)), np.where(split, 2, np.where(leaf, 0, 1)))
        second = np.append(False, parent[1:] == parent[:-1])[: len(parent)]
        halved = split[parent]
        size = np.where(halved & ~second, count[parent], (self.size - count)[parent])
        start = np.cumsum(size) - size
        if not len(moved):
            return _Open.of_none(len(self.code))
        key, code = self.key[moved], [column[moved] for column in self.code]
        people, tried = self.people[parent], self.tried[parent] & ~halved[:, None]
        people[halved] = np.add.reduceat(keyed.people[key], start)[halved]
        low, high = self.low[parent], self.high[parent]
        for i, column in enumerate(code):
            low[halved, i] = np.minimum.reduceat(column, start)[halved]
            high[halved, i] = np.maximum.reduceat(column, start)[halved]
        return _Open(key, code, start, size, people, low, high, tried)


def _medians(owner: Ints, place: Ints, weight: Floats, span: Ints) -> tuple[Ints, Array]:
    """The cut of each box that parts its people most evenly.

    Args:
        owner: int64[a], the box of each key, rising.
        place: int64[a], its value, counted from the lowest of the box.
        weight: float64[a], its people.
        span: int64[b], the values between the lowest and the highest one of a box, both included.

    Returns:
        int64[b], the highest value left of the cut, counted from the lowest of the box; and its people.
    """
    first = np.cumsum(span) - span
    cell, cells = first[owner] + place, int(span.sum())
    value = None
    if cells > SPARSE * len(cell):
        # Few values of many are there: only these are counted.
        value, cell = np.unique(cell, return_inverse=True)
        cells = len(value)
        first = np.searchsorted(value, first)
    upto = np.cumsum(np.bincount(cell, weights=weight, minlength=cells))
    last = np.append(first[1:], cells) - 1
    base = np.append(0.0, upto[last[:-1]])
    each = np.diff(np.append(first, cells))
    total = upto[last] - base
    off = np.abs(2 * (upto - np.repeat(base, each)) - np.repeat(total, each))
    # A cut behind the last value parts nobody.
    off[last] = np.inf
    least = np.minimum.reduceat(off, first)
    hit = np.flatnonzero(off == np.repeat(least, each))
    box = np.searchsorted(first, hit, side="right") - 1
    at = hit[np.append(True, box[1:] != box[:-1])]
    before = upto[at] - base
    return (at - first if value is None else value[at] - (np.cumsum(span) - span)), before
