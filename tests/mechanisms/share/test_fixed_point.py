"""Stochastic rounding: a neighbour on the grid, the number itself on average, and no overflow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.share.fixed_point import FixedPoint

ALPHA = 1e-6
"""Each statistical test alarms falsely once in a million runs."""


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=20), st.integers(0, 2**32))
def test_each_number_becomes_one_of_its_neighbours(values: list[float], seed: int):
    grid = FixedPoint(limit=3.0, steps=2.0**10)
    whole = grid.rounded(np.array(values), words=rehearsal_words(np.random.default_rng(seed)))
    for value, found in zip(values, whole.tolist(), strict=True):
        assert found in (math.floor(value * 1024), math.ceil(value * 1024))
        assert abs(found) <= grid.bound


@pytest.mark.parametrize("value", [0.25, -0.25, 1.9])
def test_the_chance_of_rounding_up_is_the_part_above(value: float):
    """An exact binomial test; rounding to the nearest is told apart."""
    grid = FixedPoint(limit=2.0, steps=1.0)
    ups = int((grid.rounded(np.full(20_000, value)) == math.floor(value) + 1).sum())
    assert binomtest(ups, 20_000, value - math.floor(value)).pvalue > ALPHA
    nearest = 20_000 * int(round(value) > value)
    assert binomtest(nearest, 20_000, value - math.floor(value)).pvalue < ALPHA


@pytest.mark.parametrize("clients", [3, 100, 10_000])
@pytest.mark.parametrize("limit", [1e-3, 1.0, 5.0, 1e4])
def test_the_largest_sum_fits_and_a_finer_grid_would_not(clients: int, limit: float):
    grid = FixedPoint.for_clients(clients, limit=limit)
    assert clients * grid.bound < 2**31
    finer = FixedPoint(limit=limit, steps=2 * grid.steps)
    assert clients * (finer.bound + 1) >= 2**31


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1.5, -1.0000001])
def test_numbers_that_do_not_fit_are_refused(value: float):
    with pytest.raises(DataError, match=r"1 of 3 numbers .* at 1: clip"):
        FixedPoint(limit=1.0, steps=8.0).rounded(np.array([0.0, value, 1.0]))


def test_grids_that_are_none_are_refused():
    for limit, steps in ((0.0, 1.0), (np.nan, 1.0), (1.0, 0.0), (1.0, 0.5), (np.inf, 1.0)):
        with pytest.raises(PromiseError, match="steps a unit"):
            FixedPoint(limit=limit, steps=steps)
    with pytest.raises(PromiseError, match="do not fit"):
        FixedPoint.for_clients(2**31, limit=1.0)
