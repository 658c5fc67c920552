"""`confide.protect` when what it reads changes before it is done: one sentence, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits.progress import Stage
from confide.core.errors import DataError
from confide.data import twins
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers
from confide.releases.inputs import Inputs

pytestmark = pytest.mark.usefixtures("quick_traces")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of each kind that can be protected."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path.parent / "cache"))
    made = ratings_like(people=120, items=100, each=20, rng=np.random.default_rng(0))
    pairs = pl.DataFrame({"user": made.person, "item": made.item})
    pairs.write_csv("pairs.csv")
    pl.DataFrame({"user": range(120), "sex": ["f", "m"] * 60}, schema_overrides={"user": pl.Int32}).write_csv(
        "traits.csv"
    )
    went = wanderers(60, around=(48.1, 11.5), each=20, places=40, days=8, rng=np.random.default_rng(1))
    pl.DataFrame({"user": went.person, "time": went.time, "place": went.place}).write_parquet(
        "traces.parquet"
    )
    return tmp_path


def ratings() -> tuple[Any, str]:
    return confide.Ratings("pairs.csv", user="user", item="item", targets=40), "rare:2"


def likes() -> tuple[Any, str]:
    return confide.Likes(
        "pairs.csv", traits="traits.csv", user="user", item="item", trait="sex", folds=2
    ), "rare:2"


def traces() -> tuple[Any, str]:
    return confide.Traces("traces.parquet", user="user", time="time", place="place"), "bin:4h"


def images() -> tuple[Any, str]:
    image = pytest.importorskip("PIL.Image")
    faces = twins.pictures(48, name="rel", people=8, shape=(8, 6), rng=np.random.default_rng(0))
    assert faces.person is not None
    Path("faces").mkdir()
    for k, pixels in enumerate(faces.pixels):
        image.fromarray(pixels).save(f"faces/{k}.png")
    labels = {"file": [f"{k}.png" for k in range(48)], "person": faces.person}
    pl.DataFrame(labels).write_csv("labels.csv")
    return confide.Images("faces", labels="labels.csv"), "mosaic:2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "file", "named"),
    [
        (ratings, "pairs.csv", "pairs.csv"),
        (likes, "pairs.csv", "pairs.csv"),
        (likes, "traits.csv", "traits.csv"),
        (traces, "traces.parquet", "traces.parquet"),
        (images, "faces/7.png", "faces"),
        (images, "labels.csv", "labels.csv"),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_an_input_that_changes_after_it_was_read_is_named_and_nothing_is_written(
    desk: Path, given: Callable[[], tuple[Any, str]], file: str, named: str, gone: bool
) -> None:
    held, protection = given()
    before = sorted(p for p in desk.rglob("*") if p != desk / file)

    def meanwhile(stage: Stage) -> None:
        """Called by the audit of the written draft: everything was read by then."""
        if stage.kind != "measuring":
            return
        if gone:
            Path(file).unlink(missing_ok=True)  # there may be several stages
        else:
            there = Path(file)
            stat = there.stat()
            there.write_bytes(there.read_bytes() + b"\n")
            os.utime(there, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # a date that stays hides nothing

    original = Path(held.pictures if given is images else held.records)
    more = {"attacks": "recogniser"} if given is images else {}
    with pytest.raises(DataError, match=f"^{named} has changed since it was read: nothing was written. Run"):
        confide.protect(
            held,
            protection,
            out="safe" + original.suffix,
            key_out="key.csv",
            seed=1,
            progress=meanwhile,
            **more,
        )
    assert sorted(p for p in desk.rglob("*") if p != desk / file) == before


def test_what_a_record_names_are_its_files_and_no_columns(desk: Path) -> None:
    Path("user").mkdir()
    Path("sex").write_text("a file that is called like a column")
    assert Inputs.of(likes()[0]).paths == (Path("pairs.csv"), Path("traits.csv"))
    assert Inputs.of(confide.Ratings(pl.read_csv("pairs.csv"), user="user", item="item")).paths == ()
    held, protection = ratings()
    assert confide.protect(held, protection, out="user/safe.csv", seed=1).out.exists()


def test_a_sidecar_of_the_original_that_cannot_be_read_is_said_before_anything_is_written(desk: Path) -> None:
    Path("pairs.csv.confide.json").write_text("{}")
    before = sorted(desk.rglob("*"))
    held, protection = ratings()
    with pytest.raises(DataError, match=r"pairs\.csv\.confide\.json is no sidecar that can be read"):
        confide.protect(held, protection, out="safe.csv", seed=1)
    assert sorted(desk.rglob("*")) == before
