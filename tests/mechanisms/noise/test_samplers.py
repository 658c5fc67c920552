"""Every sampler has the law that it states, exactly, and another scale is told apart."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare, kstest, norm

from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.coins import below_power, heads_in_a_row, line, rate_below, unlikely
from confide.mechanisms.noise.discrete_gaussian import SPARE, discrete_gaussian, steps_of
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.planar import length, planar_laplace
from confide.mechanisms.noise.words import BITS, below, rehearsal_words, secure_words

ALPHA = 1e-6
"""Each test alarms falsely once in a million runs."""
N = 50_000


def replayed(seed: int = 1):
    return rehearsal_words(np.random.default_rng(seed))


SOURCES = pytest.mark.parametrize("words", [secure_words, replayed()], ids=["secure", "rehearsal"])


def fit(count: np.ndarray, chance: np.ndarray) -> float:
    """The p-value of counts under these chances; what is expected less than 10 times is one class."""
    expected = count.sum() * chance
    many = expected >= 10
    rest = [count[~many].sum(), count.sum() - expected[many].sum()]
    if rest[1] < 5:  # too few for a class of its own
        rest = [rest[0] + count[many][0], rest[1] + expected[many][0]]
        return float(chisquare([*count[many][1:], rest[0]], [*expected[many][1:], rest[1]]).pvalue)
    return float(chisquare([*count[many], rest[0]], [*expected[many], rest[1]]).pvalue)


def counts(noise: np.ndarray, far: int) -> np.ndarray:
    """How often each whole number from -far to far was drawn, with what is beyond in one more class."""
    inside = noise[np.abs(noise) <= far] + far
    return np.append(np.bincount(inside, minlength=2 * far + 1), len(noise) - len(inside))


def with_rest(chance: np.ndarray) -> np.ndarray:
    return np.append(chance, max(1 - chance.sum(), 0))


def test_words_below_a_limit_are_uniform():
    """Chi-square for one limit and for one of each; a word that would favour small numbers is drawn again."""
    assert fit(np.bincount(below(7, 70_000, replayed()), minlength=7), np.full(7, 1 / 7)) > ALPHA
    limits = np.tile([3, 5], N)
    drawn = below(limits, 2 * N, replayed())
    for limit in (3, 5):
        found = np.bincount(drawn[limits == limit], minlength=limit)
        assert len(found) == limit and fit(found, np.full(limit, 1 / limit)) > ALPHA
    fair = iter([np.array([(1 << BITS) - 1]), np.array([5])])
    assert below(3, 1, lambda n: next(fair)).tolist() == [2]


def test_lines_are_powers_of_e():
    with localcontext() as context:
        context.prec = 120
        for k in (1, 2, 3, 17, 43, 60):
            for bits in (10, 62, 124, 310):
                assert line(k, bits) == int(Decimal(2) ** bits * Decimal(-k).exp())


def test_rows_of_heads_have_their_law_and_look_further_where_62_bits_do_not_tell():
    count = np.bincount(np.minimum(heads_in_a_row(N, secure_words), 9), minlength=10)
    chance = np.append(np.exp(-np.arange(9)) * (1 - np.exp(-1)), np.exp(-9))
    assert fit(count, chance) > ALPHA
    for k in (1, 2, 20, 43):
        first, further = line(k, BITS), line(k, 2 * BITS) & ((1 << BITS) - 1)
        for offset, wanted in ((-1, k), (1, k - 1)):
            told = iter([np.array([first]), np.array([further + offset])])
            assert heads_in_a_row(1, lambda n, told=told: next(told)).tolist() == [wanted]
        if first > 1:
            assert heads_in_a_row(2, lambda n, f=first: np.array([f - 1, f + 1])).tolist() == [k, k - 1]


@pytest.mark.slow
def test_no_size_of_noise_is_out_of_reach():
    """A logarithm of 53 bits ends at 36.7, a normal number of Box and Muller's method at 8.7: what is further
    could be released for one neighbour and not for another. Words of 0 again and again lead ever further."""
    for times in (1, 2, 5):
        told = iter([np.array([0])] * times + [np.array([1 << 61])])
        found = int(heads_in_a_row(1, lambda n, told=told: next(told))[0])
        assert BITS * times * math.log(2) <= found <= BITS * times * math.log(2) + 2
    assert -math.log(2.0**-53) < 36.8 and math.sqrt(-2 * math.log(2.0**-54)) < 8.7


@pytest.mark.parametrize("over", [8, 1 << 45])
def test_unlikely_coins_have_their_chance(over):
    for part in (0, 1, 4, 8):
        found = int(unlikely(np.full(N, over // 8 * part), over, replayed(part)).sum())
        assert binomtest(found, N, math.exp(-part / 8)).pvalue > ALPHA
        assert part == 0 or binomtest(found, N, math.exp(-1.1 * part / 8 - 0.05)).pvalue < ALPHA


@SOURCES
@pytest.mark.parametrize("rate", [3.0, 0.7, 0.02])
def test_discrete_laplace_has_its_law(rate, words):
    noise = discrete_laplace(N, rate=rate_below(rate), words=words)
    far = round(12 / rate)

    def p(rate: float) -> float:
        k = np.arange(-far, far + 1)
        return fit(counts(noise, far), with_rest(np.tanh(rate / 2) * np.exp(-rate * np.abs(k))))

    assert p(rate) > ALPHA
    assert p(0.9 * rate) < ALPHA and p(1.1 * rate) < ALPHA


@SOURCES
@pytest.mark.parametrize("sigma", [1, 3, 40])
def test_discrete_gaussian_has_its_law(sigma, words):
    noise, far = discrete_gaussian(N, sigma=sigma, words=words), 8 * sigma

    def p(sigma: float) -> float:
        weight = np.exp(-(np.arange(-far, far + 1) ** 2) / (2 * sigma**2))
        return fit(counts(noise, far), with_rest(weight / weight.sum()))

    assert p(sigma) > ALPHA
    assert p(0.9 * sigma) < ALPHA and p(1.1 * sigma) < ALPHA


@SOURCES
@pytest.mark.parametrize("rate", [1.5, 0.4, 0.1])
def test_planar_laplace_has_its_law(rate, words):
    """Chi-square over the points of the grid, whose weights are added up one by one."""
    far = round(14 / rate)
    x, y = np.meshgrid(np.arange(-far, far + 1), np.arange(-far, far + 1))
    up = np.array([math.isqrt(s) + (math.isqrt(s) ** 2 < s) for s in (x**2 + y**2).ravel().tolist()])
    z = planar_laplace(N, rate=rate_below(rate), words=words)
    inside = (np.abs(z) <= far).all(axis=1)
    code = (z[inside, 1] + far) * (2 * far + 1) + z[inside, 0] + far
    count = np.bincount(code, minlength=len(up))

    def p(rate: float) -> float:
        weight = np.exp(-rate * up)
        return fit(count, weight / weight.sum())

    assert inside.mean() > 0.999 and p(rate) > ALPHA
    assert p(0.9 * rate) < ALPHA and p(1.1 * rate) < ALPHA


def test_lengths_are_rounded_up_without_error():
    z = np.random.default_rng(0).integers(-(2**29), 2**29, (3_000, 2))
    z[:3] = [[3 * 2**26, 4 * 2**26], [2**29, 0], [2**29, 1]]
    squares = (z.astype(object) ** 2).sum(axis=1)
    assert length(z).tolist() == [math.isqrt(s - 1) + 1 if s else 0 for s in squares.tolist()]


@pytest.mark.parametrize("name", ["gaussian", "laplace", "uniform"])
def test_laws_on_their_grid_are_those_of_their_cdf(name):
    law = Law(name, 0.3)
    drawn = off_grid(law.drawn(N, secure_words), law.step)
    assert kstest(drawn, law.cdf).pvalue > ALPHA
    assert kstest(drawn / 1.1, law.cdf).pvalue < ALPHA
    assert (drawn / law.step == np.rint(drawn / law.step)).all() and law.step <= 0.3 / 2**20


def test_normal_noise_and_then_rounding_by_a_normal_is_discrete_normal_noise():
    """The proof of `discrete_gaussian`, for r = 1, where the factor is not 1 yet, by an integral."""
    sigma, r = 2.0, 1.0
    c = np.linspace(-40, 40, 400_001)
    k = np.arange(-12, 13)
    z = sum(np.exp(-((j - c) ** 2) / (2 * r**2)) for j in range(-60, 61))
    density = norm.pdf(c, 0, math.sqrt(sigma**2 - r**2))
    made = np.array([(density * np.exp(-((j - c) ** 2) / (2 * r**2)) / z).sum() for j in k]) * (c[1] - c[0])
    weight = np.exp(-(k**2) / (2 * sigma**2))
    rho = 2 * sum(math.exp(-2 * (math.pi * r * j) ** 2) for j in range(1, 5))
    apart = made / (weight / np.exp(-(np.arange(-100, 101) ** 2) / (2 * sigma**2)).sum())
    assert ((1 - rho) / (1 + rho) <= apart).all() and (apart <= (1 + rho) / (1 - rho)).all()
    assert 2 * math.exp(-2 * (math.pi * SPARE) ** 2) < 1e-136


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 6.0])
@pytest.mark.parametrize("moved", [5, 600])
def test_discrete_gaussian_keeps_the_budget_of_the_normal(epsilon, moved):
    """Delta by its definition, the mass by which P exceeds e^epsilon Q; a twentieth less noise breaks it."""
    sigma = steps_of(gaussian_sigma(Budget(epsilon, 1e-4), sensitivity=moved), 1.0)

    def delta(sigma: float) -> float:
        k = np.arange(-40 * math.ceil(sigma), 40 * math.ceil(sigma))
        p, q = (np.exp(-((k - x) ** 2) / (2 * sigma**2)) for x in (0, moved))
        return float(np.maximum(p - math.exp(epsilon) * q, 0).sum() / p.sum())

    assert delta(sigma) <= 1e-4
    assert moved == 5 or delta(0.95 * sigma) > 1e-4


def test_grids_are_powers_of_two_that_the_noise_alone_fixes():
    for scale in (1.0, 0.3, 7e5, 1e-9):
        step = step_for(scale)
        assert scale / 2**21 < step <= scale / 2**20 and math.frexp(step)[0] == 0.5
    assert on_grid(np.array([1.1, -2.6]), 0.5).tolist() == [2, -5]
    with pytest.raises(DataError, match="too large"):
        on_grid(np.array([1e30]), 1.0)
    with pytest.raises(DataError, match="too large"):
        on_grid(np.array([np.nan]), 1.0)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(PromiseError, match="rate 0 cannot"):
        below_power(1, rate_below(1e-300), secure_words)
    with pytest.raises(PromiseError, match="rate 2e"):
        discrete_laplace(1, rate=Fraction(2_000_000), words=secure_words)
    with pytest.raises(PromiseError, match="0 steps"):
        discrete_gaussian(1, sigma=0, words=secure_words)
    with pytest.raises(PromiseError, match="planar noise"):
        planar_laplace(1, rate=Fraction(1, 1 << 30), words=secure_words)
