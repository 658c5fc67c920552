"""Places at 180 degrees of longitude and at the poles: one place stays one, and near ones stay near."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.linkage.traces.mobility_chain import in_plane
from confide.core.errors import DataError
from confide.inputs.places import Columns, read_places
from confide.inputs.tables import read_table
from confide.mechanisms.anonymize.coarse_traces import cells
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane
from confide.views.traces import Traces, metres

ACROSS = np.array([[10.0, 179.9995], [10.0, -179.9995]])


def test_a_plane_has_places_on_both_sides_of_180_degrees_side_by_side() -> None:
    apart = float(metres(ACROSS[0], ACROSS[1]))
    for flat in (plane(ACROSS), in_plane(ACROSS)):
        assert np.hypot(*(flat[0] - flat[1])) == pytest.approx(apart, rel=0.01)


def test_planar_laplace_keeps_its_promise_across_180_degrees() -> None:
    """Each of two places 110 m apart is released from the other at least 1 / 4 as often as from itself.

    With 20,000 visits each, the ratio of two shares errs by less than 0.03 but once in 10,000 runs.
    """
    made = PlanarLaplace(within_m=200, noise="rehearsal")
    n = 20_000
    shares = []
    for place in (0, 1):
        seen = Traces.of(np.zeros(n, int), np.arange(n), np.full(n, place), where=ACROSS)
        shares.append((made(seen, rng=np.random.default_rng(3)).view.place == 1).mean())
    assert shares[0] > 0.2
    assert shares[1] / shares[0] < 4.03


def test_places_all_around_a_pole_are_refused() -> None:
    where = np.column_stack([np.full(360, 89.999), np.arange(-180.0, 180)])
    seen = Traces.of(np.zeros(3, int), np.arange(3), np.arange(3), where=where)
    with pytest.raises(DataError, match="go round the globe"):
        PlanarLaplace(noise="rehearsal")(seen, rng=np.random.default_rng(0))


@pytest.mark.parametrize("metres_", [100.0, 500.0, 7_000.0, 1_000_000.0])
def test_a_point_is_in_one_cell_however_it_is_written(metres_: float) -> None:
    where = np.array([[0.3, 180.0], [0.3, -180.0], [90.0, 5.0], [90.0, -100.0], [-90.0, 7.0], [-90.0, 0.0]])
    cell, middle = cells(where, metres=metres_)
    assert cell[0] == cell[1] and cell[2] == cell[3] and cell[4] == cell[5]
    assert np.abs(middle[:, 0]).max() <= 90 and np.abs(middle[:, 1]).max() <= 180


@pytest.mark.parametrize("metres_", [100.0, 500.0, 7_000.0, 1_000_000.0])
def test_the_middle_of_each_cell_is_in_it(metres_: float) -> None:
    rng = np.random.default_rng(0)
    where = np.column_stack([rng.uniform(-90, 90, 4000), rng.uniform(-180, 180, 4000)])
    edge = np.column_stack(
        [rng.choice([-90, -89.9999, 0, 89.9999, 90], 2000), rng.choice([-180, 179.9999, 180, 3], 2000)]
    )
    _, middle = cells(np.concatenate([where, edge]), metres=metres_)
    assert np.array_equal(cells(middle, metres=metres_)[0], np.arange(len(middle)))


def test_a_named_place_on_both_sides_lies_at_180_degrees() -> None:
    import polars as pl

    frame = pl.DataFrame(
        {
            "u": ["a", "b", "a", "b"],
            "t": [1, 2, 3, 4],
            "place": ["fiji", "fiji", "rome", "rome"],
            "lat": [-17.0, -17.0, 41.0, 43.0],
            "lon": [179.9, -179.7, 12.0, 13.0],
        }
    )
    columns = Columns(user="u", time="t", place="place", lat="lat", lon="lon")
    found = read_places([read_table(frame, name="t")], columns).where
    assert found is not None
    assert found == pytest.approx(np.array([[-17.0, -179.9], [42.0, 12.5]]))
