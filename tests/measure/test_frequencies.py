"""Frequencies from randomised answers: closed forms, the simplex by brute force, and intervals that hold."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from confide.core.errors import EvidenceError
from confide.measure.frequencies import invariant, kept_or_not, mean_of, on_simplex, undone


def test_warners_estimate_is_the_papers():
    """60 of 100 say yes where an answer is true with chance 3/4: (0.6 + 0.75 - 1) / (2 x 0.75 - 1)."""
    found = kept_or_not(np.array([40, 60]), 100, keep=0.75, other=0.25, values="ny", confidence=0.95)
    assert found.unbiased[1].value == pytest.approx((0.6 + 0.75 - 1) / 0.5)
    deviation = math.sqrt(0.6 * 0.4 / 100) / 0.5
    assert found.unbiased[1].low == pytest.approx(0.7 - 1.96 * deviation, abs=0.02)


def test_answers_that_say_nothing_give_no_estimate():
    found = kept_or_not(np.array([40, 60]), 100, keep=0.5, other=0.5, values="ny", confidence=0.95)
    assert math.isnan(found.unbiased[0].value) and np.isnan(found.projected).all()
    assert (found.unbiased[0].low, found.unbiased[0].high) == (0, 1)


def test_a_symmetric_matrix_is_k_ary_response():
    matrix = np.full((3, 3), 0.2) + 0.4 * np.eye(3)
    counts = np.array([50, 30, 20])
    one = undone(counts, matrix, values="abc", confidence=0.95)
    other = kept_or_not(counts, 100, keep=0.6, other=0.2, values="abc", confidence=0.95)
    for a, b in zip(one.unbiased, other.unbiased, strict=True):
        assert a.value == pytest.approx(b.value)
        assert a.low == pytest.approx(b.low, abs=0.04) and a.high == pytest.approx(b.high, abs=0.04)
    with pytest.raises(EvidenceError, match="cannot be undone"):
        undone(counts, np.full((3, 3), 1 / 3), values="abc", confidence=0.95)
    with pytest.raises(EvidenceError, match="no answer"):
        undone(np.zeros(3, int), matrix, values="abc", confidence=0.95)


def test_an_invariant_share_stays_and_its_interval_is_that_of_half_the_people():
    found = invariant(np.array([80, 20]), values="ab", confidence=0.95)
    half = kept_or_not(np.array([40, 10]), 50, keep=1.0, other=0.0, values="ab", confidence=0.95)
    assert found.unbiased[0] == half.unbiased[0] and found.unbiased[0].value == 0.8


@pytest.mark.parametrize("seed", range(5))
def test_the_projection_is_the_nearest_point(seed: int):
    """Held against a general optimiser, and against all faces of the simplex."""
    shares = np.random.default_rng(seed).normal(0.25, 0.5, 4)
    found = on_simplex(shares)
    assert found.min() >= 0 and found.sum() == pytest.approx(1)
    faces = []
    for size in range(1, 5):
        for face in map(list, itertools.combinations(range(4), size)):
            point = np.zeros(4)
            point[face] = shares[face] + (1 - shares[face].sum()) / size
            if point.min() >= 0:
                faces.append(float(((point - shares) ** 2).sum()))
    assert ((found - shares) ** 2).sum() == pytest.approx(min(faces))
    general = minimize(
        lambda p: ((p - shares) ** 2).sum(),
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
    )
    assert found == pytest.approx(general.x, abs=1e-4)


def test_a_mean_has_students_interval():
    found = mean_of(np.array([1.0, 2.0, 3.0, 6.0]), confidence=0.95)
    assert found.value == 3
    assert found.high - 3 == pytest.approx(3.182446 * math.sqrt(14 / 3) / 2, rel=1e-6)
    with pytest.raises(EvidenceError, match="1 numbers"):
        mean_of(np.array([1.0]), confidence=0.95)
