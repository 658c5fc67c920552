"""Minimal unique column sets against a search through all sets of all people."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.attacks.linkage.table._unique_sets import unique_sets
from confide.audits.table.smallest_keys import alone_in_all
from confide.core.errors import DataError


def naive(codes: np.ndarray, person: int, most: int) -> list[tuple[int, ...]]:
    """All minimal unique sets of a person, small ones first."""
    found: list[tuple[int, ...]] = []
    for k in range(1, most + 1):
        for columns in combinations(range(codes.shape[1]), k):
            shared = (codes[:, columns] == codes[person, columns]).all(axis=1).sum()
            if shared == 1 and not any(set(one) <= set(columns) for one in found):
                found.append(columns)
    return found


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_sets_score_and_shares_are_those_of_a_search(n: int, d: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, d)
    codes = (rng.random((n, d)) * sizes).astype(np.int32)
    most = min(most, d)
    found = unique_sets(codes, sizes, most=most)
    for person in range(n):
        wanted = naive(codes, person, most)
        assert found.of(person, smallest=False) == sorted(
            wanted, key=lambda s: (len(s), sum(1 << c for c in s))
        )
        assert found.smallest[person] == min(map(len, wanted), default=0)
        worth = {s: np.prod([d - i for i in range(len(s), min(most, d - 1) + 1)]) for s in wanted}
        assert found.score[person] == sum(worth.values())
        for column in range(d):
            part = sum(w for s, w in worth.items() if column in s)
            assert found.share[person, column] == pytest.approx(part / max(sum(worth.values()), 1))


@settings(max_examples=40)
@given(st.integers(1, 25), st.integers(1, 5), st.integers(0, 10_000))
def test_a_hidden_cell_singles_nobody_out_and_the_other_cells_still_do(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes, hidden = rng.integers(0, 4, (n, d)), rng.random((n, d)) < 0.2
    codes[hidden] = 4
    found = unique_sets(codes, np.full(d, 5), hidden=hidden)
    for person in range(n):
        shown = np.flatnonzero(~hidden[person])
        wanted = [tuple(shown[list(one)].tolist()) for one in naive(codes[:, shown], person, len(shown))]
        assert set(found.of(person, smallest=False)) == set(wanted)
        assert found.smallest[person] == min(map(len, wanted), default=0)
    assert (found.smallest > 0).tolist() == alone_in_all(codes, np.full(d, 5), hidden, None).tolist()


def test_without_a_limit_a_set_counts_the_orders_of_the_other_columns() -> None:
    """Five columns in which person 0 alone has a 1 in the first, and nobody differs elsewhere."""
    codes = np.zeros((4, 5), np.int32)
    codes[0, 0] = 1
    found = unique_sets(codes, np.full(5, 2))
    assert found.of(0) == [(0,)] and found.score.tolist() == [factorial(4), 0, 0, 0]
    assert found.share[0].tolist() == [1, 0, 0, 0, 0]


def test_equal_people_are_never_unique_and_one_person_always_is() -> None:
    assert unique_sets(np.array([[1, 2], [1, 2], [1, 2]]), np.array([3, 3])).smallest.tolist() == [0, 0, 0]
    assert unique_sets(np.array([[1, 2]]), np.array([3, 3])).of(0) == [(0,), (1,)]
    assert unique_sets(np.empty((0, 3), np.int32), np.ones(3)).smallest.shape == (0,)


def test_too_many_columns_are_refused_with_their_number() -> None:
    with pytest.raises(DataError, match="30 columns have 2\\^30 sets"):
        unique_sets(np.zeros((2, 30), np.int32), np.ones(30))
