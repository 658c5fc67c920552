"""Cabspotting: positions of taxis in San Francisco."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.data.twins_traces import wanderers
from confide.views.traces import Traces

PACKED = File(
    path="location/cabspotting_sf_10min.parquet",
    checksum="sha256:01e6c35e3a7842d43d5c3190f414d95784e247fc82a262a46e5cbb918a0e76dc",
)
CARD = Card(
    name="cabspotting",
    title="Cabspotting, San Francisco taxis, a point each ten minutes",
    people="335 of the 536 taxis of the Exploratorium's Cabspotting project, May and June 2008",
    records=732_295,
    repeats=None,
    shape=(),
    features="points: taxi, time, latitude, longitude; the first in each ten minutes",
    task="which taxi has these points?",
    classes=(),
    terms="CRAWDAD's own terms (registration, citation); do not pass it on",
    redistribution=False,
    source="https://doi.org/10.15783/C7J010",
    get="Get epfl/mobility from CRAWDAD, keep the first point of each taxi and ten minutes, and save the "
    "columns taxi_id, ts (Unix seconds), lat_e5, lon_e5 (degrees times 100,000).",
    harm="a driver's shifts, breaks and home, and the passengers' addresses",
    citation="Piorkowski, Sarafijanovic-Djukic, Grossglauser: CRAWDAD dataset epfl/mobility, 2009",
    note="All taxis drive through the same city all day, unlike people, who have places of their own.",
)


def load() -> Traces:
    """Load all points; a place is a pair of coordinates that occurs, in 100,000ths of a degree.

    Raises:
        DataError: if the set is not here, or its file is damaged.
    """
    table = pl.read_parquet(locate(PACKED, get=CARD.get))
    # Both coordinates in one number; a longitude in 100,000ths of a degree has at most eight digits.
    code = table["lat_e5"].cast(pl.Int64).to_numpy() * 100_000_000 + table["lon_e5"].to_numpy()
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    where = table.select("lat_e5", "lon_e5").to_numpy()[first] / 1e5
    return Traces.of(
        table["taxi_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        table["ts"].to_numpy().astype(np.int64),
        place,
        where=where,
    )


def twin(n: int, *, rng: Rng) -> Traces:
    """Make n synthetic taxis for two days (see `wanderers`).

    >>> twin(5, rng=np.random.default_rng(0)).people
    5
    """
    return wanderers(n, around=(37.76, -122.42), each=200, places=5_000, days=2, rng=rng)
