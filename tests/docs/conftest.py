"""A desk with made-up data under the names that the documentation uses."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from confide.data import twins
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers

SURVEY = 640
"""Rows of each side of the survey: enough to settle the pages' limits; reference models take seconds."""

MODULE = """
import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table = pl.read_parquet("train.parquet")
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(
    table.drop("income"), table["income"].to_list()
)


def predict(table):
    return pipeline.predict_proba(table)[:, ::-1]  # low, high


def net():
    return pipeline
"""


def survey(rows: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    age, hours = rng.integers(18, 80, rows), rng.normal(40, 10, rows)
    rich = age / 40 + hours / 40 + rng.normal(0, 1, rows) > 2.2
    return pl.DataFrame({"age": age, "hours": hours, "income": np.where(rich, "high", "low")})


def write_surveys() -> None:
    for seed, name in enumerate(("train", "holdout")):
        made = survey(SURVEY, seed)
        made.write_parquet(f"{name}.parquet")
        made.write_csv(f"{name}.csv")


def write_ratings() -> None:
    """Ratings of films, and likes of the same people with a trait: enough people for the pages' limits."""
    made = ratings_like(people=1_000, items=200, each=25, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    seconds = (made.day.astype(np.float64) * 86_400).astype(np.int64)
    ids = {"user_id": made.person, "item_id": made.item}
    pl.DataFrame({**ids, "rating": made.rating, "timestamp": seconds}).write_parquet("ratings.parquet")
    pl.DataFrame(ids).write_parquet("likes.parquet")
    people = np.arange(1_000)
    pl.DataFrame({"user_id": people, "gender": np.where(people % 2, "F", "M")}).write_parquet("users.parquet")


def write_checkins() -> None:
    made = wanderers(160, around=(48.1, 11.5), each=20, places=80, days=8, rng=np.random.default_rng(1))
    assert made.where is not None
    pl.DataFrame(
        {
            "user_id": made.person,
            "time": made.time,
            "venue_id": [f"venue{p}" for p in made.place],
            "lat": made.where[made.place, 0],
            "lon": made.where[made.place, 1],
        }
    ).write_parquet("checkins.parquet")


def write_people() -> None:
    """A table of people with a secret."""
    rng, n = np.random.default_rng(2), 400
    pl.DataFrame(
        {
            "person_id": [f"{i:04d}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "zip": [f"{z:05d}" for z in rng.integers(10_000, 10_060, n)],
            "sex": rng.choice(["f", "m"], n),
            "diagnosis": rng.choice(["flu", "asthma", "diabetes", "none"], n),
        }
    ).write_parquet("people.parquet")


def write_visits() -> None:
    """Rows of people, several each."""
    rng, n = np.random.default_rng(3), 3_000
    pl.DataFrame(
        {
            "user_id": rng.integers(0, 1_200, n),
            "state": rng.choice(["CA", "NY", "TX"], n),
            "income": rng.lognormal(10.5, 0.6, n),
            "age": rng.integers(18, 95, n),
        }
    ).write_parquet("visits.parquet")


def write_faces() -> None:
    """A folder with a sub-folder for each person."""
    made = twins.pictures(48, name="docs", people=8, shape=(48, 40), rng=np.random.default_rng(0))
    assert made.person is not None
    for number, (pixels, person) in enumerate(zip(made.pixels, made.person, strict=True)):
        folder = Path("faces", f"person{person}")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with every file that the documentation names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    # The commands must run; how well a network learns to recognise people is held by other tests.
    monkeypatch.setattr("confide.attacks.linkage.images._network.PICTURES_SEEN", 2_000)
    write_surveys()
    write_ratings()
    write_checkins()
    write_faces()
    write_people()
    write_visits()
    Path("mypkg").mkdir()
    Path("mypkg/__init__.py").write_text("")
    Path("mypkg/mymodel.py").write_text(MODULE)
    for name in ("mypkg", "mypkg.mymodel"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path
