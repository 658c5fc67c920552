"""The game on counts deals fair worlds, and the two attacks are the formulas that they say."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.data.commuters import MONDAY, Commuters
from confide.games.membership.counts import Aggregates
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Grid

GRID = Grid(cells=100, start=MONDAY)
TRACES = Commuters()(rng=np.random.default_rng(0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def game(group: int = 100, **settings) -> Aggregates:
    mechanism = VisitCounts(at_most=30, noise="rehearsal", **settings)
    return Aggregates(traces=TRACES, grid=GRID, mechanism=mechanism, group=group)


def test_the_counts_are_those_of_the_group_and_known_people_are_no_targets():
    world = game().deal(0, rng=rng())
    case = world.case
    everybody = GRID.presence(TRACES)
    targets, people = GRID.presence(case.targets), GRID.presence(case.known.people)
    assert (targets == everybody[world.ids]).all() and case.known.group == 100
    assert len(targets) + len(people) == 200
    others = case.view.counts.ravel() - targets[world.exposed].sum(axis=0)
    assert (others >= 0).all() and others.sum() == pytest.approx(90 * everybody.sum() / 200, rel=0.1)


def test_the_coin_is_fair():
    """2,000 coins: five standard errors."""
    heads = np.concatenate([game(10).deal(i, rng=child).exposed for i, child in enumerate(rng().spawn(100))])
    assert abs(heads.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(heads))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"group": 195}, "ask for a smaller group"),
        ({"targets": 1}, "give 2 to"),
        ({"share": 2.0}, r"\[0, 1\]"),
    ],
)
def test_bad_settings_are_said(settings, says):
    with pytest.raises(DataError, match=says):
        Aggregates(traces=TRACES, grid=GRID, mechanism=VisitCounts(), **settings)
