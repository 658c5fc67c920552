"""Matching against every permutation, and likeness by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.measure.matching import Nearness, matched
from confide.measure.pictures import ssim


@pytest.mark.parametrize("seed", range(5))
def test_the_matching_is_the_best_of_all_permutations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    claims, truth = rng.random((5, 3)), rng.random((4, 3))

    def cost(places: tuple[int, ...]) -> float:
        return float(((claims[list(places)] - truth) ** 2).sum())

    found = tuple(matched(claims, truth).tolist())
    assert cost(found) == pytest.approx(min(map(cost, permutations(range(5), 4))))


def test_a_claim_that_is_no_number_is_given_to_nobody() -> None:
    claims, truth = np.array([[np.nan], [1.0]]), np.array([[1.0], [2.0]])
    assert matched(claims, truth).tolist() == [1, -1]
    assert Nearness().of(claims, truth).tolist() == [0.0, np.inf]
    assert Nearness(by="psnr").of(claims[:1], truth).tolist() == [-np.inf, -np.inf]


def test_one_claim_is_not_right_about_two_records() -> None:
    truth = np.zeros((2, 3))
    assert Nearness().near(np.zeros((1, 3)), truth).sum() == 1


def test_errors_are_in_ranges_and_psnr_of_a_tenth_of_the_range_is_twenty() -> None:
    claims, truth = np.full((1, 4), 0.2), np.zeros((1, 4))
    assert Nearness(low=-1.0, high=1.0).of(claims, truth)[0] == pytest.approx(0.1)
    assert Nearness(by="psnr", low=-1.0, high=1.0).of(claims, truth)[0] == pytest.approx(20.0)


def test_ssim_is_that_of_pictures_and_needs_their_form() -> None:
    rng = np.random.default_rng(0)
    claims, truth = rng.random((1, 64)), rng.random((1, 64))
    found = Nearness(by="ssim", shape=(8, 8)).of(claims, truth)
    assert found == pytest.approx(ssim(255 * truth.reshape(1, 8, 8), 255 * claims.reshape(1, 8, 8)))
    with pytest.raises(DataError, match="height and width"):
        Nearness(by="ssim")
    with pytest.raises(DataError, match="low below high"):
        Nearness(low=1.0)
