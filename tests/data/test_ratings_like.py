"""MovieLens 100K is what its publisher says; the made-up ratings have its shape and the tails asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.data import movielens100k
from confide.data.ratings_like import ratings_like


@pytest.mark.real_data
def test_movielens100k(need: Callable[..., None]) -> None:
    need(movielens100k.PACKED)
    data = movielens100k.load()
    assert (data.people, data.items, len(data)) == (943, 1682, 100_000)
    assert data.rating is not None and data.day is not None
    assert np.bincount(data.rating.astype(int)).tolist() == [0, 6110, 11370, 27145, 34174, 21201]
    assert data.counts().min() == 20 and data.raters().min() == 1
    assert 10_124 < data.day.min() < data.day.max() < 10_340, "September 1997 to April 1998"
    assert movielens100k.people().height == 943 and movielens100k.films().height == 1682


def test_the_publishers_text_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CONFIDE_DATA", str(tmp_path))
    monkeypatch.setattr(movielens100k, "RATINGS", 2)
    (tmp_path / "ratings").mkdir()
    (tmp_path / "ratings" / "u.data").write_text("196\t242\t3\t881250949\n186\t302\t4\t891717742\n")
    data = movielens100k.load()
    assert data.person.tolist() == [185, 195] and data.item.tolist() == [301, 241]
    assert data.rating is not None and data.rating.tolist() == [4.0, 3.0]
    monkeypatch.setattr(movielens100k, "RATINGS", 3)
    with pytest.raises(DataError, match="has 2 rows"):
        movielens100k.load()
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "ratings" / "ml100k_ratings.parquet")
    with pytest.raises(DataError, match="has 1 rows of a"):
        movielens100k.load()


def test_made_up_ratings_have_long_tails() -> None:
    made = ratings_like(people=4000, items=1500, each=100, rng=np.random.default_rng(0))
    counts, raters = made.counts(), np.sort(made.raters())[::-1]
    assert (made.people, made.items) == (4000, 1500)
    assert 70 < counts.mean() < 110 and np.median(counts) < 0.8 * counts.mean() and counts.min() >= 10
    assert raters[:150].sum() > 0.35 * len(made), "a tenth of the items has over a third of the ratings"
    keys = made.person.astype(np.int64) * made.items + made.item
    assert (np.diff(keys) > 0).all(), "in order, each pair once"
    again = ratings_like(people=4000, items=1500, each=100, rng=np.random.default_rng(0))
    assert again.digest() == made.digest()
    twin = movielens100k.twin(943, rng=np.random.default_rng(1))
    assert 70_000 < len(twin) < 130_000
