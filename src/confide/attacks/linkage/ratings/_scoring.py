"""Scores of all records for all targets: an inverted index of the release, walked in blocks of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from confide.core.arrays import Array, Floats, Ints
from confide.views.interactions import Interactions

# The most scores of a block (unless one target has more), and about the most matches at once. Together they
# take about 60 MB, which is small enough for a processor's cache to help.
CELLS, MATCHES = 1 << 21, 1 << 19

Column: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Matches of facts with records: m places where a record has a fact's item, grouped by fact.

    Args:
        fact: int64[f], the facts, as positions in the targets' `Interactions`.
        many: int64[f], how many matches each of them has.
        person: int32[m], the record.
        rating, day: float32[m], what the release says there; None where it says nothing.
    """

    fact: Ints
    many: Ints
    person: NDArray[np.int32]
    rating: Column | None
    day: Column | None

    def spread(self, of_fact: Array) -> Array:
        """What belongs to a fact, repeated for each of its matches."""
        return np.repeat(of_fact[self.fact], self.many)


Worth: TypeAlias = Callable[[Matches], Array]
"""float[m]: what each match adds to the record's score."""


def blocks(release: Interactions, facts: Interactions, worth: Worth) -> Iterator[tuple[slice, Floats]]:
    """For each block of targets its slice, and the score of every record: float64[targets, records].

    A record's score is the sum of what its matches are worth. The people of `facts` are the targets. Memory:
    the index (16 bytes for each interaction) and one block. A release without people has no blocks.
    """
    if not release.people:
        return
    # Only items of some fact are indexed, which is a small part of a large release.
    wanted = np.zeros(release.items, np.bool_)
    wanted[facts.item] = True
    index, start = _inverted(release, wanted), facts.start
    most = max(1, CELLS // max(release.people, 1))
    for first in range(0, facts.people, most):
        last = min(first + most, facts.people)
        here = np.arange(start[first], start[last])
        total = np.zeros((last - first) * release.people)
        for found in _matches(index, facts, here):
            row = found.spread(facts.person).astype(np.int64) - first
            # One flat index adds the matches of all targets of a block at once.
            np.add.at(total, row * release.people + found.person, worth(found))
        yield slice(first, last), total.reshape(last - first, release.people)


def _inverted(release: Interactions, wanted: NDArray[np.bool_]) -> tuple[Ints, Interactions]:
    """The release by item: the start of each item's raters, and the interactions in that order."""
    rows = np.flatnonzero(wanted[release.item]).astype(np.int32)
    ends = np.searchsorted(rows, release.start)
    shape = (release.people, release.items)
    # Turning a sparse matrix by columns is a counting sort, in compiled code.
    by_item = csr_array((rows, release.item[rows], ends), shape=shape).tocsc()
    return by_item.indptr.astype(np.int64), release.rows(by_item.data)


def _matches(index: tuple[Ints, Interactions], facts: Interactions, here: Ints) -> Iterator[Matches]:
    """The matches of these facts, about `MATCHES` at a time; the matches of one fact stay together."""
    start, by_item = index
    begin = start[facts.item[here]]
    many = start[facts.item[here] + 1] - begin
    # Facts about popular items have many matches; the cumulated count cuts the list into even parts.
    parts = np.cumsum(many) // MATCHES
    for part in np.split(np.arange(len(here)), np.flatnonzero(np.diff(parts)) + 1):
        size = many[part]
        at = np.arange(size.sum()) + np.repeat(begin[part] - np.cumsum(size) + size, size)
        yield Matches(
            here[part],
            size,
            by_item.person[at],
            None if by_item.rating is None else by_item.rating[at],
            None if by_item.day is None else by_item.day[at],
        )


def likeness(
    release: Interactions,
    facts: Interactions,
    *,
    stars: float | None,
    days: float | None,
    weighted: bool = True,
) -> Worth:
    """Worth of a match as published: the item's weight, times the likeness of rating and of date.

    Args:
        release: the released records.
        facts: what the adversary believes.
        stars: rho_0: a rating that differs by this much counts 1/e; None ignores ratings.
        days: d_0: the same for dates. Where neither can be compared, a match is worth its item's weight.
        weighted: whether an item that n people have weighs 1 / ln n (n at least 2) instead of 1.
    """
    raters = release.raters().astype(np.float64)
    weight = 1 / np.log(np.maximum(raters, 2)) if weighted else np.ones(release.items)
    of_fact = weight[facts.item]

    def worth(found: Matches) -> Array:
        near: Array | None = None
        for scale, believed, said in ((stars, facts.rating, found.rating), (days, facts.day, found.day)):
            if scale is None or believed is None or said is None:
                continue
            apart = np.abs(said - found.spread(believed))
            apart *= np.float32(-1 / scale)  # in place: this line runs for every match
            np.exp(apart, out=apart)
            near = apart if near is None else near + apart
        return found.spread(of_fact) if near is None else near * found.spread(of_fact)

    return worth
