"""How far sums of noises stray: as a naive sum over their discrete laws says, and quotients by hand."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import ndtr

from confide.mechanisms.statistics.bands import Band
from confide.mechanisms.statistics.intervals import Quotient
from confide.mechanisms.statistics.laws import Law
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, IntegerNoise, LaplaceIntegers


def law_of(noise: IntegerNoise) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers, and the chance of each: from the definition."""
    laplace = isinstance(noise, LaplaceIntegers)
    k = np.arange(-int((25 if laplace else 9) * noise.scale) - 6, int(25 * noise.scale) + 7)
    k = k[np.abs(k) <= -k[0]]
    weight = np.exp(-np.abs(k) / noise.scale if laplace else -(k**2) / (2 * noise.scale**2))
    return k, weight / weight.sum()


def summed(terms: list[tuple[IntegerNoise, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The points of a weighted sum of noises, and the chance of each, term by term."""
    points, mass = np.zeros(1), np.ones(1)
    for noise, weight in terms:
        k, one = law_of(noise)
        points, mass = (points[:, None] + weight * k).ravel(), (mass[:, None] * one).ravel()
    return points, mass


def laplace(scale: float) -> LaplaceIntegers:
    return LaplaceIntegers(1, scale)


def gaussian(scale: float) -> GaussianIntegers:
    return GaussianIntegers(1, scale)


@pytest.mark.parametrize(
    ("terms", "deviation"),
    [
        ([(laplace(6.0), 1.0)], 0.0),
        ([(laplace(6.0), 1.0)], 9.0),
        ([(laplace(40.0), 1.0), (laplace(5.0), 7.0)], 0.0),
        ([(gaussian(6.0), 1.0), (laplace(3.0), 2.0)], 4.0),
    ],
)
def test_widths_are_those_of_a_naive_sum_over_the_law(terms, deviation: float) -> None:
    """P(|sum| <= w), added up term by term, is 95 %, and at most .015 more, for a step."""
    law = Law.of(terms, np.array([deviation**2]))
    found = law.half_width()[0]
    points, mass = summed(terms)
    if deviation:
        covered = float(mass @ (ndtr((found + points) / deviation) - ndtr((points - found) / deviation)))
    else:
        covered = float(mass[np.abs(points) <= found + 1e-9].sum())
    assert 0.95 <= covered <= 0.965
    assert law.outside(np.array([found]))[0] == pytest.approx(0.05, abs=1e-6)


SMALL = (0.05, 0.2, 0.37, 0.5, 1.0, 2.0)


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [(laplace, laplace), (gaussian, gaussian), (laplace, gaussian)])
def test_little_noise_in_sums_is_covered_by_its_discrete_law(kinds) -> None:
    """All pairs of scales up to 2 steps, at six weights: never less than 95 %. Continuous laws do not."""
    plain = []
    for one, two, weight in product(SMALL, SMALL, (0, 0.1, 0.5, 0.9, 1, 3)):
        terms = [(kinds[0](one), 1.0), (kinds[1](two), weight)]
        law = Law.of(terms, np.zeros(1))
        width = law.half_width()[0]
        points, mass = summed(terms)
        assert mass[np.abs(points) <= width + 1e-9].sum() >= 0.95, (one, two, weight)
        plain.append(mass[np.abs(points) <= width - law.farther[0] + 1e-9].sum())
    assert min(plain) < 0.93


@pytest.mark.parametrize("scales", [[3.0], [3.0, 1.0], [2.0, 2.0], [5.0, 5.0, 5.0], [1e-3, 4.0], [0.0, 2.0]])
@pytest.mark.parametrize("deviation", [0.0, 0.5, 4.0])
def test_the_law_of_continuous_noises_is_that_of_draws(scales: list[float], deviation: float) -> None:
    """200,000 draws: a share of 5 % strays by .003 once in a billion; equal scales are moved by up to 1 %."""
    draw = np.random.default_rng(1)
    drawn = sum(draw.laplace(0, s, 200_000) for s in scales if s) + deviation * draw.standard_normal(200_000)
    width = Law(np.array(scales)[:, None], np.array([deviation]), np.zeros(1)).half_width()[0]
    assert (np.abs(drawn) > width).mean() == pytest.approx(0.05, abs=0.004)


def test_noise_that_is_none_is_no_interval() -> None:
    assert Law(np.zeros((2, 3)), np.zeros(3), np.zeros(3)).half_width().tolist() == [0, 0, 0]


@pytest.mark.parametrize("noise", [laplace, gaussian])
def test_the_band_of_a_quantile_covers_each_place_by_the_discrete_law(noise) -> None:
    """All sums of up to nine counts at small scales, by convolution: within 95 % at least."""
    plain = []
    for scale, codes, p in product((0.2, 0.4, 0.5, 0.7, 1.0, 2.0), (1, 2, 3, 9), (0.05, 0.4, 0.5)):
        k, one = law_of(noise(scale))
        band = Band(counts=np.zeros((1, codes)), noise=noise(scale), p=p)
        widths = band.half_width(np.zeros((1, 1)))[0]
        for before in range(1, codes + 1):
            sums = [np.ones(1), np.ones(1)]
            for place in range(codes):
                sums[place >= before] = np.convolve(sums[place >= before], one)
            left, right = (np.arange(len(s)) - len(s) // 2 for s in sums)
            points = ((1 - p) * left[:, None] - p * right).ravel()
            mass = np.outer(*sums).ravel()
            assert mass[np.abs(points) <= widths[before - 1] + 1e-9].sum() >= 0.95, (scale, codes, p, before)
            deviation = math.sqrt(((1 - p) ** 2 * before + p**2 * (codes - before)) * (k**2 @ one))
            plain.append(mass[np.abs(points) <= 1.96 * deviation + 1e-9].sum())
    assert min(plain) < 0.85


def test_a_quotient_whose_divisor_could_be_0_is_anything_within_its_bounds() -> None:
    """Against Fieller's ends by hand, for normal noise, which is within 1.96 deviations."""

    def ends(top: float, below: float, of_top: float, of_below: float) -> list[float]:
        step, cells = 2.0**-20, np.ones(1)
        one, two = (gaussian(width / 1.96 / step) for width in (of_top, of_below))
        made = Quotient(
            top=top * cells,
            below=below * cells,
            error=lambda q: [(one, step), (two, step * q)],
            sampling=lambda q: 0 * q,
            jump=lambda q: 0 * q,
            low=-7 * cells,
            high=9 * cells,
        ).interval(sampling=False)
        return [float(made.low[0]), float(made.high[0])]

    assert ends(3.0, -2.0, 5.0, 1.0) == [-7, 9]
    assert ends(3.0, 1.0, 50.0, 1.0) == [-7, 9]
    # |100 - 50 m| <= 10: from 1.8 to 2.2.
    assert ends(100.0, 50.0, 10.0, 1e-3) == pytest.approx([1.8, 2.2], rel=1e-4)
    # |100 - 50 m| <= 10 m: from 100 / 60 to 100 / 40.
    assert ends(100.0, 50.0, 1e-3, 10.0) == pytest.approx([100 / 60, 2.5], rel=1e-4)
