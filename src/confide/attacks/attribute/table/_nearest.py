"""The classes of a release that are nearest to what is known of each target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from confide.attacks.attribute.table._classes import Classes, apart
from confide.core.arrays import Array, Floats, Ints
from confide.views.table_keys import Keys
from confide.views.table_words import Layout, Words

EQUAL = 1e-9
"""Distances that differ by no more are equal: rounding must not break ties."""


def nearest(classes: Classes) -> Iterator[tuple[slice, Ints, Ints, Floats]]:
    """For blocks of targets: pairs of a target of the block and a nearest class, and the distance of each
    target to its nearest classes, float64[block].
    """
    if (classes.low == classes.high).all():
        yield _of_values(classes)
        return
    for block, distance in classes.distances():
        least = distance.min(axis=1)
        target, near = np.nonzero(distance <= least[:, None] + EQUAL)
        yield block, target, near, least


def _of_values(classes: Classes) -> tuple[slice, Ints, Ints, Floats]:
    """The same where every class is one value in each column: categories first, and numbers only of classes
    that can still be nearest.
    """
    values = _Values.of(classes)
    category = [i for i, domain in enumerate(classes.domains) if domain.numbers is None]
    words = values.layout.pack(classes.facts[:, category])
    found = [values.nearest(fact, words[:, i]) for i, fact in enumerate(classes.facts)]
    target = np.repeat(np.arange(len(found)), [len(near) for near, _ in found])
    near = np.concatenate([near for near, _ in found]) if found else np.empty(0, np.int64)
    return slice(0, len(found)), target, near, np.array([least for _, least in found])


@dataclass(frozen=True, slots=True, eq=False)
class _Values:
    """Classes of one value in each column, in the order of their categories.

    Args:
        classes: the same.
        layout: of the words.
        words: uint64[words, u], the distinct rows of categories.
        start, size: int64[u], the place of the first class of each in `order`, and their number.
        order: int64[c].
        known: what is worked out already for (column, code).
    """

    classes: Classes
    layout: Layout
    words: Words
    start: Ints
    size: Ints
    order: Ints
    known: dict[tuple[int, int], Floats]

    @classmethod
    def of(cls, classes: Classes) -> _Values:
        category = [i for i, domain in enumerate(classes.domains) if domain.numbers is None]
        sizes = classes.sizes[category]
        keys = Keys.of(classes.low[:, category], sizes)
        layout, size = Layout.of(sizes.tolist()), keys.count.astype(np.int64)
        order = np.argsort(keys.row, kind="stable")
        return cls(classes, layout, layout.pack(keys.codes), np.cumsum(size) - size, size, order, {})

    def nearest(self, fact: Array, word: Words) -> tuple[Ints, float]:
        """The nearest classes of one target, rising, and their distance."""
        mismatches = self.layout.mismatches(self.words, word)
        near, total = np.empty(0, np.int64), np.empty(0)
        d, least = len(self.classes.domains), np.inf
        for level in np.flatnonzero(np.bincount(mismatches)).tolist():
            if level / d > least + EQUAL:  # numbers only add to it
                break
            here = self._of(np.flatnonzero(mismatches == level))
            near, total = np.append(near, here), np.append(total, self._distances(here, fact))
            least = total.min()
        near = np.sort(near[total <= least + EQUAL])
        return near, float(least)

    def _of(self, words: Ints) -> Ints:
        """The classes with these rows of categories."""
        size = self.size[words]
        ends = np.cumsum(size)
        return self.order[np.arange(ends[-1]) + np.repeat(self.start[words] - ends + size, size)]

    def _distances(self, here: Ints, fact: Array) -> Floats:
        """The mean distance of these classes, as `Classes.distances`."""
        total = np.zeros(len(here))
        for i, code in enumerate(fact.tolist()):
            cost = self.known.get((i, code))
            if cost is None:
                domain = self.classes.domains[i]
                cost = np.round(apart(domain, np.array([code], np.int32))[0], 9)
                self.known[i, code] = cost
            total += cost[self.classes.low[here, i]]
        return total / len(self.classes.domains)
