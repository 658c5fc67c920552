"""Manning, Haglin, Keane: A Recursive Search Algorithm for Statistical Disclosure Assessment (2008)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.views.table_keys import Keys

WIDEST = 24
"""The most columns for sets of any size: 16 million sets. Of more columns, only small sets."""
DENSE = 8
"""Groups are counted in an array if it has at most this many places for each row, and sorted if more."""


@dataclass(frozen=True, slots=True, eq=False)
class UniqueSets:
    """The minimal unique column sets of n people in a table of d columns.

    A set of columns is unique for a person if nobody else has their values in all of them. It is minimal if
    no smaller set within it is unique. Where somebody has several rows, each row stands for itself: a set is
    unique for a row if no row of another person has its values. Below, "person" is then such a row.

    The SUDA score of a person is the sum over their minimal unique sets, of sizes k, of

        (d - k) (d - k - 1) ... (d - M) = product over i = k .. M of (d - i),    M = min(most, d - 1),

    where `most` is the largest size that was looked for. Without a limit it is (d - k)!: the number of orders
    in which the other columns can be added to the set. A set of all d columns counts 1, the empty product.
    A column's share of a person is the part of their score that comes from sets with this column.
    So the shares of a person are between 0 and 1, and add up to more than 1 where sets have several columns.

    Args:
        sets: bool[m, d], the columns of each set that is minimal and unique for somebody; small sets first.
        set_of: int64[p], a set of each pair of a person and one of their minimal unique sets; in the order of
            `sets`.
        person: int64[p], the person of each pair.
        smallest: int64[n], the size of the smallest unique set of each person; 0 if there is none.
        score: float64[n], the SUDA score.
        share: float64[n, d], each column's share in it; 0 where the score is 0.
    """

    sets: Bools
    set_of: Ints
    person: Ints
    smallest: Ints
    score: Floats
    share: Floats

    def of(self, person: int, *, smallest: bool = True) -> list[tuple[int, ...]]:
        """The minimal unique sets of one person, as places of columns: those of the smallest size, or all."""
        mine = self.sets[self.set_of[self.person == person]]
        if smallest:
            mine = mine[mine.sum(axis=1) == self.smallest[person]]
        return [tuple(np.flatnonzero(one).tolist()) for one in mine]


def unique_sets(
    codes: Array,
    sizes: Array,
    *,
    most: int | None = None,
    people: Ints | None = None,
    hidden: Bools | None = None,
) -> UniqueSets:
    """Find the minimal unique column sets of everybody, up to a size.

    Subsets are visited before the sets that contain them. Anyone who is unique in a subset is alone in every
    larger set too, so that only the others are counted there: the rows become fewer with each column.

    Args:
        codes: int[n, d], a column of codes 0..sizes[i]-1 each; a missing value is a code of its own.
        sizes: int64[d].
        most: the largest size to look for; None for any.
        people: int64[n], whose row each is; None where a row is a person.
        hidden: bool[n, d], cells that say nothing of their person: no set with such a column is theirs. What
            makes a row unique in a set without them is still found.

    Raises:
        DataError: if there are more columns than sets of any size can be looked at.

    >>> found = unique_sets(np.array([[0, 0], [0, 1], [1, 0], [1, 0]]), np.array([2, 2]))
    >>> found.of(0), found.of(1), found.smallest.tolist(), found.score.tolist()
    ([(0, 1)], [(1,)], [2, 1, 0, 0], [1.0, 1.0, 0.0, 0.0])
    """
    n, d = codes.shape
    if d > WIDEST and (most is None or most > 3):
        raise DataError(
            f"{d} columns have 2^{d} sets: choose {WIDEST} columns or fewer, or sets of at most 3."
        )
    found = list(_minimal(codes, np.asarray(sizes), d if most is None else min(most, d), people))
    if hidden is not None:
        # Whether a row is alone in a set depends on this set only: what is left is minimal among the others.
        found = [(mask, rows[~hidden[rows][:, _columns(mask)].any(axis=1)]) for mask, rows in found]
        found = [(mask, rows) for mask, rows in found if len(rows)]
    found.sort(key=lambda one: (one[0].bit_count(), one[0]))
    worth = _worth(d, d if most is None else most)
    smallest, score, share = np.zeros(n, np.int64), np.zeros(n), np.zeros((n, d))
    sets = np.zeros((len(found), d), np.bool_)
    for i, (mask, people) in enumerate(found):
        columns = _columns(mask)
        sets[i, columns] = True
        smallest[people[smallest[people] == 0]] = len(columns)  # small sets come first
        score[people] += worth[len(columns)]
        for column in columns:
            share[people, column] += worth[len(columns)]
    share /= np.where(score > 0, score, 1)[:, None]
    counts = [len(people) for _, people in found]
    person = np.concatenate([people for _, people in found]) if found else np.empty(0, np.int64)
    return UniqueSets(sets, np.repeat(np.arange(len(found)), counts), person, smallest, score, share)


def _worth(d: int, most: int) -> list[float]:
    """What a set of each size 0..d adds to a score."""
    return [float(prod(d - i for i in range(k, min(most, d - 1) + 1))) for k in range(d + 1)]


def _columns(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def _minimal(codes: Array, sizes: Array, most: int, people: Ints | None) -> Iterator[tuple[int, Ints]]:
    """Each set (as bits) that is minimal and unique for somebody, and for whom."""
    if people is not None:
        # Equal rows of one person are one row here, and all of them again in what is found.
        everybody, whose = np.unique(people, return_inverse=True)
        pairs = Keys.of(np.column_stack([codes, whose]), np.append(sizes, len(everybody)))
        order, start = np.argsort(pairs.row, kind="stable"), np.cumsum(pairs.count) - pairs.count
        for mask, found in _searched(pairs.codes[:, :-1], sizes, most, pairs.codes[:, -1].astype(np.int64)):
            yield (
                mask,
                np.sort(
                    np.concatenate([order[start[i] : start[i] + pairs.count[i]] for i in found.tolist()])
                ),
            )
        return
    yield from _searched(codes, sizes, most, None)


def _searched(codes: Array, sizes: Array, most: int, people: Ints | None) -> Iterator[tuple[int, Ints]]:
    """The same for different rows of each person."""
    rows = _two_of_each(codes, sizes)
    of = None if people is None else people[rows]
    columns = [np.ascontiguousarray(codes[rows, i]).astype(np.int64) for i in range(codes.shape[1])]
    # For each set the rows that are unique in it, 8 to a byte; sets in which all are unique are left out.
    unique: dict[int, NDArray[np.uint8]] = {0: np.packbits(np.zeros(len(rows), np.bool_))}
    open_: list[tuple[int, Ints, Ints]] = [(0, np.arange(len(rows)), np.zeros(len(rows), np.int64))]
    # Depth first, by adding columns below the lowest one, in rising order: sets come in the order of their
    # bits as a number. So all subsets of a set come before it, and few groups are in memory at once.
    while open_:
        mask, here, group = open_.pop()
        if mask:
            at = _lowest(mask)
            alone, here, group = _regrouped(here, group, columns[at], int(sizes[at]), of)
            before = _in_subsets(mask, unique, len(rows))
            new = alone[~before[alone]]
            before[alone] = True
            unique[mask] = np.packbits(before)
            if len(new):
                yield mask, rows[new]
        if len(here) and mask.bit_count() < most:
            lowest = _lowest(mask) if mask else len(columns)
            open_ += [(mask | 1 << i, here, group) for i in reversed(range(lowest))]


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _two_of_each(codes: Array, sizes: Array) -> Ints:
    """The rows without those that equal two others: two equal rows are enough that none of them is unique."""
    keys = Keys.of(codes, sizes)
    order = np.argsort(keys.row, kind="stable")
    place = np.arange(len(order)) - np.repeat(np.cumsum(keys.count) - keys.count, keys.count)
    return np.sort(order[place < 2])


def _regrouped(
    here: Ints, group: Ints, column: Ints, size: int, people: Ints | None
) -> tuple[Ints, Ints, Ints]:
    """Rows divided further by a column: those that are alone now, and the others with their new groups."""
    word = group * size + column[here]
    span = (int(group.max()) + 1) * size
    if people is None and span <= DENSE * len(here):
        count = np.bincount(word, minlength=span)
        shared = count[word] > 1
        # Groups that are left are numbered without gaps, so that their number stays below the rows'.
        name = np.cumsum(count > 1) - 1
        return here[~shared], here[shared], name[word[shared]]
    order = np.argsort(word)
    sorted_ = word[order]
    first = np.append(True, sorted_[1:] != sorted_[:-1])
    if people is None:
        shared_sorted = ~(first & np.append(first[1:], True))
    else:
        # A group is alone if it is of one person, with however many rows.
        start, of = np.flatnonzero(first), people[here[order]]
        mixed = np.minimum.reduceat(of, start) < np.maximum.reduceat(of, start)
        shared_sorted = np.repeat(mixed, np.diff(np.append(start, len(of))))
    name = np.cumsum(first & shared_sorted) - 1
    left = order[shared_sorted]
    return here[order[~shared_sorted]], here[left], name[shared_sorted]


def _in_subsets(mask: int, unique: dict[int, NDArray[np.uint8]], n: int) -> Bools:
    """The rows that are unique in a set with one column fewer, bool[n]."""
    total = unique[0].copy()
    for i in _columns(mask):
        # A set that was not visited has a subset in which everybody is unique.
        if (below := unique.get(mask & ~(1 << i))) is None:
            return np.ones(n, np.bool_)
        total |= below
    return np.unpackbits(total, count=n).astype(np.bool_)
