"""What the readers remember of a table, so that another can be written like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.inputs import doors

from confide.inputs.source import Source
from confide.inputs.tables import read_table
from confide.inputs.times import written_times

RATINGS = pl.DataFrame(
    {
        "note": ["x", "y", "z"],
        "who": [7, 7, 8],
        "film": ["b", "a", "b"],
        "stars": [3, 4, 5],
        "at": ["2009-11-03 12:30", "2009-11-04 00:00", "2009-11-05 23:59"],
        "shop": [1.5, 2.5, 3.5],
    }
)


def ratings_of(path: Path) -> Source:
    return doors.ratings(path, user="who", item="film", rating="stars", time="at").source


@pytest.mark.parametrize(("name", "separator"), [("r.csv", ";"), ("r.csv", ","), ("r.parquet", None)])
def test_a_file_is_remembered_with_its_columns_and_roles(
    name: str, separator: str | None, tmp_path: Path
) -> None:
    path = tmp_path / name
    RATINGS.write_parquet(path) if separator is None else RATINGS.write_csv(path, separator=separator)
    source = ratings_of(path)
    assert (source.name, source.path, source.format, source.separator) == (
        name, path, path.suffix[1:], separator,
    )  # fmt: skip
    assert list(source.columns.items()) == list(RATINGS.schema.items())
    assert source.roles == {"user": "who", "item": "film", "rating": "stars", "time": "at"}
    assert source.unread == ("note", "shop")


def test_times_can_be_written_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    RATINGS.write_csv(path)
    found = doors.ratings(path, user="who", item="film", time="at")
    assert found.source.time is not None and found.records.day is not None
    days = np.sort(found.records.day).astype(np.float64)
    days = np.floor(days)  # float32 days are exact to some 40 seconds
    assert written_times(days * 86_400, like=found.source.time).to_list() == [
        "2009-11-03 00:00", "2009-11-04 00:00", "2009-11-05 00:00",
    ]  # fmt: skip


def test_a_frame_has_no_file_and_its_rows_are_not_kept() -> None:
    table = read_table(RATINGS, name="the ratings")
    source = Source.of(table, {"user": "who", "item": None})
    assert (source.format, source.path) == ("frame", None)
    assert source.roles == {"user": "who"}
    assert not any(isinstance(getattr(source, f), pl.DataFrame | pl.Series) for f in Source.__slots__)


def test_traces_remember_both_files_and_likes_the_likes(tmp_path: Path) -> None:
    visits = pl.DataFrame(
        {
            "who": np.repeat(["a", "b", "c"], 4),
            "when": np.arange(12) * 86_400 + 1_286_409_600,
            "lat": np.repeat([48.0, 49.0, 50.0], 4),
            "lon": np.repeat([11.0, 12.0, 13.0], 4),
        }
    )
    visits.write_csv(tmp_path / "released.csv")
    columns = {"user": "who", "time": "when", "lat": "lat", "lon": "lon"}
    found = doors.traces(visits, **columns, released=tmp_path / "released.csv")
    assert found.source.format == "frame" and found.released_source is not None
    assert found.released_source.roles == columns
    assert found.released_source.unread == () and found.released_source.format == "csv"
    likes = pl.DataFrame({"who": ["a", "a", "b", "c", "d"], "page": ["p", "q", "p", "q", "p"], "n": 1})
    traits = pl.DataFrame({"who": ["a", "b", "c", "d"], "sex": ["f", "m", "f", "m"]})
    source = doors.likes(likes, traits, user="who", item="page", trait="sex").source
    assert source.roles == {"user": "who", "item": "page"} and source.unread == ("n",)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_ratings_that_are_true_and_false_are_one_and_zero_and_it_is_said(suffix: str, tmp_path: Path) -> None:
    path, liked = tmp_path / f"r.{suffix}", RATINGS.with_columns(stars=pl.Series([True, False, True]))
    liked.write_csv(path) if suffix == "csv" else liked.write_parquet(path)
    found = doors.ratings(path, user="who", item="film", rating="stars")
    assert found.records.rating is not None and sorted(found.records.rating.tolist()) == [0.0, 1.0, 1.0]
    assert "The ratings are true and false: they were read as 1 and 0." in found.notes
    plain = doors.ratings(RATINGS, user="who", item="film", rating="stars")
    assert not any("true and false" in note for note in plain.notes)
