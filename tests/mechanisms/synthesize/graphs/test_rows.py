"""Rows of a tree: right in number, right on average, and shuffled inside each group."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.synthesize.graphs import rows as rows_module
from confide.mechanisms.synthesize.graphs.fitting import fit
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.graphs.rows import rounded
from confide.mechanisms.synthesize.measured import Measured


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def siblings(n: float) -> TreeModel:
    """One parent of 3 values with two children of 4 values, each depending on it."""
    child = n / 3 * np.array([[0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25], [0.1, 0.1, 0.1, 0.7]])
    pairs = [Measured(columns=(0, c), counts=child, sigma=1.0, rho=0.0) for c in (1, 2)]
    return fit((3, 4, 4), pairs, until=0)


def pair_of(rows: Any) -> Floats:
    return np.bincount(rows[:, 1] * 4 + rows[:, 2], minlength=16).reshape(4, 4).astype(float)


def distance(n: int, seed: int) -> float:
    """Pearson's chi-squared of the two children's joint counts inside each group of their parent."""
    model = siblings(n)
    drawn = model.rows(n, rng=rng(seed))
    expected = model.margin((0, 1, 2))
    seen = np.bincount(drawn @ [16, 4, 1], minlength=48).reshape(3, 4, 4)
    return float(((seen - expected) ** 2 / expected).sum())


def test_two_children_of_one_parent_deviate_by_sampling_error_only() -> None:
    # Both margins of each group are fixed: 3 (4 - 1)^2 = 27 degrees of freedom; 99 is exceeded once in 10^9.
    assert distance(9_000, 1) < 99
    # On average over 40 draws it is 27 +- 1.2; five deviations.
    assert abs(np.mean([distance(9_000, seed) for seed in range(40)]) - 27) < 6


def test_a_twin_without_the_shuffle_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unshuffled:
        """A generator whose permutations are none."""

        def __init__(self) -> None:
            self.real = rng(1)

        def permutation(self, n: int) -> Any:
            return np.arange(n)

        def random(self, size: Any) -> Any:
            return self.real.random(size)

    model = siblings(9_000)
    twin: Any = Unshuffled()
    seen, expected = pair_of(rows_module.rows_of(model, 9_000, rng=twin)), model.margin((1, 2))
    assert ((seen - expected) ** 2 / expected).sum() > 1_000


def test_each_clique_is_reproduced_to_a_row() -> None:
    model = siblings(9_001.0)
    drawn = model.rows(9_001, rng=rng(3))
    for child in (1, 2):
        seen = np.bincount(drawn[:, 0] * 4 + drawn[:, child], minlength=12).reshape(3, 4)
        # A clique's cells are rounded within their group, whose size was rounded before.
        assert np.abs(seen - model.margin((0, child))).max() < 2


def test_rounding_is_exact_in_sum_within_one_and_right_on_average() -> None:
    odds = np.array([[0.5, 1.25, 1.25], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0]])
    size = np.array([3, 7, 1])
    expected = odds / odds.sum(axis=1, keepdims=True) * size[:, None]
    draws = np.array([rounded(odds, size, rng=rng(i)) for i in range(4_000)])
    assert (draws.sum(axis=2) == size).all() and (np.abs(draws - expected) < 1).all()
    # Each number deviates by at most a half: five deviations of the mean of 4,000 are .04.
    assert np.abs(draws.mean(axis=0) - expected).max() < 0.04


@pytest.mark.parametrize("sizes", [(1,), (5,), (1, 1), (2, 1, 3)])
def test_tables_of_few_columns_and_values(sizes: tuple[int, ...]) -> None:
    model = fit(sizes, [Measured(columns=(0,), counts=np.full(sizes[0], 4.0), sigma=1.0, rho=0.0)])
    for n in (0, 1, 17):
        drawn = model.rows(n, rng=rng())
        assert drawn.shape == (n, len(sizes)) and drawn.dtype == np.int32
        assert (drawn >= 0).all() and (drawn < np.array(sizes)).all()
    with pytest.raises(DataError, match="0 or more"):
        model.rows(-1, rng=rng())


def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    model = siblings(500)
    assert (model.rows(400, rng=rng(5)) == model.rows(400, rng=rng(5))).all()
    assert (model.rows(400, rng=rng(5)) != model.rows(400, rng=rng(6))).any()


def test_empty_cells_stay_empty() -> None:
    counts = np.array([[0.0, 50.0], [50.0, 0.0]])
    model = fit((2, 2), [Measured(columns=(0, 1), counts=counts, sigma=1e-3, rho=0.0)], until=0, steps=4_000)
    drawn = model.rows(100, rng=rng())
    assert (drawn[:, 0] != drawn[:, 1]).all()


@pytest.mark.slow
def test_a_million_rows_of_fourteen_columns_take_seconds() -> None:
    chain = [Measured(columns=(i, i + 1), counts=np.ones((16, 16)), sigma=1.0, rho=0.0) for i in range(13)]
    model = fit((16,) * 14, chain)
    began = time.process_time()
    assert len(model.rows(1_000_000, rng=rng())) == 1_000_000
    assert time.process_time() - began < 15
