"""Budgets become noise: the law of both samplers, the price of a move, and whose rows are kept."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.mechanisms.statistics.noisy_sums import noisy_sums
from confide.mechanisms.statistics.promise import Promise, rehearsed, rho_of
from confide.views.statistics import PersonRows

N = 20_000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def weight(law, k: np.ndarray) -> np.ndarray:
    """The law from its definition, summed to 1 over +-60 scales."""
    every = np.arange(-60 * math.ceil(law.scale), 60 * math.ceil(law.scale) + 1)

    def alone(x: np.ndarray) -> np.ndarray:
        laplace = isinstance(law, LaplaceIntegers)
        return np.exp(-np.abs(x) / law.scale if laplace else -(x**2) / (2 * law.scale**2))

    return alone(k) / alone(every).sum()


def p_value(drawn: np.ndarray, law) -> float:
    """chi-square in cells of one number each, up to 3 scales, and two tails."""
    most = math.ceil(3 * law.scale)
    k = np.arange(-most, most + 1)
    mass = weight(law, k)
    tail = (1 - mass.sum()) / 2
    seen = np.bincount(np.clip(drawn, -most - 1, most + 1) + most + 1, minlength=2 * most + 3)
    return float(chisquare(seen, len(drawn) * np.concatenate([[tail], mass, [tail]])).pvalue)


@pytest.mark.parametrize("law", [LaplaceIntegers(1, 2.7), GaussianIntegers(1, 4.0)])
def test_both_samplers_have_the_law_and_a_tenth_more_noise_is_refuted(law) -> None:
    """Fails once in 10,000 runs for OpenDP, whose noise has no seed."""
    wrong = type(law)(1, law.scale + 1 if isinstance(law, GaussianIntegers) else 1.1 * law.scale)
    for drawn in (rehearsed(law, N, rehearsal_words(rng(1))), law(np.zeros(N, np.int64))):
        assert p_value(drawn, law) > 1e-4 > p_value(drawn, wrong)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("move", [1, 3, 70])
def test_laplace_noise_is_as_small_as_the_worst_ratio_allows(epsilon: float, move: int) -> None:
    """The likelihood ratio of two vectors `move` apart, by the law itself, over all outputs."""
    law = Promise(epsilon=epsilon).law(l1=move, l2_squared=move**2)
    # Within 20 scales, where float64 holds the law.
    k = np.arange(-20 * math.ceil(law.scale), 20 * math.ceil(law.scale) + 1)
    ratios = np.log(weight(law, k) / weight(law, k - move))
    assert 0.999 * epsilon < np.abs(ratios).max() <= epsilon * (1 + 1e-9)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.5, 1e-3), (1.0, 1e-6), (4.0, 1e-6)])
def test_gaussian_noise_keeps_delta_by_its_definition(epsilon: float, delta: float) -> None:
    """The mass by which P exceeds e^epsilon Q, in two entries that both move; four fifths of it break it."""

    def exceeds(scale: float, move: tuple[int, int]) -> float:
        k = np.arange(-14 * math.ceil(scale), 14 * math.ceil(scale) + 1)
        p = [np.exp(-((k - m) ** 2) / (2 * scale**2)) for m in (*move, 0)]
        p = [one / one.sum() for one in p]
        return float(np.maximum(np.outer(p[0], p[1]) - math.exp(epsilon) * np.outer(p[2], p[2]), 0).sum())

    law = Promise(epsilon=epsilon, delta=delta).law(l1=2, l2_squared=2)
    assert exceeds(law.scale, (1, 1)) <= delta
    assert exceeds(0.75 * law.scale, (1, 1)) > delta
    assert law.rho <= rho_of(epsilon, delta)


def test_rho_is_that_of_a_naive_loop() -> None:
    epsilon, delta = 1.0, 1e-6
    orders = [1 + 0.001 * 1.005**i for i in range(2_400)]

    def least(rho: float) -> float:
        return min(math.exp((a - 1) * (a * rho - epsilon)) / (a - 1) * (1 - 1 / a) ** a for a in orders)

    assert least(rho_of(epsilon, delta)) == pytest.approx(delta, rel=1e-3)


def test_parts_add_up_to_the_whole() -> None:
    for promise in (Promise(epsilon=1.0), Promise(epsilon=1.0, delta=1e-6)):
        part = promise.law(l1=4, l2_squared=16, parts=3)
        if isinstance(part, LaplaceIntegers):
            assert 3 * part.epsilon <= 1.0 + 1e-12
        else:
            assert 3 * part.rho <= rho_of(1.0, 1e-6)


def test_large_sums_are_cut_to_coarse_steps_that_nobody_moves_further() -> None:
    """All pairs of sums whose moves together are within `move`, at a step of 2^s: against the L1 norm."""
    promise = Promise(epsilon=1.0, noise="rehearsal")
    made = noisy_sums(promise, [0, 0], move=2**40, entries=2, rng=rng())
    assert made.unit > 1 and made.law.scale >= 2**29
    c, move = 4, 9
    worst = 0
    for start, (a, b) in product(product(range(-5, 5), repeat=2), product(range(-move, move + 1), repeat=2)):
        if abs(a) + abs(b) <= move:
            worst = max(worst, sum(abs((x + d) // c - x // c) for x, d in zip(start, (a, b), strict=True)))
    assert worst <= move // c + 2, "move / c, and one for each entry"


def test_each_person_keeps_rows_by_a_draw_of_their_own() -> None:
    """With the same words for the same rows, one person more changes nobody else's rows; nobody has more."""
    person = rng(1).integers(0, 9, 200)
    words = rng(2).integers(0, 2**62, 200)
    mine = person == 4
    everybody = kept_rows(person, 3, lambda n: words)
    others = kept_rows(person[~mine], 3, lambda n: words[~mine])
    assert (everybody[~mine] == others).all()
    assert np.bincount(person[everybody], minlength=9).max() == 3


