"""Localisation on dense traces, Cabspotting's taxis with up to six visits an hour, against a naive script."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from confide.audits.traces.localisation import localisation_exhibits
from confide.core.nouns import Mechanism
from confide.data import cabspotting
from confide.data.locating import find
from confide.games.linkage.traces import EarlierKnown
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.report.exhibits import Table
from confide.utility.traces import MOVED, left_of
from confide.views.traces import Traces

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RNG = np.random.default_rng
CELL_M, HOUR = 500.0, 3_600

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find(cabspotting.PACKED) is None, reason="Cabspotting is not under $CONFIDE_DATA"),
]


@pytest.fixture(scope="module")
def taxis() -> Traces:
    return cabspotting.load()


def localised(taxis: Traces, mechanism: Mechanism[Traces]) -> tuple[Table, Table, float]:
    """The two tables, and the metres that visits were moved."""
    seen = CoarseTraces(metres=CELL_M, seconds=HOUR)(taxis, rng=None).view
    world = EarlierKnown(traces=seen, mechanism=mechanism, targets=100).deal(0, rng=RNG(1))
    errors, met = localisation_exhibits(seen, world, rng=RNG(2))
    back = world.source.in_order(world.case.view)
    return errors, met, left_of(world.source.traces, back)[MOVED]


def test_without_noise_every_taxi_is_where_it_is_said_to_be(taxis: Traces) -> None:
    """Belief and truth of different visits of an hour, as they once were compared, are 3,260 m apart."""
    errors, met, moved = localised(taxis, CoarseTraces(seconds=HOUR))
    assert moved == 0 and errors.rows[0][1].value > 5_000
    for row in errors.rows[1:]:
        assert row[1].value < 0.1 and row[2].value > 0.9999
    assert met.rows[1][3].value > 0.9999


def test_under_noise_the_error_is_that_of_a_naive_script(
    taxis: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved by 236 m, taxis are about 360 m away, as an independent script found too; each within 10 %.

    The interval over 50 taxis is 2 % wide on either side, the rest is for what the adversaries know.
    """
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from naive_localisation import naive_error  # pyright: ignore[reportMissingImports]

    mechanism = PlanarLaplace(level=1.4, within_m=200, noise="rehearsal")
    errors, met, moved = localised(taxis, mechanism)
    found = errors.rows[1][1].value
    where = taxis.where
    assert where is not None
    naive, naively_moved = naive_error(
        taxis.person.astype(np.int64),
        taxis.time,
        where[taxis.place],
        cell_m=CELL_M,
        rate=1.4 / 200,
        people=50,
        rng=RNG(3),
    )
    assert moved == pytest.approx(236, rel=0.03) and naively_moved == pytest.approx(moved, rel=0.03)
    assert found == pytest.approx(360, rel=0.1) and found == pytest.approx(naive, rel=0.1)
    assert met.rows[1][3].value > met.rows[0][3].value + 0.2
