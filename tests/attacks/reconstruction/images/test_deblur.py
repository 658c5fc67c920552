"""Undoing: the transfer is the blur's, what is not rounded comes back, a mosaic without a prior does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import idctn

from confide.attacks.reconstruction.images.deblur import EXACT, deblurred, depixelated, power_of, transfer
from confide.data import twins
from confide.measure.pictures import psnr
from confide.mechanisms.anonymize.gaussian_blur import blurred
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.views.images import Pictures


def smooth() -> np.ndarray:
    return twins.pictures(40, name="deblur", people=20, shape=(30, 22), rng=np.random.default_rng(0)).pixels


@pytest.mark.parametrize("sigma", [0.5, 2.0, 6.0])
def test_a_cosine_is_only_damped_and_by_the_transfer(sigma):
    """Sigma 6 reaches beyond the picture, and is folded back."""
    for f, g in ((0, 0), (1, 0), (3, 5), (12, 7)):
        wave = np.zeros((1, 13, 8))
        wave[0, f, g] = 1.0
        wave = idctn(wave, axes=(1, 2), norm="ortho")
        damped = transfer(13, sigma)[f] * transfer(8, sigma)[g]
        assert blurred(wave, sigma) == pytest.approx(damped * wave, abs=1e-12)


def test_what_is_not_rounded_comes_back_and_rounding_costs_most_of_it():
    clear = smooth()
    power, exact = power_of(clear), blurred(clear, 1.0)
    back = deblurred(exact, sigma=1.0, power=power, noise=EXACT)
    assert psnr(clear, back).min() > 60
    rounded = deblurred(np.round(exact), sigma=1.0, power=power)
    assert psnr(clear, np.round(exact)).mean() < psnr(clear, rounded).mean() < psnr(clear, back).mean()


def test_colours_come_back_too():
    clear = np.stack([smooth()[k::3][:12] for k in range(3)], axis=-1)
    back = deblurred(blurred(clear, 1.0), sigma=1.0, power=power_of(clear), noise=EXACT)
    assert psnr(clear, back).min() > 60


def test_a_mosaic_without_a_prior_is_its_own_inverse_and_with_one_keeps_its_means():
    clear = smooth()
    released = Mosaic(side=5)(Pictures(clear), rng=None).view.pixels  # 5 divides 30, not 22
    white = depixelated(released, side=5, power=np.full((30, 22), 1e9))
    assert white == pytest.approx(released.astype(float), abs=0.01)
    back = depixelated(released, side=5, power=power_of(clear))
    whole = (slice(None), slice(None), slice(0, 20))
    means = [p[whole].reshape(40, 6, 5, 4, 5).mean(axis=(2, 4)) for p in (back, released.astype(float))]
    assert np.abs(means[0] - means[1]).max() < 0.5
    assert psnr(clear, back).mean() > psnr(clear, released).mean()
