"""Small audits of every room in German and French: nothing is left in English, and numbers stay the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits import spoken
from tests.audits.door import call

from confide.audits import Audit
from confide.core.language import read_catalogue, t
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

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
import languages as check  # a script of `make check`

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
    small = pl.when(pl.col("count").cast(pl.Int64) < 3).then(pl.lit("*")).otherwise("count").alias("count")
    return pl.concat([found.with_columns(small), total])


def crosstabs(folder: Path) -> Audit:
    rng = np.random.default_rng(0)
    people = pl.DataFrame({f"c{i}": rng.integers(0, 3 + i, 24).astype(str) for i in range(3)})
    tables = [_counted(people, "c0", "c1"), _counted(people, "c1", "c2")]
    return call(Crosstabs, tables, data=people, seed=3, cache=folder, seconds=2.0, targets=40, hidden="1..2")


def frequencies(folder: Path) -> Audit:
    made = GenotypesLike(people=90, snps=60)(rng=np.random.default_rng(0))
    names = [f"rs{i}" for i in range(60)]
    parts = [
        pl.DataFrame(made.take(np.arange(i, i + 30)).copies, schema=names, orient="row") for i in (0, 30, 60)
    ]
    held: dict[str, Any] = {"targets": parts[1], "reference": parts[2], "questions": 60}
    return call(
        Frequencies, parts[0], **held, seed=3, cache=folder, attacks="frequency-lr,frequency-lr-corrected"
    )


def images(folder: Path) -> Audit:
    made = twins.pictures(24, name="audit", people=6, shape=(12, 10), rng=np.random.default_rng(0))
    return call(Images, made, seed=1, cache=folder, attacks="recogniser", protect=["blur:1"])


def likes(folder: Path) -> Audit:
    rng = np.random.default_rng(0)
    pairs = [(u, f"o{i}") for u in range(45) for i in rng.choice(12, 5, replace=False)]
    records = pl.DataFrame(pairs, schema=["user", "item"], orient="row")
    traits = pl.DataFrame({"user": range(45), "town": rng.choice(["A", "B", "C"], 45)})
    return call(
        Likes,
        records,
        traits=traits,
        user="user",
        item="item",
        trait="town",
        seed=3,
        cache=folder,
        folds=3,
        attacks="likes-tfidf",
    )


def ratings(folder: Path) -> Audit:
    made = ratings_like(people=60, items=80, each=15, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    seconds = (made.day.astype(np.float64) * 86_400).astype(np.int64)
    frame = pl.DataFrame({"user": made.person, "film": made.item, "stars": made.rating, "z": seconds})
    columns = {"user": "user", "item": "film", "rating": "stars", "time": "z"}
    return call(Ratings, frame, **columns, seed=3, cache=folder, attacks="scoreboard")


def learner(folder: Path) -> Audit:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame(
        {**{f"c{i}": rng.uniform(0, 1, 200) for i in range(3)}, "label": rng.choice(["no", "yes"], 200)}
    )
    schema = '[columns.label]\nvalues = ["no", "yes"]\n'
    schema += "".join(f"[columns.c{i}]\nlow = 0\nhigh = 1\nknots = 4\n" for i in range(3))
    (folder / "schema.toml").write_text(schema)
    held: dict[str, Any] = {"label": "label", "schema": folder / "schema.toml", "references": 4}
    return call(Learner, frame, **held, seed=1, cache=folder, attacks="loss", protect=["gradient:1"])


def generator(folder: Path) -> Audit:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({f"c{i}": rng.integers(0, 5, 400) for i in range(3)})
    domain = "".join(f'[columns.c{i}]\nkind = "integer"\nlow = 0\nhigh = 4\nbins = 5\n' for i in range(3))
    (folder / "domain.toml").write_text(domain)
    held: dict[str, Any] = {"domain": folder / "domain.toml", "people": 100, "secret": "c2"}
    few = "synthetic-copies,synthetic-nearest,correct-attribution,linear-reconstruction"
    return call(Generator, frame, **held, seed=1, cache=folder, attacks=few, protect=["bootstrap"])


DOORS: dict[str, Make] = {
    made.__name__: made
    for made in (answers, counts, crosstabs, frequencies, images, likes, ratings, learner, generator)
}
"""One audit for each room."""

OWN = (
    "A",
    "B",
    "C",
    "town",
    "ill",
    "age",
    "film",
    "stars",
    "user",
    "item",
    "label",
    "schema",
    "informed-rebuild",
)
"""Columns and values of these audits, which are the user's own."""


WHERE = ("audits", "inputs", "knowledge", "utility", "attacks")
"""Where these rooms have their texts."""


@pytest.mark.parametrize("language", spoken.TRANSLATED)
def test_every_text_that_is_marked_is_translated(language: str) -> None:
    wanted, said = check.every_text(WHERE), set[tuple[str, str]]()
    for page in (check.CATALOGUES / language).glob("*.po"):
        said |= set(read_catalogue(page.read_text(encoding="utf-8")))
    assert [where for text, where in wanted.items() if text not in said] == []


@pytest.mark.slow
def test_a_table_of_ratings_puts_the_variants_last_in_every_language(kept: Path) -> None:
    """What decides the order is no word of the table."""
    orders = list[list[int]]()
    for language in ("en", *spoken.TRANSLATED):
        with spoken.spoken_in(language):
            rows = next(e for e in spoken.exhibits(ratings(kept)) if len(e.head) == 5).rows
            without = t("{attack} without dates", attack="scoreboard")
            orders.append([i for i, row in enumerate(rows) if str(row[0]).startswith(without)])
    assert orders[0] and orders[0] == orders[1] == orders[2]
    assert min(orders[0]) >= 3, "behind the rows of the whole attack"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where evidence is kept, so that each attack plays once for all languages."""
    return tmp_path_factory.mktemp("kept")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["xx", *spoken.TRANSLATED])
@pytest.mark.parametrize("room", DOORS)
def test_an_audit_says_nothing_in_english(room: str, language: str, kept: Path) -> None:
    assert spoken.english(lambda: DOORS[room](kept), language, names=OWN) == []
