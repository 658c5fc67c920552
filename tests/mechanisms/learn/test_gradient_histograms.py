"""Gradient histograms against hand-made pictures, a plain loop, and what a promise needs of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.learn.gradient_histograms import GradientHistograms

FEATURES = GradientHistograms(shape=(6, 4), cell=2)


def pictures(n: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(n, 6, 4))


def naive(picture: np.ndarray, cell: int, directions: int) -> np.ndarray:
    """One picture, one pixel after another."""
    height, width = picture.shape
    found = np.zeros((height // cell, width // cell, directions))
    for i in range(height):
        for j in range(width):
            down = picture[min(i + 1, height - 1), j] - picture[max(i - 1, 0), j]
            right = picture[i, min(j + 1, width - 1)] - picture[i, max(j - 1, 0)]
            place = (math.atan2(down, right) % (2 * math.pi)) / (2 * math.pi) * directions
            first, share = int(place), place - int(place)
            votes = found[i // cell, j // cell]
            votes[first % directions] += (1 - share) * math.hypot(down, right)
            votes[(first + 1) % directions] += share * math.hypot(down, right)
    flat = found.ravel() - found.mean()
    return flat / math.sqrt((flat**2).sum()) * math.sqrt(height * width / cell**2)


@pytest.mark.parametrize("directions", [2, 5, 8])
def test_features_are_those_of_a_plain_loop(directions: int) -> None:
    features = GradientHistograms(shape=(6, 4), cell=2, directions=directions)
    for picture, found in zip(pictures(), features(pictures()), strict=True):
        assert found == pytest.approx(naive(picture, 2, directions), abs=1e-9)


def test_an_edge_votes_for_its_direction_alone() -> None:
    """From dark to light to the right is direction 0, downwards 2 of 8, to the left 4, upwards 6."""
    right = np.zeros((6, 6))
    right[:, 3:] = 1
    for turned, direction in ((right, 0), (right.T, 2), (right[:, ::-1], 4), (right.T[::-1], 6)):
        found = GradientHistograms(shape=(6, 6), cell=3)(turned[None]).reshape(4, 8)
        assert (found.argmax(axis=1) == direction).all()
        assert len(np.unique(found.round(9))) == 2  # one number for this direction, one for all others


def test_a_row_depends_on_its_own_picture_to_the_last_bit_and_is_no_longer_than_the_radius() -> None:
    many = pictures(200)
    together = FEATURES(many)
    assert (np.vstack([FEATURES(one[None]) for one in many]) == together).all()
    lengths = np.linalg.norm(together, axis=1)
    assert lengths.max() <= FEATURES.radius == math.sqrt(6)
    assert lengths.min() > FEATURES.radius * (1 - 1e-9)


def test_brightness_and_contrast_do_not_matter() -> None:
    assert FEATURES(3 * pictures() + 7) == pytest.approx(FEATURES(pictures()), abs=1e-9)
    assert FEATURES(pictures().reshape(5, -1)) == pytest.approx(FEATURES(pictures()), abs=0)


def test_a_picture_without_an_edge_is_zero_beside_others() -> None:
    mixed = pictures(3)
    mixed[1] = 0.3
    found = FEATURES(mixed)
    assert not found[1].any() and found[[0, 2]].any(axis=1).all()
    assert FEATURES(pictures(0)).shape == (0, 48)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(PromiseError, match="3 pixels do not fill pictures of 8 by 6"):
        GradientHistograms(shape=(8, 6), cell=3)
    with pytest.raises(PromiseError, match="directions is 1"):
        GradientHistograms(shape=(8, 8), cell=2, directions=1)
    with pytest.raises(DataError, match=r"pictures are \(5, 5\)"):
        FEATURES(np.zeros((2, 5, 5)))
    with pytest.raises(DataError, match="no finite numbers"):
        FEATURES(np.full((1, 6, 4), np.nan))
