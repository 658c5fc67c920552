"""Noise on whole numbers: its law, its exact privacy map, its intervals, and a broken twin that is caught."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from confide.core.arrays import Ints
from confide.core.errors import PromiseError
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, IntegerNoise, LaplaceIntegers

ALPHA = 1e-6
DRAWS = 10_000


def law(noise: IntegerNoise, scale: float, ks: Ints) -> np.ndarray:
    """The probability of each whole number, term by term from the definition of the law."""
    wide = np.arange(-ks.max() * 40, ks.max() * 40 + 1)
    gaussian = isinstance(noise, GaussianIntegers)

    def weight(k: Ints) -> np.ndarray:
        return np.exp(-((k / scale) ** 2) / 2 if gaussian else -np.abs(k) / scale)

    return weight(ks) / weight(wide).sum()


def fits(noise: IntegerNoise, drawn: Ints, scale: float) -> bool:
    """A chi-squared test against the law of this scale, with everything beyond 3 scales in two cells."""
    edge = math.ceil(3 * scale)
    ks = np.arange(-edge, edge + 1)
    p = law(noise, scale, ks)
    tail = (1 - p.sum()) / 2
    seen = [(drawn < -edge).sum(), *(int((drawn == k).sum()) for k in ks), (drawn > edge).sum()]
    return bool(stats.chisquare(seen, np.array([tail, *p, tail]) * len(drawn)).pvalue > ALPHA)


@pytest.mark.parametrize(
    "noise",
    [
        LaplaceIntegers.for_epsilon(l1=2, epsilon=Fraction(1)),
        GaussianIntegers.for_rho(l2_squared=9, rho=Fraction(1, 2)),
    ],
)
def test_the_noise_has_its_law_and_no_other(noise: IntegerNoise) -> None:
    """10,000 draws: a true law is refused once in a million runs; two thirds and three halves are refused."""
    drawn = noise([7] * DRAWS) - 7
    assert fits(noise, drawn, noise.scale)
    assert not fits(noise, drawn, noise.scale / 1.5)
    assert not fits(noise, drawn, noise.scale * 1.5)


@pytest.mark.parametrize("l1", [1, 3, 20, 2**31 + 1])
@pytest.mark.parametrize("millionths", [3, 100_000, 333_333, 5_000_000])
def test_the_map_is_exact_in_fractions_and_wastes_nothing(l1: int, millionths: int) -> None:
    epsilon = Fraction(millionths, 10**6)
    if Fraction(l1) / epsilon > 2**40:
        with pytest.raises(PromiseError, match="coarser"):
            LaplaceIntegers.for_epsilon(l1=l1, epsilon=epsilon)
        return
    noise = LaplaceIntegers.for_epsilon(l1=l1, epsilon=epsilon)
    assert Fraction(l1) / Fraction(noise.scale) <= Fraction(noise.epsilon) <= epsilon
    assert noise.epsilon > float(epsilon) * (1 - 1e-12)
    rho = epsilon**2 / 2
    gaussian = GaussianIntegers.for_rho(l2_squared=l1, rho=rho)
    assert Fraction(l1) / (2 * Fraction(gaussian.scale) ** 2) <= Fraction(gaussian.rho) <= rho
    assert gaussian.rho > float(rho) * (1 - 1e-12)


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.5, 40.0])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("kind", [LaplaceIntegers, GaussianIntegers])
def test_the_interval_is_the_smallest_that_holds_so_much(kind: type, scale: float, level: float) -> None:
    noise = kind(1, scale)
    ks = np.arange(-math.ceil(scale * 50), math.ceil(scale * 50) + 1)
    p = law(noise, scale, ks)
    width = noise.half_width(level)
    assert p[np.abs(ks) <= width].sum() >= level - 1e-12
    assert width == 0 or p[np.abs(ks) <= width - 1].sum() < level
    assert noise.variance == pytest.approx((p * ks**2).sum(), rel=1e-9)


def certain_epsilon(noise: IntegerNoise, shift: int) -> float:
    """The largest log-ratio of P(answer >= t) between two vectors at this distance, certain at 1 - ALPHA."""
    here, there = noise([shift] * DRAWS), noise([0] * DRAWS)
    found = 0.0
    for t in range(-6, 12):
        low = clopper_pearson(int((here >= t).sum()), DRAWS, confidence=1 - ALPHA)[0]
        high = clopper_pearson(int((there >= t).sum()), DRAWS, confidence=1 - ALPHA)[1]
        found = max(found, math.log(max(low, 1e-300) / high))
    return found


def test_an_audit_stays_below_the_promise_and_catches_noise_that_is_four_times_too_small() -> None:
    honest = LaplaceIntegers.for_epsilon(l1=2, epsilon=Fraction(1))
    twin = LaplaceIntegers(2, honest.scale / 4)
    assert 0.5 < certain_epsilon(honest, 2) <= 1.0 < certain_epsilon(twin, 2)


def test_numbers_at_the_edge_of_64_bits_stop_there_and_never_wrap() -> None:
    noise = LaplaceIntegers(1, 1e6)
    assert (noise([2**63 - 1] * 200) > 2**62).all() and (noise([-(2**63)] * 200) < -(2**62)).all()
    with pytest.raises(PromiseError, match="64 bits"):
        noise([2**63])


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: LaplaceIntegers.for_epsilon(l1=0, epsilon=Fraction(1)), "sensitivity is 0"),
        (lambda: LaplaceIntegers.for_epsilon(l1=1, epsilon=Fraction(0)), "epsilon is 0"),
        (lambda: LaplaceIntegers.for_epsilon(l1=2**60, epsilon=Fraction(1, 10**6)), "coarser"),
        (lambda: LaplaceIntegers(1, 0.0), "scale 0"),
        (lambda: LaplaceIntegers(1, math.nan), "scale nan"),
        (lambda: GaussianIntegers.for_rho(l2_squared=1, rho=Fraction(-1)), "rho is -1"),
        (lambda: LaplaceIntegers(1, 1.0).half_width(1.0), "level"),
    ],
)
def test_refuses_what_cannot_be_drawn(made, says: str) -> None:
    with pytest.raises(PromiseError, match=says):
        made()
