"""Released records that look like nobody's: newly drawn, and audited; or under a wrong key, and refused."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.data import twins
from confide.inputs.albums import read_album
from confide.inputs.keys import refuse_strangers
from confide.inputs.released_pictures import matched
from confide.inputs.resemblance import someones_things
from confide.views.images import Pictures

PEOPLE, THINGS, EACH = 120, 100, 16


def drawn(people: int, rng: np.random.Generator, *, groups: int = 4) -> Ints:
    """Things of people who resemble each other in groups, as person * things + thing."""
    tastes = np.random.default_rng(9).gamma(0.3, size=(groups, THINGS)) + 1e-3
    rows = [
        p * THINGS + rng.choice(THINGS, EACH, replace=False, p=taste / taste.sum())
        for p, taste in enumerate(tastes[rng.integers(0, groups, people)])
    ]
    return np.sort(np.concatenate(rows))


def keyed(original: Ints, released: Ints) -> bool:
    return refuse_strangers(
        original, released, things=THINGS, what="item", names=("a.csv", "b.csv"), keyed=True
    )


@pytest.mark.slow
def test_rows_that_are_drawn_anew_are_believed_and_named_unlike() -> None:
    """Two of 40 look like their own with probability .0015: 3 standard errors let 1 in 700 through."""
    rng = np.random.default_rng(0)
    assert sum(keyed(drawn(PEOPLE, rng), drawn(PEOPLE, rng)) for _ in range(40)) <= 1


def test_the_rows_of_others_are_refused_with_noise_too() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        original = drawn(PEOPLE, rng)
        turned = (original // THINGS + 7) % PEOPLE * THINGS + original % THINGS
        assert keyed(original, original)
        with pytest.raises(DataError, match="check the rows of the key"):
            keyed(original, turned)
        # A quarter of it is missing, and something else stands there.
        kept = rng.permutation(turned)[: 3 * len(turned) // 4]
        with pytest.raises(DataError, match="check the rows of the key"):
            keyed(original, np.union1d(kept, rng.choice(PEOPLE * THINGS, len(kept) // 3, replace=False)))


def test_without_a_key_rows_that_look_like_nobodys_are_refused() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(DataError, match="give a key"):
        refuse_strangers(
            drawn(PEOPLE, rng),
            drawn(PEOPLE, rng),
            things=THINGS,
            what="item",
            names=("a.csv", "b.csv"),
            keyed=False,
        )


@pytest.mark.slow
def test_people_who_are_alike_in_groups_are_not_taken_for_one_another() -> None:
    """The bar is 3 standard errors: 1 in 700 by chance, and 2 of 100 with probability .01."""
    rng = np.random.default_rng(3)
    found = [
        someones_things(drawn(PEOPLE, rng), drawn(PEOPLE, rng), people=PEOPLE, things=THINGS)
        for _ in range(100)
    ]
    assert sum(found) <= 1


def test_pictures_of_noise_are_nobodys_and_shifted_ones_are_others() -> None:
    rng = np.random.default_rng(4)
    faces = twins.pictures(80, name="unlike", people=16, shape=(24, 20), rng=rng)
    key = pl.DataFrame({"picture": range(1, 81), "released": range(1, 81)})
    album = read_album(faces, labels=None, resize=None)
    noise = Pictures(rng.integers(0, 256, faces.pixels.shape, np.uint8))
    assert matched(noise, album, key=key)[1] is False
    assert matched(Pictures(faces.pixels), album, key=key)[1] is True
    with pytest.raises(DataError, match="check the rows of the key"):
        matched(Pictures(np.roll(faces.pixels, 7, axis=0)), album, key=key)
    with pytest.raises(DataError, match="give a key"):
        matched(noise, album, key=None)
