"""Utility of released interactions: the items kept, and the hit rate of recommendations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import proportion
from confide.views.interactions import Interactions
from confide.views.sparse import Sparse, ones_at

# 4 of 5 stars or more count as a like. Without ratings, each item that a person has counts as liked.
LIKED = 4.0
# They keep memory below 400 MB: the matrix of items by items, and the scores of the tested people.
MOST_ITEMS, MOST_PEOPLE, MOST_TESTED = 4_000, 20_000, 4_000


def items_kept(view: Interactions, original: Interactions) -> float:
    """The share of the original's items that somebody still has in the release.

    >>> seen = Interactions.of(np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> items_kept(seen.rows(np.array([False, True, True])), seen)
    0.5
    """
    # Items that nobody had cannot be lost.
    there = original.raters() > 0
    return float((view.raters()[there] > 0).mean()) if there.any() else 1.0


def pairs_kept(view: Interactions, original: Interactions) -> tuple[float, float]:
    """The share of the original's pairs that the release has, and of the release's pairs that are true.

    >>> true = Interactions.of(np.array([0, 0]), np.array([0, 1]), people=2, items=2)
    >>> pairs_kept(Interactions.of(np.array([0, 1]), np.array([0, 0]), people=2, items=2), true)
    (0.5, 0.5)
    """
    first, second = (i.person.astype(np.int64) * original.items + i.item for i in (view, original))
    true = len(np.intersect1d(first, second, assume_unique=True))
    return true / max(len(original), 1), true / max(len(view), 1)


def hit_rate(
    splits: Sequence[tuple[Interactions, Interactions]],
    *,
    rng: Rng,
    at: int = 10,
    confidence: float = 0.95,
) -> Estimate:
    """The hit rate of a recommender: how often a held-back liked item is among the ten recommended items.

    A neighbourhood recommender learns from the release which items belong to the same people (the cosine of
    their columns). People who are in no release then show all their items except one liked item, drawn at
    random. The items closest to the shown ones are recommended. Only the `MOST_ITEMS` most common items of
    the release are recommended. At most `MOST_PEOPLE` of its people are learned from, and at most
    `MOST_TESTED` of the other people are tested, so that memory stays below 400 MB.

    Args:
        splits: pairs of a release and the originals of people who are not in it, with the same item codes.
        rng: for the choice of the held-back items.
        at: how many items are recommended.
        confidence: of the Clopper-Pearson interval.

    Raises:
        DataError: if in one pair no test person has two items, one of them liked.

    Source: Sarwar, Karypis, Konstan, Riedl, Item-based collaborative filtering (WWW 2001); hit rate as in
    Deshpande, Karypis 2004.
    """
    counts = [
        _hits(view, test, at=at, rng=child)
        for (view, test), child in zip(splits, rng.spawn(len(splits)), strict=True)
    ]
    return proportion(sum(k for k, _ in counts), sum(n for _, n in counts), confidence=confidence)


def _hits(view: Interactions, test: Interactions, *, at: int, rng: Rng) -> tuple[int, int]:
    """The number of test people whose held-back item is recommended, and the number of people tested."""
    common = np.sort(np.argsort(-view.raters(), kind="stable")[:MOST_ITEMS])
    near = _closeness(_matrix(view, common, MOST_PEOPLE))
    held = _held_back(test, rng=rng)
    if not held.any():
        raise DataError(
            "nobody in the test has two items, one of them liked: recommendation cannot be measured."
        )
    people = test.person[held]
    shown = _matrix(test.rows(~held), common, test.people)[people]
    # The sum of closenesses to all that a person showed: one product for all people.
    score = np.asarray(shown @ near)
    score[shown.nonzero()] = -np.inf  # what a person has already is not recommended
    place = np.full(test.items, -1)
    place[common] = np.arange(len(common))
    wanted = place[test.item[held]]
    own = np.where(wanted >= 0, score[np.arange(len(wanted)), wanted], -np.inf)
    # The expected rank among equal scores, which is what a random order would give.
    better = (score > own[:, None]).sum(axis=1) + ((score == own[:, None]).sum(axis=1) - 1) / 2
    hits = (wanted >= 0) & (own > -np.inf) & (better < at)
    return int(hits.sum()), len(hits)


def _held_back(test: Interactions, *, rng: Rng) -> Bools:
    """One liked item of each person who has a further item, for at most `MOST_TESTED` people: bool[k]."""
    liked = np.ones(len(test), np.bool_) if test.rating is None else test.rating >= LIKED
    # A second item must be left to recommend by.
    liked &= (test.counts() >= 2)[test.person]
    at = np.flatnonzero(liked)
    drawn = at[rng.permutation(len(at))]
    # Of each person the first in random order.
    _, first = np.unique(test.person[drawn], return_index=True)
    held = np.zeros(len(test), np.bool_)
    held[drawn[first[:MOST_TESTED]]] = True
    return held


def _matrix(seen: Interactions, common: Ints, most: int) -> Sparse:
    """Which of the common items the first `most` people have: sparse float32[people, items]."""
    place = np.full(seen.items, -1)
    place[common] = np.arange(len(common))
    column = place[seen.item]
    take = (column >= 0) & (seen.person < most)
    return ones_at(seen.person[take], column[take], shape=(min(seen.people, most), len(common)))


def _closeness(has: Sparse) -> Floats:
    """The cosine between items' columns, float32[m, m], 0 on the diagonal."""
    both = (has.T @ has).toarray()
    # The diagonal counts an item's people; 1 stands in for items that nobody has.
    length = np.sqrt(np.maximum(both.diagonal(), 1.0))
    np.fill_diagonal(both, 0)  # an item must not recommend itself
    return both / length[:, None] / length
