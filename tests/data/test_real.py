"""The real sets are what their publishers and our cards say: counts only, never a row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from confide.data import (
    adult,
    cifar,
    cifar10,
    cifar100,
    common_task,
    deezer600,
    diabetes130,
    digits,
    fair,
    location30,
    mnist,
)
from confide.data.locating import find
from confide.views.records import Records

Need = Callable[..., None]
real = pytest.mark.real_data


def channel(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    axes = (0, *range(2, x.ndim))
    return x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)


@real
def test_location30(need: Need) -> None:
    need(location30.PACKED)
    records = location30.load()
    counts = np.bincount(records.y)
    assert np.shape(records.x) == (location30.CARD.records, 446) == (5_010, 446)
    assert (len(counts), counts.min(), counts.max()) == (30, 97, 308)
    assert set(np.unique(records.x)) == {0.0, 1.0}
    assert records.first_of_each().all()


@real
def test_deezer600(need: Need) -> None:
    need(deezer600.PACKED)
    records = deezer600.load()
    assert np.shape(records.x) == (deezer600.CARD.records, 600)
    assert (np.bincount(records.y).min(), np.bincount(records.y).max()) == (1, 1_609)
    assert np.sum(records.x, axis=1).min() >= 5
    assert records.first_of_each().all()


@real
def test_common_task(need: Need) -> None:
    need(common_task.PACKED)
    task = common_task.sitting()
    assert (len(task.pool), len(task.population), task.member.sum()) == (20_000, 20_000, 10_000)
    (w0, b0), (w2, b2) = task.weights
    x = np.asarray(task.pool.x)
    right = (np.tanh(x @ w0.T + b0) @ w2.T + b2).argmax(1) == task.pool.y
    assert right[task.member].mean() > 0.99, "the members are not the ones that trained the target"
    assert 0.65 < right[~task.member].mean() < 0.75
    assert Records.concat([task.pool, task.population]).first_of_each().all()


@real
@pytest.mark.slow
def test_cifar10(need: Need) -> None:
    need(*cifar10.PACKED)
    records = cifar10.load(split="train", distinct=False)
    assert np.bincount(records.y).tolist() == [1_000] * 10
    mean, sd = channel(np.asarray(records.x))
    np.testing.assert_allclose(mean, [0.4914, 0.4822, 0.4465], atol=0.01)
    np.testing.assert_allclose(sd, [0.2470, 0.2435, 0.2616], atol=0.01)
    assert len(cifar10.load()) == 12_000


@real
@pytest.mark.slow
def test_cifar100_and_its_repeats(need: Need) -> None:
    need(*cifar100.PACKED)
    (train, y_train), (test, y_test) = (cifar.strips(path) for path in map(find, cifar100.PACKED) if path)
    assert np.bincount(y_train).tolist() == [250] * 100
    assert np.bincount(y_test).tolist() == [50] * 100
    seen = {image.tobytes() for image in train}
    assert len(seen) == 25_000 - 7
    assert len(cifar100.load()) == len(seen | {image.tobytes() for image in test})
    names = pl.concat(
        [
            pl.read_parquet(path, columns=["class_id", "class_name"])
            for path in map(find, cifar100.PACKED)
            if path
        ]
    )
    assert names.unique().sort("class_id")["class_name"].to_list() == list(cifar100.CARD.classes)


@pytest.mark.slow
@real
def test_mnist(need: Need) -> None:
    need(mnist.PACKED)
    records = mnist.load(split="train")
    assert len(records) == 60_000
    assert np.bincount(records.y)[:3].tolist() == [5_923, 6_742, 5_958]
    mean, sd = channel(np.asarray(records.x))
    np.testing.assert_allclose([mean[0], sd[0]], [0.1307, 0.3081], atol=1e-4)
    assert len(mnist.load(split="test")) == 10_000


@real
def test_adult(need: Need) -> None:
    need(adult.PACKED)
    for part, counts in (("train", [24_720, 7_841]), ("test", [12_435, 3_846])):
        assert np.bincount(adult.load(split=part, distinct=False).y).tolist() == counts
    records = adult.load()
    assert len(records) == adult.CARD.records - (adult.CARD.repeats or 0)
    assert records.x.schema == adult.twin(1, rng=np.random.default_rng(1)).x.schema  # pyright: ignore[reportAttributeAccessIssue]
    _levels_are_listed(records, adult.COLUMNS)


@real
@pytest.mark.slow
def test_diabetes130_has_each_patients_first_stay_and_the_most_frequent_reasons(need: Need) -> None:
    need(diabetes130.PACKED)
    stays = pl.read_parquet(find(diabetes130.PACKED))
    assert (stays.height, stays["patient_nbr"].n_unique()) == (101_766, 71_518)
    reason = pl.col("diag_1").str.extract(r"^([^.]+)").str.zfill(3)
    first = stays.group_by("patient_nbr").agg(reason.sort_by("encounter_id").first())
    often = first["diag_1"].value_counts(sort=True)
    assert sorted(often["diag_1"].head(100)) == list(diabetes130.CARD.classes)
    assert often["count"][99] > often["count"][100], "the hundredth would be a matter of chance"
    records = diabetes130.load(distinct=False)
    counts = dict(zip(diabetes130.CARD.classes, np.bincount(records.y).tolist(), strict=True))
    assert counts == dict(often.head(100).iter_rows())
    assert len(records) == diabetes130.CARD.records
    assert len(diabetes130.load()) == diabetes130.CARD.records - (diabetes130.CARD.repeats or 0)
    for name, codes in diabetes130.ONE_OF.items():
        assert set(stays[name].cast(pl.String)) - {"?", "None", "No", "Unknown/Invalid"} <= set(codes), name


def test_fair_and_its_repeats() -> None:
    everything, kept = fair.load(distinct=False), fair.load()
    assert np.bincount(everything.y).tolist() == [4_313, 2_053]
    assert len(everything) == fair.CARD.records
    assert len(everything) - len(kept) == fair.CARD.repeats
    frame = everything.x.with_columns(y=everything.y)  # pyright: ignore[reportAttributeAccessIssue]
    assert frame.unique().height == len(kept)
    assert "1,178 if" in fair.CARD.note
    assert everything.x.schema == fair.twin(1, rng=np.random.default_rng(1)).x.schema  # pyright: ignore[reportAttributeAccessIssue]
    _levels_are_listed(everything, fair.COLUMNS)


def test_fairs_published_rows_repeat_as_the_card_says() -> None:
    from importlib.resources import files

    rows = pl.read_csv((files("statsmodels") / "datasets" / "fair" / "fair.csv").read_bytes())
    assert f"{rows.height - rows.unique().height:,} of its rows" in fair.CARD.note


def test_digits() -> None:
    records = digits.load()
    assert np.shape(records.x) == (digits.CARD.records, 64)
    assert np.bincount(records.y).min() > 170
    assert records.first_of_each().all()


def _levels_are_listed(records: Records, columns: tuple[object, ...]) -> None:
    """Every value of a real column is a level that its twin may draw, and the other way round."""
    assert isinstance(records.x, pl.DataFrame)
    for column in columns:
        if isinstance(column, adult.Levels):
            assert set(records.x[column.name].drop_nulls()) == set(column.levels), column.name