def test_a_bound_that_looks_at_other_peoples_rows_is_found() -> None:
    """The broken twin keeps the rows in the largest groups: the same check finds that it moves others."""

    def twin(person: np.ndarray, group: np.ndarray) -> np.ndarray:
        size = np.bincount(group, minlength=9)[group]
        return kept_rows(person, 1, lambda n: -size)

    # Whether person 0 is in group 1 or 2 hangs on which of them person 1 makes the larger.
    person, group = np.array([0, 0, 1, 1]), np.array([1, 2, 2, 2])
    with_, without = twin(person, group), twin(person[:2], np.array([1, 2]))
    assert (with_[:2] != without).any()


def test_every_row_of_a_person_is_kept_as_often() -> None:
    """600 people of 4 rows, 2 of which stay: each row in half of the draws (five standard errors)."""
    person = np.repeat(np.arange(600), 4)
    kept = kept_rows(person, 2, rehearsal_words(rng(3))).reshape(600, 4).mean(axis=0)
    assert np.abs(kept - 0.5).max() < 5 * 0.5 / math.sqrt(600)


def test_who_is_protected() -> None:
    assert Promise(epsilon=1.0).unit == Unit.record()
    assert Promise(epsilon=1.0, at_most=3).unit == Unit.person("person", at_most=ANY_NUMBER)
    rows, people = PersonRows.of(values=[1.0]), PersonRows.of(values=[1.0], person=[5])
    with pytest.raises(PromiseError, match="give at_most"):
        Promise(epsilon=1.0).cut(people, rng())
    with pytest.raises(PromiseError, match="give person"):
        Promise(epsilon=1.0, at_most=2).cut(rows, rng())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epsilon": 0.0}, "epsilon is 0"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
        ({"epsilon": float("inf")}, "epsilon is inf"),
        ({"epsilon": 1.0, "delta": 1.0}, "delta is 1"),
        ({"epsilon": 1.0, "at_most": 0}, "at_most is 0"),
        ({"epsilon": 1.0, "noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_cannot_be_kept_is_refused(settings, says) -> None:
    with pytest.raises(PromiseError, match=says):
        Promise(**settings)
