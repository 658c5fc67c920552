"""Small audits of every room in German and French: nothing is left in English, and numbers stay the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits import spoken
from tests.audits.door import call

from confide.audits import Audit
from confide.data import twins
from confide.data.commuters import commuters
from confide.data.genotypes_like import GenotypesLike
from confide.data.ratings_like import ratings_like
from confide.inputs.answers import Answers
from confide.inputs.counts import Counts
from confide.inputs.crosstabs import Crosstabs
from confide.inputs.frequencies import Frequencies
from confide.inputs.generator import Generator
from confide.inputs.images import Images
from confide.inputs.learner import Learner
from confide.inputs.likes import Likes
from confide.inputs.ratings import Ratings

Make = Callable[[Path], Audit]


def answers(folder: Path, **more: Any) -> Audit:
    rng = np.random.default_rng(0)
    people = pl.DataFrame(
        {"id": np.arange(80), "age": rng.integers(20, 80, 80), "ill": (rng.random(80) < 0.3).astype(np.int64)}
    )
    asked = pl.DataFrame({"id": np.arange(80), **{f"q{i}": rng.integers(0, 2, 80) for i in range(120)}})
    usual: dict[str, Any] = {"secret": "ill", "id": "id", "workload": asked, "noise": 2.0, "targets": 160}
    return call(Answers, people, **usual, seed=3, cache=folder, attacks="all", **more)


def counts(folder: Path) -> Audit:
    made = commuters(people=60, rng=np.random.default_rng(0))
    frame = pl.DataFrame({"u": made.person, "z": made.time, "p": made.place})
    columns: dict[str, Any] = {"user": "u", "time": "z", "place": "p", "group": 20, "targets": 40}
    return call(Counts, frame, **columns, seed=3, cache=folder, attacks="inner-product")


def _counted(people: pl.DataFrame, *columns: str) -> pl.DataFrame:
    found = people.group_by(*columns).len("count").cast({"count": pl.Int64}).sort(*columns).cast(pl.String)
    total = pl.DataFrame({**{c: ["Total"] for c in columns}, "count": [str(len(people))]})
    small = pl.when(pl.col("count").cast(pl.Int64) < 2).then(pl.lit("*")).otherwise("count").alias("count")
    return pl.concat([found.with_columns(small), total])


def crosstabs(folder: Path) -> Audit:
    rng = np.random.default_rng(0)
    people = pl.DataFrame({f"c{i}": rng.integers(0, 4, 24).astype(str) for i in range(3)})
    tables = [_counted(people, "c0", "c1"), _counted(people, "c1", "c2")]
    return call(Crosstabs, tables, data=people, seed=3, cache=folder, seconds=2.0, targets=8, hidden="any")


def frequencies(folder: Path) -> Audit:
    made = GenotypesLike(people=180, snps=150)(rng=np.random.default_rng(0))
    names = [f"rs{i}" for i in range(150)]
    parts = [
        pl.DataFrame(made.take(np.arange(i, i + 60)).copies, schema=names, orient="row") for i in (0, 60, 120)
    ]
    held: dict[str, Any] = {"targets": parts[1], "reference": parts[2], "questions": 120}
    return call(Frequencies, parts[0], **held, seed=3, cache=folder)


def images(folder: Path) -> Audit:
    made = twins.pictures(48, name="audit", people=8, shape=(12, 10), rng=np.random.default_rng(0))
    return call(Images, made, seed=1, cache=folder, attacks="recogniser", protect=["blur:1"])


def likes(folder: Path) -> Audit:
    rng = np.random.default_rng(0)
    pairs = [(u, f"o{i}") for u in range(120) for i in rng.choice(20, 6, replace=False)]
    records = pl.DataFrame(pairs, schema=["user", "item"], orient="row")
    traits = pl.DataFrame({"user": range(120), "town": rng.choice(["A", "B", "C"], 120)})
    return call(Likes, records, traits=traits, user="user", item="item", trait="town", seed=3, cache=folder, folds=5)


def ratings(folder: Path) -> Audit:
    made = ratings_like(people=120, items=200, each=30, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    seconds = (made.day.astype(np.float64) * 86_400).astype(np.int64)
    frame = pl.DataFrame({"user": made.person, "film": made.item, "stars": made.rating, "z": seconds})
    columns = {"user": "user", "item": "film", "rating": "stars", "time": "z"}
    return call(Ratings, frame, **columns, seed=3, cache=folder)


def learner(folder: Path) -> Audit:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({**{f"c{i}": rng.uniform(0, 1, 200) for i in range(5)}, "label": rng.choice(["no", "yes"], 200)})
    schema = '[columns.label]\nvalues = ["no", "yes"]\n'
    schema += "".join(f"[columns.c{i}]\nlow = 0\nhigh = 1\nknots = 4\n" for i in range(5))
    (folder / "schema.toml").write_text(schema)
    held: dict[str, Any] = {"label": "label", "schema": folder / "schema.toml", "references": 4}
    return call(Learner, frame, **held, seed=1, cache=folder, attacks="loss", protect=["gradient:1"])


def generator(folder: Path) -> Audit:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({f"c{i}": rng.integers(0, 5, 400) for i in range(3)})
    domain = "".join(f'[columns.c{i}]\nkind = "integer"\nlow = 0\nhigh = 4\nbins = 5\n' for i in range(3))
    (folder / "domain.toml").write_text(domain)
    held: dict[str, Any] = {"domain": folder / "domain.toml", "people": 100, "secret": "c2"}
    return call(Generator, frame, **held, seed=1, cache=folder, protect=["bootstrap"])


DOORS: dict[str, Make] = {
    made.__name__: made for made in (answers, counts, crosstabs, frequencies, images, likes, ratings, learner, generator)
}
"""One audit for each room."""

OWN = ("A", "B", "C", "town", "ill", "age", "film", "stars", "user", "item", "label", "schema")
"""Columns and values of these audits, which are the user's own."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where evidence is kept, so that each attack plays once for all languages."""
    return tmp_path_factory.mktemp("kept")


@pytest.mark.parametrize("language", ["xx", *spoken.TRANSLATED])
@pytest.mark.parametrize("room", DOORS)
def test_an_audit_says_nothing_in_english(room: str, language: str, kept: Path) -> None:
    assert spoken.english(lambda: DOORS[room](kept), language, names=OWN) == []
