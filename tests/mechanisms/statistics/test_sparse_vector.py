"""The sparse vector technique keeps its promise for every reply; the variants that do not are found."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.budget import Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.statistics.sparse_vector import SparseVector

WIDE = 400


def pmf(rate: Fraction | float, k: np.ndarray) -> np.ndarray:
    """Two-sided geometric noise; a rate of infinity is no noise."""
    r = float(rate)
    return (k == 0).astype(float) if np.isinf(r) else np.tanh(r / 2) * np.exp(-r * np.abs(k))


def at_least(rate: Fraction | float, k: np.ndarray) -> np.ndarray:
    """P(noise >= k), in closed form."""
    r = float(rate)
    if np.isinf(r):
        return (k <= 0).astype(float)
    tail = np.exp(-r * np.abs(np.where(k > 0, k, 1 - k))) / (1 + np.exp(-r))
    return np.where(k > 0, tail, 1 - tail)


def law(answers, threshold: int, rates, replies) -> float:
    """The probability of these replies: summed over the threshold's noise, which all share.

    A reply that is a number is "above, and the noisy answer is this".
    """
    z = np.arange(-WIDE, WIDE + 1)
    found = pmf(rates[0], z)
    for answer, reply in zip(answers, replies, strict=False):
        high = at_least(rates[1], threshold + z - answer)
        if isinstance(reply, bool):
            found = found * (high if reply else 1 - high)
        else:
            found = found * pmf(rates[1], np.array(reply - answer)) * (reply >= threshold + z)
    return float(found.sum())


def replies_of(m: int, above: int) -> list[tuple[bool, ...]]:
    """All that can be said about m answers: to the last reply `above`, or to the end."""
    found = set()
    for each in product((False, True), repeat=m):
        places = [i for i, high in enumerate(each) if high]
        found.add(each[: places[above - 1] + 1] if len(places) >= above else each)
    return sorted(found)


def worst(rates, outputs, moves, *, threshold: int = 2) -> float:
    """The largest log ratio of two neighbours' probabilities, over outputs, neighbours and true answers."""
    found = 0.0
    for move, start, said in product(moves, (threshold - 2, threshold, threshold + 1), outputs):
        one = np.full(len(move), start)
        p, q = law(one, threshold, rates, said), law(one + np.array(move), threshold, rates, said)
        if max(p, q) > 0:
            found = max(found, np.inf if min(p, q) == 0 else abs(float(np.log(p / q))))
    return found


@pytest.mark.parametrize(
    ("above", "one_direction"),
    [(1, False), pytest.param(2, False, marks=pytest.mark.slow), (2, True), (3, True)],
)
def test_no_reply_is_likelier_by_more_than_e_to_the_epsilon(above: int, one_direction: bool) -> None:
    mechanism = SparseVector(epsilon=1.0, threshold=2, above=above, one_direction=one_direction)
    moves = list(product((0, 1) if one_direction else (-1, 0, 1), repeat=4))
    ratio = worst(mechanism.rates, replies_of(4, above), moves)
    assert 0.4 < ratio <= 1.0 + 1e-9


def test_each_published_variant_that_is_not_private_is_found() -> None:
    """Many questions, all of whose answers move at once: what is meant to be free adds up."""
    epsilon, above, m = 1.0, 4, 14
    first, rest = SparseVector(epsilon=epsilon, threshold=2, above=above).rates
    turns = tuple(i % 2 == 1 for i in range(m))
    moves = [(1,) * m, (-1,) * m, tuple(1 if high else -1 for high in turns)]
    low = (False,) * m
    stops = [low, (*low[:-1], True), turns[: 2 * above]]
    honest = worst((first, rest), stops, moves)
    broken = {
        "answers with the same noise however many replies there are": ((first, 2 * above * rest), stops),
        "a threshold without noise": ((np.inf, rest), stops),
        "answers without noise": ((first, np.inf), stops),
        "no end": ((first, rest), [turns]),
        "the noisy answer is shown": ((first, above * rest), [(*low[:-1], 2), (*low[:-1], 3)]),
    }
    assert honest <= epsilon + 1e-9
    for name, (rates, outputs) in broken.items():
        assert worst(rates, outputs, moves) > 1.05 * epsilon, name


