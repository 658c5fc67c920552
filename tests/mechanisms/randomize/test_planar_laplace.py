"""Planar Laplace keeps its promise: the law of its moves, the ratio of any event, and a broken twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

from confide.core.arrays import Floats
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.data.twins_traces import wanderers
from confide.measure.intervals import lower_limit, upper_limit
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane, radii
from confide.views.traces import Traces, metres


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def some() -> Traces:
    return wanderers(60, around=(48.0, 11.0), each=20, places=200, days=9, rng=rng())


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_the_moves_follow_planar_laplace(noise: str) -> None:
    """Radius by its distribution 1 - (1 + e r) exp(-e r), angle uniform: each fails once in 10,000 runs."""
    made = PlanarLaplace(level=1.4, within_m=200, noise=noise)  # type: ignore[arg-type]
    moves, rate = made.moves(20_000, rng=rng()), 1.4 / 200
    radius, angle = np.hypot(*moves.T), np.arctan2(*moves.T)
    assert kstest(radius, lambda r: 1 - (1 + rate * r) * np.exp(-rate * r)).pvalue > 1e-4
    assert kstest((angle + math.pi) / (2 * math.pi), "uniform").pvalue > 1e-4
    assert made.mean_radius_m == pytest.approx(radius.mean(), rel=0.03)


def test_radii_invert_their_distribution() -> None:
    p = np.array([0.0, 1e-9, 0.3, 0.999999])
    r = radii(p, rate=0.02)
    assert r[0] == 0 and 1 - (1 + 0.02 * r) * np.exp(-0.02 * r) == pytest.approx(p, abs=1e-9)


def test_the_plane_makes_no_distance_longer() -> None:
    where = np.array([52.0, 13.0]) + 0.05 * rng().random((300, 2))
    flat = plane(where)
    straight = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    assert (straight <= metres(where[:, None], where[None]) * (1 + 1e-6) + 1e-6).all()


def table(made: PlanarLaplace, n: int) -> tuple[Floats, Floats]:
    """How often each place is released for a visit at place 0, and at place 1 within 200 m of it."""
    offsets = np.array([0.0, 190.0, -300.0, 500.0, -700.0, 1_000.0, -1_200.0])
    where = np.column_stack([np.zeros(7), offsets / 111_195.08])
    counts = []
    for place in (0, 1):
        data = Traces.of(np.arange(n), np.zeros(n), np.full(n, place), places=7, where=where)
        counts.append(np.bincount(made(data, rng=rng(place)).view.place, minlength=7).astype(np.float64))
    return counts[0], counts[1]


def breaks(made: PlanarLaplace, level: float, n: int = 60_000) -> bool:
    """Is some place released more than e^level times as often? Wrong at most once in 1,000 runs.

    There are 14 ratios, each with two one-sided limits of chance 1e-3 / 28.
    """
    one, other = table(made, n)
    sure = 1 - 1e-3 / 28
    for a, b in ((one, other), (other, one)):
        low, high = lower_limit(a, n, confidence=sure), upper_limit(b, n, confidence=sure)
        if (low > math.exp(level) * high).any():
            return True
    return False


def test_planar_laplace_keeps_its_promise_and_a_twin_with_half_the_noise_is_caught() -> None:
    level = math.log(4)
    assert PlanarLaplace().budget.unit == Unit.place(within_m=200)
    assert PlanarLaplace().budget.epsilon == level
    assert not breaks(PlanarLaplace(level=level, within_m=200, noise="secure"), level)
    assert breaks(PlanarLaplace(level=2 * level, within_m=200, noise="rehearsal"), level)


def test_planar_laplace_moves_to_places_of_the_table_and_needs_them() -> None:
    data = some()
    view = PlanarLaplace(noise="rehearsal")(data, rng=rng()).view
    assert (view.time == data.time).all() and view.place.max() < data.places
    assert 0.1 < (view.place != data.place).mean() <= 1
    with pytest.raises(DataError, match="latitude"):
        PlanarLaplace()(Traces.of(np.array([0]), np.array([0]), np.array([0])), rng=rng())
