"""Counts keep their promise: the noise has its law, nobody moves them further, a broken twin is caught."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import PromiseError
from confide.data.commuters import MONDAY, Commuters
from confide.games.membership.counts import Aggregates
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Grid, Visits
from confide.views.traces import Traces

ALPHA = 1e-6
GRID = Grid(cells=3, start=0, bin_s=10, times=4)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts_of(person, time, place, people=2, **settings):
    traces = Traces.of(np.array(person), np.array(time), np.array(place), people=people, places=4)
    return VisitCounts(**settings)(Visits(traces=traces, grid=GRID), rng=rng()).view.counts


def test_counts_people_not_visits():
    found = counts_of([0, 0, 1, 0, 1, 1], [1, 9, 5, 12, -1, 40], [1, 1, 1, 3, 0, 0])
    expected = np.zeros((3, 4))
    expected[1, 0] = 2  # each once; place 3 is no cell; times before and after the grid are not counted
    assert (found == expected).all()


def test_nobody_moves_the_counts_further_than_at_most():
    traces = Commuters(people=30, hours=72, observed=0.5)(rng=rng(3))
    grid = Grid(cells=100, start=MONDAY, times=72)
    mechanism = VisitCounts(at_most=7, noise="rehearsal")
    for person in range(30):
        visits = Visits(traces=traces.take(np.array([person])), grid=grid)
        alone = mechanism(visits, rng=rng(person)).view.counts
        assert alone.sum() == 7 and alone.max() == 1


def ratio(mechanism, *, worlds: int) -> float:
    """The largest log-ratio between a person with two visits in and out, certain at 1 - 1e-6 for each t.

    The event is that the sum of the person's two counts is at least t. Each of 500 people has two cells of
    their own, and each cell its own noise: one release shows 500 independent sums.
    """
    grid = Grid(cells=1_000, start=0, bin_s=10, times=2)
    people = np.repeat(np.arange(500), 2)
    everybody = Traces.of(people, np.tile([1, 11], 500), np.arange(1_000), people=500, places=1_000)
    nobody = everybody.rows(np.zeros(1_000, np.bool_))
    own = np.arange(1_000), np.tile([0, 1], 500)
    sums = [
        np.concatenate(
            [
                mechanism(Visits(traces=data, grid=grid), rng=child)
                .view.counts[own]
                .reshape(500, 2)
                .sum(axis=1)
                for child in rng(seed).spawn(worlds // 500)
            ]
        )
        for seed, data in ((1, everybody), (2, nobody))
    ]
    found = 0.0
    for t in range(-6, 9):
        here, there = ((s >= t).sum() for s in sums)
        low = clopper_pearson(here, worlds, confidence=1 - ALPHA)[0]
        high = clopper_pearson(there, worlds, confidence=1 - ALPHA)[1]
        found = max(found, float(np.log(np.maximum(low, 1e-300) / high)))
    return found


@dataclasses.dataclass(frozen=True)
class HalfTheNoise:
    """The broken twin: it takes one count a person for granted, where a person has two."""

    honest: VisitCounts

    def __call__(self, data, *, rng):
        return dataclasses.replace(self.honest, epsilon=2 * self.honest.epsilon)(data, rng=rng)


def test_the_likelihood_ratio_stays_below_e_to_the_epsilon_and_the_broken_twin_is_caught():
    """5,000 sums a side; a false alarm once in 30,000 runs, over all thresholds."""
    honest = VisitCounts(epsilon=1.0, at_most=2, noise="rehearsal")
    assert 0.4 < ratio(honest, worlds=5_000) <= 1.0 < ratio(HalfTheNoise(honest), worlds=5_000)


def test_the_promise_is_in_the_unit_of_the_game():
    grid = Grid(cells=100, start=MONDAY)
    mechanism = VisitCounts(epsilon=1.0, at_most=30, noise="rehearsal")
    game = Aggregates(traces=Commuters()(rng=rng()), grid=grid, mechanism=mechanism)
    assert mechanism.budget.unit == game.unit == Unit.person("person", at_most=ANY_NUMBER)
    assert VisitCounts().budget is None
    secure = dataclasses.replace(mechanism, noise="secure")
    visits = Visits(traces=Commuters()(rng=rng()), grid=grid)
    one, other = (secure(visits, rng=rng()).view.counts for _ in range(2))
    assert (one != other).any(), "a seed does not replay noise for a real release"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epsilon": 1.0}, "give at_most"),
        ({"epsilon": 0.0, "at_most": 3}, "epsilon is 0"),
        ({"epsilon": float("inf"), "at_most": 3}, "cannot be drawn"),
        ({"epsilon": float("nan"), "at_most": 3}, "epsilon is nan"),
        ({"at_most": 0}, "at_most is 0"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_refuses_what_it_cannot_keep(settings, says):
    with pytest.raises(PromiseError, match=says):
        VisitCounts(**settings)
