"""What is left of interactions: by hand, from a release that says all to one that says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.utility.ratings import hit_rate, items_kept
from confide.views.interactions import Interactions


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def tastes(people: int, *, kinds: int = 10, size: int = 10, each: int = 6, seed: int = 0) -> Interactions:
    """Everybody has some of the ten items of one kind, and no others."""
    draw = rng(seed)
    item = np.concatenate([draw.permutation(size)[:each] + size * (i % kinds) for i in range(people)])
    return Interactions.of(np.repeat(np.arange(people), each), item, people=people, items=kinds * size)


def test_who_likes_one_kind_is_recommended_its_other_items():
    """One person shows 5 of 10 items; the held-back one is among the other 5, and 10 are recommended."""
    assert hit_rate([(tastes(200), tastes(50, seed=1))], rng=rng()).value == 1.0


def test_a_release_that_says_nothing_recommends_by_chance():
    """Made-up people's items are independent of kinds: 10 of the 95 not shown; four standard errors."""
    draw = rng(3)
    chance = Interactions.of(np.repeat(np.arange(3000), 20), draw.integers(0, 100, 60_000), items=100)
    found = hit_rate([(chance, tastes(2000, seed=1))], rng=rng())
    assert abs(found.value - 10 / 95) < 4 * np.sqrt(0.1 * 0.9 / 2000)


def test_an_empty_release_and_items_that_are_gone_never_hit():
    data, test = tastes(100), tastes(40, seed=2)
    assert hit_rate([(data.rows(np.zeros(len(data), np.bool_)), test)], rng=rng()).value == 0
    only = data.rows(data.item < 10)
    found = hit_rate([(only, test)], rng=rng(), at=1)
    assert found.value <= 0.15, "only those of the first kind can be helped"


def test_people_of_several_releases_are_counted_together():
    """One of two releases helps everybody, the other nobody: half of all people hit."""
    good, test = tastes(200), tastes(40, seed=1)
    empty = good.rows(np.zeros(len(good), np.bool_))
    assert hit_rate([(good, test), (empty, test)], rng=rng()).value == 0.5


def test_only_liked_items_are_held_back():
    """Everybody gives 5 stars to one item and 1 to another: the first is always the one to be found."""
    n = 30
    data = Interactions.of(
        np.repeat(np.arange(n), 2), np.tile([0, 1], n), items=40, rating=np.tile([5, 1], n)
    )
    assert hit_rate([(data, data)], rng=rng(), at=1).value == 1.0
    disliked = Interactions.of(np.array([0, 0]), np.array([0, 1]), rating=np.array([1, 2]))
    with pytest.raises(DataError, match="one of them liked"):
        hit_rate([(disliked, disliked)], rng=rng())


def test_items_kept():
    seen = tastes(100)
    assert items_kept(seen, seen) == 1.0
    assert items_kept(seen.rows(seen.item < 50), seen) == 0.5
    assert items_kept(seen.rows(np.zeros(len(seen), np.bool_)), seen) == 0.0