@pytest.mark.slow
def test_what_is_drawn_follows_the_law() -> None:
    """chi-square at 1 in 1,000; with a third of the noise it fails."""
    answers = np.array([0, 3, 1, 2])

    def p_value(epsilon: float, seed: int) -> float:
        rng = np.random.default_rng(seed)
        drawn = SparseVector(epsilon=epsilon, threshold=2, above=2, noise="rehearsal")
        honest = SparseVector(epsilon=1.0, threshold=2, above=2)
        outputs = replies_of(4, 2)
        seen = dict.fromkeys(outputs, 0)
        for _ in range(1_000):
            seen[tuple(drawn(answers, rng=rng).view.tolist())] += 1
        expected = np.array([law(answers, 2, honest.rates, said) for said in outputs])
        assert expected.sum() == pytest.approx(1.0, abs=1e-6)
        return float(chisquare(list(seen.values()), expected / expected.sum() * 1_000).pvalue)

    assert p_value(1.0, 0) > 1e-3 > p_value(3.0, 1)


def test_questions_may_depend_on_replies_and_end_after_the_last() -> None:
    watch = SparseVector(epsilon=50.0, threshold=10, above=2).watch(np.random.default_rng(0))
    assert watch.high(np.array([0, 50])).tolist() == [False, True] and watch.left == 1
    assert watch.high(np.array([-40, 70, 80])).tolist() == [False, True]
    with pytest.raises(PromiseError, match="a new epsilon"):
        watch.high(np.array([0]))


def test_a_release_says_whom_it_protects() -> None:
    unit = Unit.person("user", at_most=3)
    made = SparseVector(epsilon=0.5, threshold=0, sensitivity=3, unit=unit)(
        np.zeros(4, np.int64), rng=np.random.default_rng(0)
    )
    assert isinstance(made, Release) and made.budget is not None and made.budget.unit == unit
    assert made.budget.epsilon == 0.5


@pytest.mark.parametrize(
    "wrong", [{"epsilon": 0.0}, {"epsilon": np.inf}, {"epsilon": np.nan}, {"above": 0}, {"sensitivity": 0}]
)
def test_what_cannot_be_kept_is_refused(wrong) -> None:
    with pytest.raises(PromiseError, match="give"):
        SparseVector(**{"epsilon": 1.0, "threshold": 0, **wrong})


@pytest.mark.parametrize("settings", [
    {"epsilon": 1.0, "one_direction": True},  # both rates are the same
    {"epsilon": 1.0, "above": 3, "sensitivity": 2},
    {"epsilon": 0.2, "above": 5, "sensitivity": 3, "one_direction": True},
    {"epsilon": 20.0},
])  # fmt: skip
def test_the_width_is_that_of_the_convolution_of_both_noises(settings: dict[str, Any]) -> None:
    """By adding up the law of the difference, term by term."""
    made = SparseVector(threshold=0, **settings)
    k = np.arange(-3_000, 3_001)
    laws = [np.exp(-float(rate) * np.abs(k)) for rate in made.rates]
    both = np.convolve(*(law / law.sum() for law in laws), mode="same")
    for level in (0.5, 0.95, 0.999):
        w = made.half_width(level)
        assert both[np.abs(k) <= w].sum() >= level - 1e-12
        assert w == 0 or both[np.abs(k) <= w - 1].sum() < level + 1e-12


def test_the_width_of_very_large_noise_is_that_of_continuous_noise() -> None:
    """Of two Laplace laws of one scale b: P(|D| > t b) = (1 + t / 2) exp(-t), so t = ln(20 (1 + t / 2))."""
    made = SparseVector(epsilon=1e-9, threshold=0, one_direction=True)
    assert made.rates[0] == made.rates[1]
    t = 4.0
    for _ in range(60):
        t = math.log(20 * (1 + t / 2))
    assert made.half_width(0.95) == pytest.approx(t / float(made.rates[0]), rel=1e-6)
