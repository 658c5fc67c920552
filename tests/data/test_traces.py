"""The real traces are what their publishers and our cards say: counts only, never a row; so are twins."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from confide.data import cabspotting, gowalla_nyc
from confide.data.twins_traces import wanderers
from confide.views.traces import Traces

Need = Callable[..., None]


def box(traces: Traces) -> list[float]:
    assert traces.where is not None
    seen = traces.where[traces.place]
    return [*seen.min(axis=0), *seen.max(axis=0)]


@pytest.mark.real_data
def test_gowalla_nyc(need: Need) -> None:
    need(gowalla_nyc.PACKED)
    traces = gowalla_nyc.load()
    assert (traces.people, traces.places, len(traces)) == (7_115, 21_509, gowalla_nyc.CARD.records)
    south, west, north, east = box(traces)
    assert 40.48 <= south < north <= 40.92 and -74.26 <= west < east <= -73.70
    spans = traces.time.min(), traces.time.max()
    assert [str(np.datetime64(int(t), "s"))[:7] for t in spans] == ["2009-04", "2010-10"]


@pytest.mark.real_data
def test_cabspotting(need: Need) -> None:
    need(cabspotting.PACKED)
    traces = cabspotting.load()
    assert (traces.people, len(traces)) == (335, cabspotting.CARD.records)
    assert (traces.counts().min(), int(np.median(traces.counts()))) == (94, 2_397)
    spans = traces.time.min(), traces.time.max()
    assert [str(np.datetime64(int(t), "s"))[:7] for t in spans] == ["2008-05", "2008-06"]


@pytest.mark.parametrize("source", [gowalla_nyc, cabspotting], ids=lambda s: s.CARD.name)
def test_twins_repeat_by_seed_and_lie_in_the_city(source: ModuleType) -> None:
    one, again, other = (source.twin(40, rng=np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.digest() == again.digest() != other.digest()
    assert one.people == 40 and (one.counts() > 0).all()
    middle = np.array(box(one)).reshape(2, 2).mean(axis=0)
    city = (40.74, -73.98) if source is gowalla_nyc else (37.76, -122.42)
    assert np.abs(middle - city).max() < 0.1


def test_wanderers_have_long_tails() -> None:
    made = wanderers(3_000, around=(0.0, 0.0), each=20, places=2_000, days=30, rng=np.random.default_rng(0))
    visits, visitors = np.sort(made.counts())[::-1], np.sort(np.bincount(made.place, minlength=2_000))[::-1]
    assert visits.mean() == pytest.approx(20, rel=0.1)
    assert visits[:300].sum() > 0.3 * visits.sum() and visitors[:200].sum() > 0.3 * visitors.sum()
