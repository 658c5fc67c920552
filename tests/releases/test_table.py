"""`confide.protect` on tables: what is written, verified, said, and what bad input gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.core.errors import DataError

SETTINGS: dict[str, Any] = {"seed": 3, "attacks": "nearest"}
KNOWN = ["age", "town"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    pl.DataFrame(
        {
            "said": rng.integers(0, 9, 300),
            "age": pl.Series(rng.integers(18, 60, 300)).replace(30, None),
            "town": [f"T{t:02d}" for t in rng.integers(0, 30, 300)],
            "id": [f"{i:04d}" for i in range(300)],
        }
    ).write_csv("people.csv", separator=";")
    return tmp_path


def held(**more: Any) -> confide.Table:
    return confide.Table("people.csv", known=KNOWN, id="id", **more)


@pytest.mark.parametrize("protection", ["local:8", "lattice:8,0.05", "mondrian:8"])
def test_every_class_of_the_written_file_has_enough_people(protection: str, desk: Path) -> None:
    confide.protect(held(), protection, out="safer.csv", key_out="key.csv", **SETTINGS)
    written = pl.read_csv("safer.csv", separator=";", infer_schema=False)
    assert written.columns == ["said", "age", "town"] and written.height == 300
    shown = written.filter(~pl.all_horizontal(pl.col("age", "town") == "*"))
    assert shown.group_by("age", "town").len()["len"].min() >= 8
    # The key leads each row to its own: what is not protected is as it was.
    key = pl.read_csv("key.csv")
    original = pl.read_csv("people.csv", separator=";", infer_schema=False)
    mine = original[(key["row"] - 1).to_list()]["said"]
    assert mine.to_list() == written[(key["released_row"] - 1).to_list()]["said"].to_list()
    assert key["row"].to_list() != key["released_row"].to_list()


def test_ids_and_order_stay_where_they_are_asked_for_and_columns_are_written_as_they_stood(
    desk: Path,
) -> None:
    confide.protect(held(), "blank:3", out="safer.csv", ids="keep", **SETTINGS)
    written = pl.read_csv("safer.csv", separator=";", infer_schema=False)
    original = pl.read_csv("people.csv", separator=";", infer_schema=False)
    assert written["id"].to_list() == original["id"].to_list()
    assert written["said"].to_list() == original["said"].to_list()
    pairs = original.select("age", "town")
    few = pairs.with_columns(n=pl.len().over("age", "town"))["n"] < 3
    assert written.filter(few)["town"].unique().to_list() == ["*"]
    assert written.filter(~few).select("age", "town").equals(pairs.filter(~few))


def test_the_sidecar_says_what_was_done_and_names_nobody(desk: Path) -> None:
    confide.protect(held(), "k-ary:4", out="safer.csv", **SETTINGS)
    side = json.loads(Path("safer.csv.confide.json").read_text())
    assert side["kind"] == "table" and side["protections"] == ["k-ary:4"] and side["noise"] == "secure"
    assert "epsilon 4" in side["promise"] and side["left_out"] == []
    # The values of a column that is randomised are public by condition: an estimate needs them.
    assert set(side["bound"].pop("domains")) == {"age", "town", "said"}
    assert "T07" not in json.dumps(side) and "0042" not in json.dumps(side)


def test_a_released_table_is_not_protected_again_in_the_same_call(desk: Path) -> None:
    with pytest.raises(DataError, match="protect takes one table"):
        confide.protect(held(released="people.csv"), "local:8", out="safer.csv", **SETTINGS)
    assert not Path("safer.csv").exists()


def test_what_leaves_nothing_is_refused_and_nothing_is_written(desk: Path) -> None:
    with pytest.raises(confide.ConfideError):
        confide.protect(held(), "mondrian:5000", out="safer.csv", **SETTINGS)
    assert not list(desk.glob("safer*"))
