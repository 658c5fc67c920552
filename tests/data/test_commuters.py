"""The simulated commuters are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.data.commuters import HOUR, MONDAY, Commuters, at_work
from confide.views.traces import metres


def test_a_grid_in_metres():
    town = Commuters(side=10, cell_m=500)
    where = town.where()
    assert metres(where[0], where[[1, 10, 11]]) == pytest.approx([500, 500, 500 * 2**0.5], rel=2e-3)


def test_a_tenth_of_the_hours_is_seen_and_truly():
    """6,720 of 67,200 coins of chance 0.1: five deviations are 389."""
    town = Commuters()
    seen, truth = town(rng=np.random.default_rng(0)), town.whereabouts(rng=np.random.default_rng(0))
    assert abs(len(seen) - 6_720) < 389
    assert (truth[seen.person, (seen.time - MONDAY) // HOUR] == seen.place).all()


def test_home_by_night_and_work_by_day():
    """Who never leaves home and work is in two cells. Else 65 % of nights at home: five standard errors."""
    town = Commuters(home=1.0, work=1.0)
    truth, working = town.whereabouts(rng=np.random.default_rng(1)), at_work(336)
    for hours in (working, ~working):
        assert (truth[:, hours] == truth[:, hours][:, :1]).all()
    usual = Commuters(others=1).whereabouts(rng=np.random.default_rng(1))
    night = usual[:, ~working]
    share = (night == np.array([np.bincount(row).argmax() for row in night])[:, None]).mean()
    assert abs(share - 0.65) < 0.02


def test_the_seed_decides():
    one, other, third = (Commuters(people=5)(rng=np.random.default_rng(s)).digest() for s in (0, 0, 1))
    assert one == other != third


def test_bad_settings_are_said():
    with pytest.raises(DataError, match="people is 0"):
        Commuters(people=0)
    with pytest.raises(DataError, match="observed is 2"):
        Commuters(observed=2.0)
