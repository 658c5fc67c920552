"""Protections of traces: what they keep, and planar Laplace's promise with a broken twin."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from confide.core.errors import DataError, PromiseError
from confide.data.twins_traces import wanderers
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces, cells
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces, visitors
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces, metres


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def some() -> Traces:
    return wanderers(60, around=(48.0, 11.0), each=20, places=200, days=9, rng=rng())


@pytest.mark.parametrize("latitude", [0.0, 40.0, -60.0])
def test_cells_are_as_large_as_they_say(latitude: float) -> None:
    """No two places of a cell are further apart than its diagonal, and cells are as wide as high."""
    where = np.array([latitude, 10.0]) + 0.02 * rng().random((400, 2))
    cell, middle = cells(where, metres=300)
    assert (metres(where, middle[cell]) <= 300 / math.sqrt(2) * 1.01).all()
    same = cell[:, None] == cell[None]
    assert not (same & (metres(where[:, None], where[None]) > 300 * math.sqrt(2) * 1.01)).any()
    step = 300 / 111_195.08
    band = np.floor(middle[:, 0] / step)
    width = np.diff(np.unique(middle[band == np.median(band), 1]))
    assert width.min() * 111_195.08 * math.cos(math.radians(latitude)) == pytest.approx(300, rel=0.01)


def test_coarse_traces_keep_visits_and_codes_do_not_depend_on_who_is_there() -> None:
    data, coarse = some(), CoarseTraces(metres=2_000, seconds=7_200)
    view = coarse(data, rng=None).view
    assert (view.person == data.person).all() and (data.time - view.time < 7_200).all()
    assert (data.time >= view.time).all() and (view.time % 7_200 == 0).all()
    assert view.where is not None and data.where is not None
    assert metres(view.where[view.place], data.where[data.place]).max() <= 2_000 / math.sqrt(2) * 1.01
    half = coarse(data.take(np.arange(30)), rng=None).view
    assert (half.place == view.place[view.person < 30]).all() and half.places == view.places
    with pytest.raises(DataError, match="latitude"):
        CoarseTraces(metres=10)(Traces.of(np.array([0]), np.array([0]), np.array([0])), rng=None)


def test_split_traces_know_their_owners() -> None:
    data, split = some(), SplitTraces(hours=24)
    view = split(data, rng=None).view
    owner = split.owners(data)
    assert (owner[view.person] == data.person).all() and view.people == len(owner)
    days = view.time // 86_400
    assert all(len(np.unique(days[view.person == i])) == 1 for i in range(view.people))
    assert len({(int(o), int(days[view.start[i]])) for i, o in enumerate(owner)}) == len(owner)


def test_rare_places_are_gone_and_no_others() -> None:
    data = some()
    view = WithoutRarePlaces(people=4)(data, rng=None).view
    count = np.array([len(set(data.person[data.place == p].tolist())) for p in range(data.places)])
    assert (visitors(data) == count).all()
    assert (count[view.place] >= 4).all() and len(view) == (count[data.place] >= 4).sum()
    assert 0 < len(view) < len(data)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: CoarseTraces(metres=0),
        lambda: CoarseTraces(seconds=0),
        lambda: SplitTraces(hours=0),
        lambda: WithoutRarePlaces(people=0),
        lambda: PlanarLaplace(level=0),
        lambda: PlanarLaplace(within_m=0),
        lambda: PlanarLaplace(noise="loud"),  # type: ignore[arg-type]
    ],
)
def test_impossible_settings_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(PromiseError):
        wrong()
