"""Near copies on both sides are found, and records of one law are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.near_copies import near_copies
from confide.inputs.overlap import remove_overlap
from confide.views.records import Records

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((600, 60)) * 3 + 100, RNG.integers(0, 2, 600)
MEMBERS, FRESH = Records(X[:300], Y[:300]), Records(X[300:], Y[300:])
CHANGES = {
    "another last digit": lambda x: x + 1e-9,
    "float32 and back": lambda x: x.astype(np.float32).astype(np.float64),
    "seven digits": lambda x: np.round(x, 4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_members_among_the_non_members_are_found_whatever_their_last_digits(change: str) -> None:
    x = FRESH.x.copy()
    x[:90] = CHANGES[change](X[200:290])
    mixed = Records(x, np.concatenate([Y[200:290], FRESH.y[90:]]))
    inside, outside = near_copies(MEMBERS, mixed)
    assert np.flatnonzero(inside).tolist() == list(range(200, 290))
    assert np.flatnonzero(outside).tolist() == list(range(90))
    with pytest.raises(DataError, match=r"90 records stand among .*, with other last digits \(rows? 1"):
        remove_overlap(MEMBERS, mixed, None, allow_overlap=False)
    left = remove_overlap(MEMBERS, mixed, None, allow_overlap=True)
    assert len(left.members) == len(left.nonmembers) == 210


def test_of_one_law_nobody_is_a_copy() -> None:
    assert not any(part.any() for part in near_copies(MEMBERS, FRESH))
    few = Records(np.concatenate([X[:4] + 1e-9, FRESH.x[4:]]), np.concatenate([Y[:4], FRESH.y[4:]]))
    assert not any(part.any() for part in near_copies(MEMBERS, few)), "four of 300 may be chance"


@pytest.mark.parametrize("codes", [1, 5])
def test_with_one_fraction_alone_nearness_is_chance_and_copies_are_found(codes: int) -> None:
    """Of 12,000 records a side with one fraction most have a near one on the other side, and on their own."""
    rng, n = np.random.default_rng(2), 12_000
    x = np.column_stack([rng.standard_normal(2 * n), rng.integers(0, codes, 2 * n)])
    one, other = Records(x[:n], np.zeros(n)), Records(x[n:], np.zeros(n))
    assert not any(part.any() for part in near_copies(one, other))
    again = Records(x[:n] + 1e-9 * rng.standard_normal((n, 1)) * [1, 0], np.zeros(n))
    assert all(part.all() for part in near_copies(one, again))


def test_whole_numbers_and_texts_are_left_to_exact_comparison() -> None:
    frame = pl.DataFrame({"age": RNG.integers(20, 60, 300), "code": RNG.choice(["a", "b"], 300)})
    sides = Records(frame, Y[:300]), Records(frame.reverse(), Y[:300])
    assert not any(part.any() for part in near_copies(*sides))
    half = frame.with_columns(pl.col("age") / 2 + 0.25)
    other = half.with_columns(
        pl.when(pl.col("code") == "a").then(pl.lit("b")).otherwise(pl.lit("a")).alias("code")
    )
    assert not any(p.any() for p in near_copies(Records(half[:40], Y[:40]), Records(other[:40], Y[:40])))
    floats = [Records(s.x.with_columns(pl.col("age").cast(pl.Float64)), s.y) for s in sides]
    assert not any(part.any() for part in near_copies(*floats))


def test_records_without_a_number_have_no_last_digits() -> None:
    """Texts, in a frame of one column or in an array, and pictures in whole numbers."""
    texts = pl.DataFrame({"text": [f"word {i}" for i in range(300)]})
    for x in (texts, texts.to_numpy(), texts["text"].to_numpy().astype(str), X[:300].astype(np.uint8)):
        sides = Records(x, Y[:300]), Records(x[::-1], Y[:300])
        assert not any(part.any() for part in near_copies(*sides))


def test_another_label_is_another_record() -> None:
    other = Records(MEMBERS.x + 1e-9, 1 - MEMBERS.y)
    assert not any(part.any() for part in near_copies(MEMBERS, other))
