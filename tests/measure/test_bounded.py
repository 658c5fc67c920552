"""Intervals of differences of bounded means: exact where a t-interval is not, and checked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from confide.core.errors import EvidenceError
from confide.measure.bounded import STAKES, difference_of_means

Law = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def uniform(draw: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return draw.random(shape)


def shifted(by: float) -> Law:
    """The ranks of a person whose scores are `by` standard deviations above the controls'."""
    return lambda draw, shape: norm.sf(draw.standard_normal(shape) + by)


def seldom(share: float) -> Law:
    """A person who looks like a member nearly always, and at times like anybody."""
    return lambda draw, shape: np.where(draw.random(shape) < share, draw.random(shape), 0.003)


def interval(
    first: np.ndarray, second: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Of each row of two tables."""
    rows = [np.repeat(np.arange(len(t)), t.shape[1]) for t in (first, second)]
    return difference_of_means(
        first.ravel(), rows[0], second.ravel(), rows[1], groups=len(first), confidence=confidence
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("out", "inside", "true"),
    [
        (uniform, uniform, 0.0),
        (uniform, shifted(2.0), 0.5 - norm.sf(2 / np.sqrt(2))),
        (seldom(0.1), seldom(0.0), 0.1 * (0.5 - 0.003)),
        (seldom(0.3), seldom(0.0), 0.3 * (0.5 - 0.003)),
        (uniform, seldom(0.1), 0.5 - 0.1 * 0.5 - 0.9 * 0.003),
    ],
)
@pytest.mark.parametrize(("worlds_out", "worlds_in"), [(2, 2), (3, 2), (8, 2), (2, 8), (5, 5), (10, 10)])
def test_the_interval_holds_with_few_repetitions(
    out: Law, inside: Law, true: float, worlds_out: int, worlds_in: int
) -> None:
    """500 people a cell: a coverage of .88 is noticed in 98 of 100 runs, and .95 once in 10^4.

    Welch's t-interval covers .31 to .70 in the third cell, and .88 in the first with 8 worlds and 2.
    """
    draw = np.random.default_rng([worlds_out, worlds_in])
    low, high = interval(out(draw, (500, worlds_out)), inside(draw, (500, worlds_in)))
    covered = int(((low <= true) & (true <= high)).sum())
    assert binomtest(covered, 500, 0.95, alternative="less").pvalue > 1e-4
    assert (low >= -1).all() and (high <= 1).all() and (low < high).all()


def test_more_worlds_make_it_narrower_and_show_what_is_there() -> None:
    """With 15 worlds of either kind a person who is given away is seen, with 5 not; 3 errors of the mean."""
    widths, lows = [], []
    for worlds in (5, 15, 50):
        draw = np.random.default_rng(worlds)
        low, high = interval(uniform(draw, (100, worlds)), shifted(4.0)(draw, (100, worlds)))
        widths.append((high - low).mean())
        lows.append(low.mean())
    assert widths[0] > 1 > 0.7 > widths[1] > 0.4 > widths[2]
    assert lows[0] < 0 < 0.05 < lows[1] < 0.25 < lows[2] < 0.45


def test_the_capital_by_hand() -> None:
    """Two groups of one value each. Group 0: 1 against 0, group 1: 0 against 1. The bound is found naively.

    The capital against means (m, n) is the mean over stakes of (1 - u + u x / m), times that of the other.
    """
    one, zero = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    low, high = difference_of_means(one, np.arange(2), zero, np.arange(2), groups=2, confidence=0.5)
    stake, tried = np.array(STAKES), np.arange(1, 101) / 100
    kept = [
        m - n
        for m in tried
        for n in 1 - tried
        if (1 - stake + stake / m).mean() * (1 - stake + stake / (1 - n)).mean() < 4
    ]
    assert low[0] == pytest.approx(min(kept) - 0.02) and high[0] == 1
    assert (low[1], high[1]) == pytest.approx((-high[0], -low[0]))


def test_no_values_say_nothing_and_a_confidence_must_be_one() -> None:
    none, group = np.empty(0), np.empty(0, np.int64)
    low, high = difference_of_means(none, group, none, group, groups=1, confidence=0.95)
    assert (low.tolist(), high.tolist()) == ([-1.0], [1.0])
    with pytest.raises(EvidenceError, match="confidence is 95"):
        difference_of_means(none, group, none, group, groups=1, confidence=95)
