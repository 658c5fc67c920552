"""The sets of likes: counts as published, and twins in which the trait can be learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from confide.attacks.attribute import LikesTfIdf
from confide.core.errors import DataError
from confide.core.play import play
from confide.data import deezer_likes, movielens1m
from confide.data.liked import interactions
from confide.games.attribute.likes import TraitInference, parts
from confide.measure import measure
from confide.mechanisms.anchors.published import Published

Need = Callable[..., None]


@pytest.mark.real_data
def test_movielens1m(need: Need) -> None:
    need(movielens1m.PAIRS, movielens1m.USERS)
    likes, people = movielens1m.load(), movielens1m.people()
    assert (likes.people, likes.items, len(likes)) == (6_040, 3_706, 1_000_209)
    assert likes.counts().min() >= 20
    assert dict(people["gender"].value_counts().iter_rows()) == {"M": 4_331, "F": 1_709}
    assert int((likes.raters() >= 20).sum()) == 3_043


@pytest.mark.real_data
def test_deezer_likes(need: Need) -> None:
    need(deezer_likes.PAIRS, deezer_likes.USERS)
    likes = deezer_likes.load()
    assert (likes.people, len(likes)) == (21_211, 713_799)
    assert set(deezer_likes.people()["gender"]) == {0, 1}


@pytest.mark.parametrize("data", [movielens1m, deezer_likes])
def test_twins_have_the_shape_and_the_trait_can_be_learned(data: object) -> None:
    """An AUC of chance is within 4.5 standard deviations of 0.5 (Mann and Whitney)."""
    n = 600
    likes, people = data.twin(n, rng=np.random.default_rng(0))
    assert likes.people == people.height == n and likes.items == data.ITEMS
    value = (people["gender"] == people["gender"].unique().sort()[0]).to_numpy().astype(np.float64)
    part = parts(value, "binary", count=5, rng=np.random.default_rng(1))
    game = TraitInference(
        items=likes, value=value, kind="binary", classes=2, part=part, mechanism=Published()
    )
    found = measure(play(game, LikesTfIdf(), worlds=5, rng=np.random.default_rng(2)))
    yes = value.sum()
    assert found.auc.value > 0.5 + 4.5 * np.sqrt((n + 1) / (12 * yes * (n - yes)))


def test_another_file_is_refused() -> None:
    pairs = pl.DataFrame({"user_id": [1, 2], "item": [5, 9]})
    with pytest.raises(DataError, match=r"\(2, 2, 2\) people, items and pairs, not \(3, 2, 2\)"):
        interactions(pairs, pl.Series([1, 2]), card=movielens1m.CARD, shape=(3, 2, 2))
    found = interactions(pairs, pl.Series([1, 2]), card=movielens1m.CARD, shape=(2, 2, 2))
    assert found.item.tolist() == [0, 1]
