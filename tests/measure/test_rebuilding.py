"""Distances of rebuilt records against plain loops, and the bound on blind hits against a search."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.measure.rebuilding import (
    chance_of_hit,
    distances,
    largest_errors,
    nearest,
    rebuilt,
    usual_radius,
)

RNG = np.random.default_rng


def test_distances_by_loops() -> None:
    value, truth = RNG(0).standard_normal((2, 7, 3))
    value[3, 1] = np.nan
    far, largest = distances(value, truth), largest_errors(value, truth)
    for i in range(7):
        if i == 3:
            assert far[i] == largest[i] == np.inf
            continue
        assert far[i] == pytest.approx(np.linalg.norm(value[i] - truth[i]))
        assert largest[i] == pytest.approx(max(abs(value[i] - truth[i])))


def test_the_nearest_other_record_by_loops() -> None:
    some = RNG(1).standard_normal((9, 2))
    some[4] = some[2]  # a copy is no other record
    found = nearest(some, some)
    for i in range(9):
        others = [np.linalg.norm(some[i] - o) for o in some if (o != some[i]).any()]
        assert found[i] == pytest.approx(min(others))
    assert nearest(some, some, distinct=False).tolist() == pytest.approx([0.0] * 9, abs=1e-7)


def test_no_guess_hits_more_than_the_bound_says() -> None:
    """Many guesses on a grid: the best one is at most the bound, and not far below it."""
    some = RNG(2).standard_normal((40, 2))
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 61)] * 2), axis=-1).reshape(-1, 2)
    for radius in (0.1, 0.4, 1.0):
        best = max((np.linalg.norm(some - g, axis=1) <= radius).mean() for g in grid)
        bound = chance_of_hit(some, radius)
        assert best <= bound <= 6 * best + 1 / 40
    assert chance_of_hit(some, 1e-9) == 1 / 40 and chance_of_hit(some, 100.0) == 1.0


def test_what_is_held_against_the_blind() -> None:
    truth, known = np.array([[0.0, 0.0], [4.0, 0.0]]), np.array([[1.0, 0.0], [3.0, 0.0]])
    found = rebuilt(np.array([[0.1, 0.0], [9.0, 0.0]]), truth, known, radius=0.5)
    assert found.hit.tolist() == [True, False]
    assert found.of_mean.tolist() == [2.0, 2.0] and found.of_nearest.tolist() == pytest.approx([1.0, 1.0])
    assert usual_radius(np.array([[0.0], [2.0], [4.0]])) == pytest.approx(1.0)
    with pytest.raises(DataError, match="all records are equal"):
        usual_radius(np.ones((3, 2)))
