"""Suppression and coarsening do what their docstrings say, and promise nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.core.errors import PromiseError
from confide.data.ratings_like import ratings_like
from confide.mechanisms.anonymize.coarse_ratings import CoarseRatings
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.views.interactions import Interactions


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("people", [1, 5, 40, 10_000])
def test_no_item_of_fewer_people_stays_and_every_other_does(people: int):
    data = ratings_like(people=100, items=150, each=30, rng=rng())
    release = WithoutRareItems(people=people)(data, rng=None)
    before, after = data.raters(), release.view.raters()
    assert (after == np.where(before >= people, before, 0)).all()
    assert release.budget is None and release.view.people == data.people and release.view.items == data.items


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_ratings_move_by_half_a_step_at_most_and_dates_by_half_a_window(step: float):
    data = ratings_like(people=60, items=100, each=30, rng=rng())
    view = CoarseRatings(step=step, days=30)(data, rng=None).view
    assert np.abs(view.rating - data.rating).max() <= step / 2 and (view.rating % step == 0).all()
    assert np.abs(view.day - data.day).max() <= 15 and (view.day % 30 == 15).all()
    assert (view.person == data.person).all() and (view.item == data.item).all()


def test_leaving_out_and_leaving_alone():
    data = ratings_like(people=10, items=100, each=30, rng=rng())
    none = CoarseRatings(step=math.inf, days=math.inf)(data, rng=None).view
    assert none.rating is None and none.day is None
    assert CoarseRatings()(data, rng=None).view.digest() == data.digest()
    bare = Interactions.of(np.array([0]), np.array([0]))
    assert CoarseRatings(step=1, days=1)(bare, rng=None).view.rating is None


def test_settings_that_make_no_sense():
    with pytest.raises(PromiseError, match="give 1 or more"):
        WithoutRareItems(people=0)
    with pytest.raises(PromiseError, match="above 0"):
        CoarseRatings(days=-3)
