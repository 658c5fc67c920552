"""Records: equal records have equal keys, other records other keys, and content names itself."""

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.views.records import Records


def binary(n: int, d: int, seed: int) -> Records:
    rng = np.random.default_rng(seed)
    return Records(rng.integers(0, 2, (n, d)).astype(np.uint8), rng.integers(0, 3, n))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int64])
def test_fingerprints_agree_with_comparing_rows_one_by_one(dtype: type) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (300, 5)).astype(dtype)
    y = rng.integers(0, 2, 300)
    keys = Records(x, y).fingerprints()
    rows = [(*x[i].tolist(), int(y[i])) for i in range(300)]
    same = np.array([[a == b for b in rows] for a in rows])
    assert np.array_equal(keys[:, None] == keys[None, :], same)


def test_fingerprints_do_not_collide_on_similar_rows() -> None:
    x = np.unpackbits(np.arange(2**16, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1)
    keys = Records(x, np.zeros(len(x), np.int64)).fingerprints()
    assert len(np.unique(keys)) == 2**16


def test_negative_zero_is_zero() -> None:
    keys = Records(np.array([[0.0], [-0.0]]), np.zeros(2)).fingerprints()
    assert keys[0] == keys[1]


def test_the_label_counts() -> None:
    keys = Records(np.ones((2, 3)), np.array([0, 1])).fingerprints()
    assert keys[0] != keys[1]


def test_frames_have_fingerprints_too() -> None:
    frame = pl.DataFrame({"a": [1, 1, 2], "b": ["x", "x", "x"]})
    keys = Records(frame, np.zeros(3, np.int64)).fingerprints()
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("change", ["x", "y", "dtype", "order"])
def test_the_digest_follows_the_content_not_the_name(change: str) -> None:
    records = binary(50, 4, 2)
    x, y = records.x.copy(), records.y.copy()
    assert Records(x, y).digest() == records.digest()
    if change == "x":
        x[3, 1] ^= 1
    elif change == "y":
        y[7] += 1
    elif change == "dtype":
        x = x.astype(np.int8)
    else:
        x, y = x[::-1].copy(), y[::-1].copy()
    assert Records(x, y).digest() != records.digest()


def test_take_and_concat_keep_rows_together() -> None:
    records = binary(20, 3, 3)
    again = Records.concat([records.take(np.arange(20) < 8), records.take(range(8, 20))])
    assert np.array_equal(again.x, records.x)
    assert np.array_equal(again.y, records.y)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(DataError, match="3 rows of features but 2 labels"):
        Records(np.ones((3, 1)), np.ones(2))
