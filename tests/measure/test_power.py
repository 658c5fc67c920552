"""Ceilings: the published figures, and what a perfect attack really gets."""

import numpy as np
import pytest

from confide.measure.epsilon import gaussian, two_world
from confide.measure.one_run import one_run, one_run_fdp
from confide.measure.power import gaussian_ceiling, one_run_ceiling, one_run_fdp_ceiling, two_world_ceiling
from confide.measure.rows import Rows, mix
from confide.measure.thresholds import Bonferroni, Fixed, Split


def perfect(n: int) -> Rows:
    return Rows(np.arange(2 * n) < n, (np.arange(2 * n) < n).astype(float), mix(np.arange(2 * n)))


@pytest.mark.parametrize(
    ("worlds", "cap"), [(100, 3.28), (500, 4.91), (1000, 5.60), (5000, 7.21), (10_000, 7.90)]
)
def test_two_world_caps(worlds: int, cap: float) -> None:
    assert two_world_ceiling(worlds, worlds) == pytest.approx(cap, abs=0.006)


@pytest.mark.parametrize(("guesses", "cap"), [(100, 3.49), (1000, 5.81), (5000, 7.42)])
def test_one_run_caps(guesses: int, cap: float) -> None:
    assert one_run_ceiling(guesses) == pytest.approx(cap, abs=0.006)
    assert one_run_fdp_ceiling(guesses) == pytest.approx(cap, abs=0.006)


def test_ceilings_are_what_a_perfect_attack_gets() -> None:
    rows, n = perfect(500), 500
    assert two_world(rows, delta=0, threshold=Fixed(0.5)).low == pytest.approx(two_world_ceiling(n, n))
    assert two_world(rows, delta=0, threshold=Split()).low == pytest.approx(two_world_ceiling(n // 2, n // 2))
    corrected = two_world_ceiling(n, n, confidence=1 - 0.05 / 25)
    assert two_world(rows, delta=0, threshold=Bonferroni(25)).low == pytest.approx(corrected)
    assert gaussian(rows, threshold=Fixed(0.5)).low == pytest.approx(gaussian_ceiling(n, n))
    for bound in (one_run, one_run_fdp):
        got = bound(rows, delta=0, randomised=True)
        assert got.low == got.ceiling <= one_run_ceiling(2 * n)
        assert got.low > one_run_ceiling(2 * n) - 1.5  # the price of several plans
