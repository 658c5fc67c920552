"""What a release of interactions is still good for: what is kept, and how well it recommends."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as _raw  # pyright: ignore[reportMissingTypeStubs]

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import proportion
from confide.views.interactions import Interactions

_sparse: Any = _raw

LIKED = 4.0
"""Who gives so many stars of five likes it; without ratings whoever has an item likes it."""
MOST_ITEMS, MOST_PEOPLE, MOST_TESTED = 4_000, 20_000, 4_000


def items_kept(view: Interactions, original: Interactions) -> float:
    """The share of the original's items that somebody in the release still has.

    >>> seen = Interactions.of(np.array([0, 0, 1]), np.array([0, 1, 1]))
    >>> items_kept(seen.rows(np.array([False, True, True])), seen)
    0.5
    """
    there = original.raters() > 0
    return float((view.raters()[there] > 0).mean()) if there.any() else 1.0


def hit_rate(
    view: Interactions,
    test: Interactions,
    *,
    rng: Rng,
    at: int = 10,
    confidence: float = 0.95,
) -> Estimate:
    """How often an item that a person likes is among the ten recommended to him from his other ones.

    A plain neighbourhood recommender learns from the release which items are had by the same people
    (cosine of their columns). People who are in no release then show all they have but one liked item, drawn
    at random; the items closest to what they show are recommended. Only the release's `MOST_ITEMS` commonest
    items are ever recommended, at most `MOST_PEOPLE` of its people are learned from and `MOST_TESTED` of the
    others asked, so that memory stays below 400 MB.

    Args:
        view: the release; item codes are those of `test`.
        test: the originals of people who are not in the release.
        rng: for the choice of the item that is held back.
        at: so many are recommended.
        confidence: of the Clopper-Pearson interval.

    Raises:
        DataError: if no test person has two items, one of them liked.

    Source: Sarwar, Karypis, Konstan, Riedl, Item-based collaborative filtering (WWW 2001); hit rate as in
    Deshpande, Karypis 2004.
    """
    common = np.sort(np.argsort(-view.raters(), kind="stable")[:MOST_ITEMS])
    near = _closeness(_matrix(view, common, MOST_PEOPLE))
    held = _held_back(test, rng=rng)
    if not held.any():
        raise DataError(
            "nobody in the test has two items, one of them liked: recommendation cannot be judged."
        )
    people = test.person[held]
    shown = _matrix(test.rows(~held), common, test.people)[people]
    score = np.asarray(shown @ near)
    score[shown.nonzero()] = -np.inf
    place = np.full(test.items, -1)
    place[common] = np.arange(len(common))
    wanted = place[test.item[held]]
    own = np.where(wanted >= 0, score[np.arange(len(wanted)), wanted], -np.inf)
    better = (score > own[:, None]).sum(axis=1) + ((score == own[:, None]).sum(axis=1) - 1) / 2
    hits = (wanted >= 0) & (own > -np.inf) & (better < at)
    return proportion(int(hits.sum()), len(hits), confidence=confidence)


def _held_back(test: Interactions, *, rng: Rng) -> Bools:
    """bool[k]: one liked item of each person who has another one besides (at most `MOST_TESTED`)."""
    liked = np.ones(len(test), np.bool_) if test.rating is None else test.rating >= LIKED
    liked &= (test.counts() >= 2)[test.person]
    at = np.flatnonzero(liked)
    drawn = at[rng.permutation(len(at))]
    _, first = np.unique(test.person[drawn], return_index=True)
    held = np.zeros(len(test), np.bool_)
    held[drawn[first[:MOST_TESTED]]] = True
    return held


def _matrix(seen: Interactions, common: Ints, most: int) -> Any:
    """Who has which of the common items: sparse float32[people, items], of the first `most` people."""
    place = np.full(seen.items, -1)
    place[common] = np.arange(len(common))
    column = place[seen.item]
    take = (column >= 0) & (seen.person < most)
    shape = (min(seen.people, most), len(common))
    ones = np.ones(int(take.sum()), np.float32)
    return _sparse.csr_array((ones, (seen.person[take], column[take])), shape=shape)


def _closeness(has: Any) -> Floats:
    """The cosine between items' columns, float32[m, m], 0 on the diagonal."""
    both = np.asarray((has.T @ has).todense(), np.float32)
    length = np.sqrt(np.maximum(both.diagonal(), 1.0))
    np.fill_diagonal(both, 0)
    return both / length[:, None] / length
