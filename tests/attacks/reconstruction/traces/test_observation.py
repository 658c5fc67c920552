"""What a mechanism shows of a visit: merging, hiding and planar Laplace; and steps of time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from confide.attacks.reconstruction.traces._observation import Regions, sequences, shown_as, steps
from confide.core.nouns import Release
from confide.data.commuters import Commuters
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane
from confide.views.traces import Traces


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class Hides:
    """Shows only places below 3, and tells the last two of them as one."""

    budget = None

    def __call__(self, data: Traces, *, rng) -> Release[Traces]:
        part = data.rows(data.place < 3)
        merged = Traces.of(part.person, part.time, np.minimum(part.place, 1), people=data.people, places=2)
        return Release(merged, None, "Hides")


def test_what_a_mechanism_shows_merging_and_hiding():
    seen = Traces.of(np.zeros(8, int), np.arange(8), np.repeat(np.arange(4), 2))
    shows = shown_as(Hides(), seen, Regions.most_visited(seen, 4), draws=50, rng=rng())
    assert shows == pytest.approx(np.array([[1, 0], [0, 1], [0, 1], [0.5, 0.5]]), abs=1e-4)


def test_what_planar_laplace_shows_is_its_integral():
    """The share that a cell takes from a visit in the middle, against the integral of the density over it:
    20,000 draws, five standard errors and the part spread for what was missed."""
    town = Commuters(side=5, people=20)
    seen = town(rng=rng())
    mechanism = PlanarLaplace(level=1.0, within_m=300, noise="rehearsal")
    shows = shown_as(mechanism, seen, Regions.most_visited(seen, 25), draws=20_000, rng=rng(1))
    flat = plane(seen.where)
    centre, half = flat[12], np.array([flat[13, 0] - flat[12, 0], flat[17, 1] - flat[12, 1]]) / 2
    for cell in (12, 13, 18):
        low, high = flat[cell] - centre - half, flat[cell] - centre + half

        def density(y: float, x: float) -> float:
            return math.exp(-math.hypot(x, y) / 300) / (2 * math.pi * 300**2)

        expected = dblquad(density, low[0], high[0], low[1], high[1], epsabs=1e-5)[0]
        assert abs(shows[12, cell] - expected) < 5 * math.sqrt(expected / 20_000) + 1e-3


def test_steps_shorten_gaps_and_are_never_shared():
    """The first two visits fall in one hour: a step each, by time. The last two at one time: by symbol."""
    seen = Traces.of(
        np.array([0, 0, 0, 0, 1, 1, 1]),
        np.array([0, 100, 7_200, 10**6, 5 * 3_600, 6 * 3_600, 6 * 3_600]),
        np.array([4, 3, 5, 6, 1, 7, 2]),
    )
    table = sequences(seen, np.arange(8), step=3_600, forget=3, longest=100)
    assert table.tolist() == [[4, 3, -1, 5, -1, -1, 6], [1, 2, 7, -1, -1, -1, -1]]
    short = sequences(seen, np.arange(8), step=3_600, forget=3, longest=3)
    assert short.tolist() == [[4, 3, -1], [1, 2, 7]]
    shuffled = rng().permutation(7)
    at = steps(seen.person, seen.time, seen.place, step=3_600, forget=3)
    again = steps(seen.person[shuffled], seen.time[shuffled], seen.place[shuffled], step=3_600, forget=3)
    assert (again == at[shuffled]).all()


@pytest.mark.slow
def test_what_was_missed_is_spread_near_where_others_were_shown():
    """20 draws of planar Laplace noise of 100 m miss cells that a long run shows; the near ones get more."""
    seen = Commuters(side=9, cell_m=100.0, people=20)(rng=rng())
    mechanism = PlanarLaplace(level=2.0, within_m=100, noise="rehearsal")
    regions = Regions.most_visited(seen, 81)
    few = shown_as(mechanism, seen, regions, draws=20, rng=rng(2))
    many = shown_as(mechanism, seen, regions, draws=20_000, rng=rng(3))
    assert few.sum(axis=1) == pytest.approx(np.ones(81)) and (few > 0).all()
    missed = few[40] < 1 / 40
    far = (regions.distances()[40] > 350) & missed
    near = (regions.distances()[40] < 250) & missed
    assert near.sum() >= 4 and few[40][near].mean() > 5 * few[40][far].mean()
    assert few[40][far].sum() < 3 * many[40][far].sum() + 0.02
