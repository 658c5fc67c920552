"""A release that is elsewhere or at another time than its originals is refused: it would hide everybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.data.twins_traces import START, wanderers
from confide.inputs.counts import Counts, read_counts
from confide.inputs.ratings import Ratings, read_ratings
from confide.inputs.traces import Traces, read_traces

MADE = wanderers(40, around=(48.1, 11.5), each=20, places=60, days=8, rng=np.random.default_rng(1))
assert MADE.where is not None
WHERE = MADE.where[MADE.place]
WHEN = pl.from_epoch(pl.Series(MADE.time), time_unit="s")
POINTS = pl.DataFrame({"user": MADE.person, "time": WHEN, "lat": WHERE[:, 0], "lon": WHERE[:, 1]})
NAMED = pl.DataFrame({"user": MADE.person, "time": WHEN, "place": [f"p{p}" for p in MADE.place]})
SPOT: dict[str, Any] = {"lat": "lat", "lon": "lon"}
CLUB: dict[str, Any] = {"place": "place"}


def read(frame: pl.DataFrame, released: pl.DataFrame | None = None, **more: Any):
    return read_traces(Traces(frame, user="user", time="time", released=released, **more))


@pytest.mark.parametrize(
    ("frame", "change", "where", "says"),
    [
        (
            POINTS,
            {"lat": "lon", "lon": "lat"},
            SPOT,
            r"hardly a place in common: check the columns of latitude",
        ),
        (NAMED, {"place": pl.lit("Q") + pl.col("place")}, CLUB, "give the places the same names in both"),
        (
            NAMED,
            {"time": pl.col("time") + pl.duration(days=3_000)},
            CLUB,
            r"\(2009\) is of the time of .*\(2001\)",
        ),
        (
            NAMED,
            {"time": pl.col("time").dt.replace_time_zone("UTC")},
            CLUB,
            "those of the traces have none, so they",
        ),
        (
            NAMED,
            {"time": pl.col("time").dt.epoch("s")},
            CLUB,
            "those of the traces have none, so they may be hours",
        ),
    ],
)
def test_a_release_that_cannot_be_compared_is_refused(
    frame: pl.DataFrame, change: dict[str, Any], where: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read(frame, frame.with_columns(**change), **where)


def test_a_release_by_the_day_or_year_and_of_larger_cells_is_read() -> None:
    for when in (pl.col("time").dt.date(), pl.col("time").dt.truncate("1y"), pl.col("time").dt.round("1mo")):
        coarse = POINTS.with_columns(when.alias("time"), pl.col("lat", "lon").round(2))
        assert read(POINTS, coarse, **SPOT).released is not None


def test_a_zone_that_is_said_makes_both_files_the_same_instants() -> None:
    there = WHEN.dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    local = NAMED.with_columns(time=there.dt.replace_time_zone(None))
    said = read(local, NAMED.with_columns(time=there), time_zone="Europe/Berlin", **CLUB)
    assert said.released is not None and np.array_equal(said.released.time, said.records.time)
    assert (
        said.notes[0]
        == "Read as: user id; time time, datetime without zone, taken as Europe/Berlin; place id."
    )


def test_ratings_need_a_zone_on_both_sides_too() -> None:
    frame = NAMED.rename({"place": "item"}).unique(["user", "item"], maintain_order=True)
    zoned = frame.with_columns(pl.col("time").dt.replace_time_zone("UTC"))
    held: dict[str, Any] = {"user": "user", "item": "item", "time": "time", "released": zoned}
    with pytest.raises(DataError, match="those of the ratings have none, so they may be hours apart"):
        read_ratings(Ratings(frame, **held))
    assert read_ratings(Ratings(frame, **held, time_zone="UTC")).released is not None


def test_visits_to_be_counted_are_read_as_the_user_says(tmp_path: Any) -> None:
    times = [dt.datetime(2015, 3, 14, hour).strftime("%d.%m.%Y %H:%M") for hour in range(3)]
    pl.DataFrame({"user": ["07", "7", "7"], "time": times, "place": ["a", "b", "b"]}).write_csv(
        tmp_path / "v.csv", separator="|"
    )
    held: dict[str, Any] = {"user": "user", "time": "time", "place": "place", "span": "1d"}
    said = Counts(
        tmp_path / "v.csv", separator="|", time_format="%d.%m.%Y %H:%M", time_zone="Asia/Tokyo", **held
    )
    data = read_counts(said)
    assert data.people.to_list() == ["07", "7"]
    # Midnight in Tokyo is 15:00 of the day before in UTC.
    assert data.traces.time.min() == int(dt.datetime(2015, 3, 13, 15, tzinfo=dt.UTC).timestamp()) > START
