"""Gowalla, New York City: check-ins of people at places."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Rng
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.data.twins_traces import wanderers
from confide.views.traces import Traces

PACKED = File(
    path="location/gowalla_nyc_checkins.parquet",
    checksum="sha256:28c1c1671ebcae74ad4f4464192c899dda80746d09fa33664c8cf7b22aa0a7b4",
)
CARD = Card(
    name="gowalla_nyc",
    title="Gowalla check-ins, New York City",
    people="7,115 users of Gowalla with check-ins in New York City, April 2009 to October 2010",
    records=138_957,
    repeats=6,
    shape=(),
    features="check-ins: user, time (UTC), place, its latitude and longitude",
    task="which person made these check-ins?",
    classes=(),
    terms="no licence stated; cite the paper",
    redistribution=False,
    source="https://snap.stanford.edu/data/loc-gowalla.html",
    get="Get loc-gowalla_totalCheckins from https://snap.stanford.edu/data/loc-gowalla.html, keep latitudes "
    "40.48 to 40.92 and longitudes -74.26 to -73.70, and save the columns user_id, time, venue_id, lat, lon.",
    harm="visited places (homes, clinics, bars, churches) reveal health, faith and habits, and times of "
    "absence from home",
    citation="Cho, Myers, Leskovec: Friendship and Mobility: User Movement in Location-Based Social "
    "Networks, KDD 2011",
    note="People chose to check in: the traces are sparse, and half of the people have few check-ins.",
)


def load() -> Traces:
    """Load all check-ins; places are Gowalla's own, each at the mean of its check-ins' coordinates.

    Raises:
        DataError: if the set is not here, or its file is damaged.
    """
    table = pl.read_parquet(locate(PACKED, get=CARD.get))
    venues = table.group_by("venue_id").agg(pl.col("lat", "lon").mean()).sort("venue_id")
    return Traces.of(
        table["user_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        table["time"].dt.epoch("s").to_numpy(),
        table["venue_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        where=venues.select("lat", "lon").to_numpy(),
    )


def twin(n: int, *, rng: Rng) -> Traces:
    """Make n synthetic people with about 20 check-ins each (see `wanderers`).

    >>> twin(5, rng=np.random.default_rng(0)).people
    5
    """
    return wanderers(n, around=(40.74, -73.98), each=20, places=3 * n + 50, days=540, rng=rng)
