"""Scores of every record for every target: an inverted index of the release, walked in blocks of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as _raw  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.views.interactions import Interactions

_sparse: Any = _raw

CELLS, MATCHES = 1 << 21, 1 << 19
"""A block has at most so many scores (unless one target has more), and about so many matches at once: some
60 MB, and small enough for a processor's cache to help."""

Column: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Where records have the items of facts: m matches, those of one fact together.

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
        """What belongs to a fact, given to each of its matches."""
        return np.repeat(of_fact[self.fact], self.many)


Worth: TypeAlias = Callable[[Matches], Array]
"""float[m]: what each match adds to the record's score."""


def blocks(release: Interactions, facts: Interactions, worth: Worth) -> Iterator[tuple[slice, Floats]]:
    """For each block of targets which they are, and the score of every record: float64[targets, records].

    A record's score is the sum of what its matches are worth; the facts' people are the targets. Memory: the
    index (16 bytes an interaction) and one block. A release of nobody has no blocks.
    """
    if not release.people:
        return
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
            np.add.at(total, row * release.people + found.person, worth(found))
        yield slice(first, last), total.reshape(last - first, release.people)


def _inverted(release: Interactions, wanted: NDArray[np.bool_]) -> tuple[Ints, Interactions]:
    """The release by item: where each item's raters start, and the interactions in that order."""
    rows = np.flatnonzero(wanted[release.item]).astype(np.int32)
    ends = np.searchsorted(rows, release.start)
    shape = (release.people, release.items)
    by_item = _sparse.csr_array((rows, release.item[rows], ends), shape=shape).tocsc()  # a counting sort
    return by_item.indptr.astype(np.int64), release.rows(by_item.data)


def _matches(index: tuple[Ints, Interactions], facts: Interactions, here: Ints) -> Iterator[Matches]:
    """The matches of these facts, about `MATCHES` at a time (a fact's matches stay together)."""
    start, by_item = index
    begin = start[facts.item[here]]
    many = start[facts.item[here] + 1] - begin
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
    """The published worth: an item's weight, times the likeness of the rating plus that of the date.

    Args:
        stars: rho_0: a rating that differs by so much counts 1/e; None does not look at ratings.
        days: d_0: likewise for dates. Where neither can be compared, a match is worth its item's weight.
        weighted: does an item that n people have weigh 1 / ln n (n at least 2)? Else 1.
    """
    raters = release.raters().astype(np.float64)
    weight = 1 / np.log(np.maximum(raters, 2)) if weighted else np.ones(release.items)
    of_fact = weight[facts.item]

    def worth(found: Matches) -> Array:
        alike: Any = None
        for scale, believed, said in ((stars, facts.rating, found.rating), (days, facts.day, found.day)):
            if scale is None or believed is None or said is None:
                continue
            apart = np.abs(said - found.spread(believed))
            apart *= np.float32(-1 / scale)
            np.exp(apart, out=apart)
            alike = apart if alike is None else alike + apart
        return found.spread(of_fact) if alike is None else alike * found.spread(of_fact)

    return worth
