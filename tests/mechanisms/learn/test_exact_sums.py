"""Sums of shortened gradients: a part is its own record's to the last bit, and no longer than it may be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from confide.mechanisms.learn.exact_sums import SAFETY, GradientSums, in_steps, rounded, shown
from confide.mechanisms.learn.sufficient_statistics import product_sums
from confide.models.linear import features_of

RADIUS = 3.0


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def crowd(n: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = rounded(features_of(2 * rng(seed).standard_normal((n, 7)), RADIUS), RADIUS)
    return x, rng(seed + 1).integers(classes, size=n)


def sums_of(x, y, classes: int, longest: float, owner=None) -> GradientSums:
    truth = y[:, None] == np.arange(classes)
    return GradientSums(x=x, truth=truth, owner=owner, radius=RADIUS, longest=longest)


def weights_of(classes: int, seed: int) -> np.ndarray:
    return shown(rng(seed).standard_normal((classes if classes > 2 else 1, 8)))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("longest", [0.05, 1.5, 100.0])
def test_a_record_adds_the_same_whole_numbers_whoever_else_is_there(classes: int, longest: float):
    """Sums over subsets of any size and order add up exactly: no part depends on its neighbours."""
    x, y = crowd(301, classes, 0)
    weights, every = weights_of(classes, 5), rng(6).permutation(301)
    whole = sums_of(x, y, classes, longest)(weights)
    alone = sum(sums_of(x[[i]], y[[i]], classes, longest)(weights) for i in range(301))
    assert (whole == alone).all()
    for cut in (1, 17, 150, 300):
        parts = [sums_of(x[rows], y[rows], classes, longest)(weights) for rows in (every[:cut], every[cut:])]
        assert (parts[0] + parts[1] == whole).all()


@pytest.mark.parametrize("classes", [2, 4])
def test_people_add_the_same_whole_numbers_whoever_else_is_there(classes: int):
    x, y = crowd(301, classes, 0)
    owner, weights = rng(7).integers(40, size=301), weights_of(classes, 5)
    owner = np.unique(owner, return_inverse=True)[1]
    whole = sums_of(x, y, classes, 0.7, owner)(weights)
    parts = []
    for one in range(owner.max() + 1):
        rows = np.flatnonzero(owner == one)
        parts.append(sums_of(x[rows], y[rows], classes, 0.7, np.zeros(len(rows), np.int64))(weights))
    unit = sums_of(x, y, classes, 0.7).unit
    assert (whole == sum(parts)).all()
    lengths = np.array([np.linalg.norm(part * unit) for part in parts])
    assert lengths.max() <= 0.7 * (1 + SAFETY) and (lengths > 0.69).any(), (
        "some were shortened, none is longer"
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_the_sum_is_that_of_shortened_gradients(classes: int):
    """A naive loop, in floating point: within what rounding to 16 bits can be off."""
    x, y = crowd(120, classes, 3)
    weights, longest, expected = weights_of(classes, 4), 0.8, 0.0
    sums = sums_of(x, y, classes, longest)
    for features, label in zip(x, y, strict=True):
        logits = weights @ features
        p = softmax(np.append(0, logits) if classes == 2 else logits)
        gradient = np.outer((p - np.eye(classes)[label])[-len(weights) :], features)
        expected = expected + gradient * min(1, longest / np.linalg.norm(gradient))
    assert sums(weights) * sums.unit == pytest.approx(expected, abs=120 * 2**-16 * (RADIUS + 1))


def test_no_record_is_longer_than_it_may_be_and_some_are_as_long():
    x, y = crowd(2_000, 3, 8)
    x = np.sign(x - 0.1) * RADIUS / np.sqrt(7) * np.append(np.ones(7), 0) + np.append(np.zeros(7), 1)
    x = rounded(x, RADIUS)
    weights = weights_of(3, 2) * 8
    for longest in (0.1, 1.0, 3.0):
        one = [sums_of(x[[i]], y[[i]], 3, longest) for i in range(200)]
        lengths = [np.linalg.norm(s(weights) * s.unit) for s in one]
        assert max(lengths) <= longest * (1 + SAFETY) and max(lengths) > 0.99 * longest


def test_whole_numbers_are_rounded_to_the_nearest_step():
    units = rng(1).integers(-(2**40), 2**40, size=1_000)
    for step in (2.0**-3, 1.0, 2.0**9):
        found = in_steps(units, 2.0**-3, step)
        assert np.abs(found * step - units * 2.0**-3).max() <= step / 2
    assert (np.abs(shown(rng(2).standard_normal((3, 200)) * 1e6)) <= 256).all()


def test_products_are_exact_and_people_weigh_no_more_than_one_record():
    x, _ = crowd(200, 2, 4)
    t = rounded(rng(5).uniform(-3, 3, 200), RADIUS)
    owner = np.unique(rng(6).integers(60, size=200), return_inverse=True)[1]
    every = product_sums(x, t, None, RADIUS)
    alone = sum(product_sums(x[[i]], t[[i]], None, RADIUS) for i in range(200))
    assert (every == alone).all()
    step = 2.0 ** (2 - 16)
    assert every * step**2 == pytest.approx(x.T @ np.column_stack([x, t]), rel=1e-12)
    people = product_sums(x, t, owner, RADIUS)
    longest, total = 0.0, 0
    for one in range(owner.max() + 1):
        rows = np.flatnonzero(owner == one)
        part = product_sums(x[rows], t[rows], np.zeros(len(rows), np.int64), RADIUS)
        total, longest = total + part, max(longest, np.linalg.norm(part * step**2))
    assert (people == total).all() and longest <= np.sqrt(2) * (RADIUS**2 + 1)
