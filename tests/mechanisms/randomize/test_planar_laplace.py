"""Planar Laplace keeps its promise: the law of its moves, the ratio of any event, and a broken twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

from confide.core.arrays import Floats
from confide.core.budget import Unit
from confide.core.errors import DataError, PromiseError
from confide.data.twins_traces import wanderers
from confide.measure.intervals import lower_limit, upper_limit
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane
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


@pytest.mark.parametrize(
    ("south", "west", "height", "width", "within_m"),
    [
        (52.0, 13.0, 0.05, 0.05, 9_000),
        (-17.0, 179.9, 0.3, 0.3, 40_000),
        (-1.0, -180.0, 2.0, 360.0, 1),
        (80.0, 100.0, 3.0, 30.0, 200_000),
        (40.0, 150.0, 5.0, 200.0, 100_000),
    ],
    ids=["town", "over the antimeridian", "the equator", "near the pole", "an ocean"],
)
def test_the_plane_makes_no_short_distance_longer(south, west, height, width, within_m) -> None:
    where = np.array([south, west]) + np.array([height, width]) * rng().random((500, 2))
    where[:, 1] = (where[:, 1] + 180) % 360 - 180
    flat = plane(where, within_m=within_m)
    straight = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    ground = metres(where[:, None], where[None])
    near = ground <= within_m
    assert (straight[near] <= ground[near] * (1 + 1e-9) + 1e-5).all()
    assert straight[ground < 0.9 * within_m].max() > 0.5 * within_m or within_m == 1


def test_places_all_round_a_pole_are_refused() -> None:
    where = np.column_stack([np.full(72, 89.9), np.arange(-180.0, 180.0, 5.0)])
    with pytest.raises(DataError, match="round the globe"):
        plane(where, within_m=1_000)
    assert len(plane(where, within_m=500)) == 72, "neighbours there are 970 m apart"
    assert plane(np.zeros((0, 2))).shape == (0, 2)


def test_the_promise_holds_over_the_antimeridian() -> None:
    """Two places 106 m apart, one on each side: either is released for the other; 40,000 visits of each.

    In a plane that ends at the antimeridian they were 38,321,612 m apart, and each was always released as
    itself. Where they are one by one on the same side, the shares are the same but for chance.
    """
    made, n = PlanarLaplace(noise="secure"), 40_000
    shares = []
    for middle in (180.0, 178.0):
        longitude = (np.array([middle - 0.0005, middle + 0.0005]) + 180) % 360 - 180
        where = np.column_stack([np.full(2, 17.4), longitude])
        counts = [
            np.bincount(
                made(
                    Traces.of(np.arange(n), np.zeros(n), np.full(n, place), places=2, where=where), rng=rng()
                ).view.place,
                minlength=2,
            )
            for place in (0, 1)
        ]
        sure = 1 - 1e-6
        for one, other in (counts, counts[::-1]):
            low, high = lower_limit(one, n, confidence=sure), upper_limit(other, n, confidence=sure)
            assert (low <= 4 * high).all() and (low > 0).all()
        shares.append(counts[0][1] / n)
    assert abs(shares[0] - shares[1]) < 6 * math.sqrt(0.5 / n)
    assert 0.3 < shares[0] < 0.5


def test_a_step_on_the_grid_is_as_likely_as_the_promise_says() -> None:
    """r (w + 3) <= level, as fractions, for settings of all sizes; and hardly less where it is used."""
    for level, within_m in ((math.log(4), 200), (0.05, 1), (16.0, 30_000), (3e-6, 10**6), (1e4, 1)):
        made = PlanarLaplace(level=level, within_m=within_m)
        steps = math.ceil(within_m / made._step + math.sqrt(2) + 0.5)
        spent = made._rate * steps
        assert spent <= level and (level < 0.05 or spent > level * 0.999)
    with pytest.raises(PromiseError, match="cannot be drawn"):
        PlanarLaplace(level=1e-300)


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
