"""`confide.protect` on traces: what is written, verified and said, and how it is audited again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

import confide
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.data.twins_traces import wanderers
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces, cells
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.releases.traces import TracesRelease
from confide.views.traces import Traces, metres

pytestmark = pytest.mark.usefixtures("quick_traces")

SETTINGS = {"seed": 3, "attacks": "nearby-points"}
MADE = wanderers(160, around=(48.1, 11.5), each=25, places=120, days=12, rng=np.random.default_rng(1))
assert MADE.where is not None
NEAR = np.random.default_rng(5).normal(0, 0.002, (2, len(MADE)))
VISITS = pl.DataFrame(
    {
        "lon": MADE.where[MADE.place, 1] + NEAR[1],
        "said": "a secret remark",
        "at": (MADE.time * 1_000_000).astype("datetime64[us]"),
        "who": MADE.person.astype(np.int32) + 1_000,
        "venue": [f"Club_{p}" for p in MADE.place],
        "lat": MADE.where[MADE.place, 0] + NEAR[0],
    },
    schema_overrides={"lat": pl.Float32},
)
"""Exact points around 120 places, columns in an unusual order, one of 32 bits."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    VISITS.write_parquet("v.parquet")
    VISITS.write_csv("v.csv", separator=";")
    return tmp_path


def held(file: str = "v.parquet", **more: object) -> confide.Traces:
    return confide.Traces(file, **({"user": "who", "time": "at", "lat": "lat", "lon": "lon"} | more))  # type: ignore[arg-type]


def named(file: str = "v.parquet", **more: object) -> confide.Traces:
    return confide.Traces(file, **({"user": "who", "time": "at", "place": "venue"} | more))  # type: ignore[arg-type]


def protect(record: confide.Traces, *texts: str, out: str = "safe.parquet", **more: object):
    return confide.protect(record, *texts, out=out, **(SETTINGS | more))  # type: ignore[arg-type]


@pytest.mark.slow
def test_cells_and_bins_are_written_and_give_what_is_foretold(desk: Path) -> None:
    done = protect(held(), "cell:1300m", "bin:4h", key_out="key.csv")
    written = pl.read_parquet("safe.parquet")
    assert written.schema == VISITS.drop("said", "venue").schema, "types and order of the columns"
    assert written.height == VISITS.height and set(written["who"]) == set(range(1, 161))
    key = pl.read_csv("key.csv", schema_overrides={"user": pl.Int32, "released_user": pl.Int32})
    assert key["user"].to_list() != key["released_user"].sort().to_list()

    # The cells, worked out here: first 500 m and 1 h, as the file is read, and of these the larger ones.
    cell, middle = cells(VISITS.select("lat", "lon").cast(pl.Float64).to_numpy(), metres=500)
    larger, centre = cells(middle, metres=1_300)
    then = VISITS["at"].dt.truncate("1h").dt.truncate("4h")
    expected = pl.DataFrame({"user": VISITS["who"], "at": then, "p": larger[cell]}).sort("user", "at", "p")
    back = written.join(key, left_on="who", right_on="released_user")
    away = metres(back.select("lat", "lon").cast(pl.Float64).to_numpy()[:, None], centre[None])
    found = pl.DataFrame({"user": back["user"], "at": back["at"], "p": away.argmin(1)}).sort(
        "user", "at", "p"
    )
    assert away.min(axis=1).max() < 1 and found.equals(expected)
    assert written.rows() == sorted(written.rows(), key=lambda r: (r[2], r[1]))

    side = json.loads(sidecar_of(done.out).read_text())
    assert side["protections"] == ["cell:500m", "bin:1h", "cell:1300m", "bin:4h"]
    assert "every point is the middle of a cell of 1300 m" in side["verified"]
    assert side["left_out"] == ["said", "venue"] and side["found"] == done.audit.headlines[0]
    assert any("cell:500m, bin:1h" in note for note in done.notes)

    plan = confide.audit(held(), protect="cell:1300m+bin:4h", **SETTINGS)  # type: ignore[arg-type]
    again = confide.audit(held(released="safe.parquet", key="key.csv"), **SETTINGS)  # type: ignore[arg-type]
    seen = [a.sections[-1].headline.risk.auc for a in (plan, done.audit, again)]
    assert max(auc.low for auc in seen) <= min(auc.high for auc in seen)


@pytest.mark.slow
def test_parts_of_a_trace_get_numbers_of_their_own(desk: Path) -> None:
    done = protect(named(), "split:24h", key_out="key.csv")
    written, key = pl.read_parquet("safe.parquet"), pl.read_csv("key.csv")
    days = VISITS.select("who", pl.col("at").dt.date()).unique().height
    assert written["who"].n_unique() == len(key) == days > 160
    assert key["user"].n_unique() == 160 and key["released_user"].is_unique().all()
    assert written.group_by("who").agg(pl.col("at").dt.date().n_unique())["at"].max() == 1
    assert done.sidecar.after["user ids"] == days and done.sidecar.before["user ids"] == 160
    again = confide.audit(named(released="safe.parquet", key="key.csv"), **SETTINGS)  # type: ignore[arg-type]
    plan = confide.audit(named(), protect="split:24h", **SETTINGS)  # type: ignore[arg-type]
    seen = [a.sections[-1].headline.risk.auc for a in (plan, done.audit, again)]
    assert max(auc.low for auc in seen) <= min(auc.high for auc in seen)
    with pytest.raises(DataError, match="would join the parts of each trace again"):
        protect(named(), "split:24h", out="kept.parquet", ids="keep")
    assert not Path("kept.parquet").exists()


def test_places_keep_their_names_and_rare_ones_go(desk: Path) -> None:
    done = protect(named("v.csv"), "rare:20", out="safe.csv", ids="keep")
    written = pl.read_csv("safe.csv", separator=";")
    assert written.columns == ["at", "who", "venue"]
    visitors = VISITS.group_by("venue").agg(pl.col("who").n_unique()).filter(pl.col("who") >= 20)["venue"]
    kept = VISITS.filter(pl.col("venue").is_in(visitors.implode()))
    one = sorted(written.select("who", "venue").rows())
    assert one == sorted(kept.select("who", "venue").rows()) and len(one) < VISITS.height
    assert "every place is visited under at least 20 user ids" in done.sidecar.verified
    assert set(pl.read_csv("v.csv", separator=";")["at"].str.len_chars()) == {26}
    assert set(written["at"].str.slice(14)) == {"00:00.000000"}, "in the form of the original"


@pytest.mark.slow
def test_a_place_of_a_name_is_written_with_its_own_point(desk: Path) -> None:
    """A visit's exact point would tell more than the place that was audited."""
    protect(named(lat="lat", lon="lon"), "planar:300m,2")
    written = pl.read_parquet("safe.parquet")
    points = written.group_by("venue").agg(pl.col("lat", "lon").n_unique())
    assert points["lat"].max() == points["lon"].max() == 1
    with pytest.raises(DataError, match="cells have no names"):
        protect(named(lat="lat", lon="lon"), "cell:2km", out="cells.parquet")
    assert not Path("cells.parquet").exists()


@pytest.mark.slow
def test_noise_is_secure_or_rehearsed_and_said(desk: Path) -> None:
    mine = protect(held(), "planar:300m,2", rehearse=1)
    first = Path("safe.parquet").read_bytes()
    protect(held(), "planar:300m,2", rehearse=1, force=True)
    assert Path("safe.parquet").read_bytes() == first
    real = protect(held(), "planar:300m,2", force=True)
    assert real.sidecar.noise == "secure" and Path("safe.parquet").read_bytes() != first
    assert mine.sidecar.noise == "rehearsed" and "300" in str(mine.sidecar.promise)
    assert any("list of places" in note for note in real.notes)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (CoarseTraces, "cell:1300m", "every point is the middle of a cell of 1300 m"),
        (CoarseTraces, "bin:4h", "every time is the start of a bin of 4 h"),
        (WithoutRarePlaces, "rare:20", "every place is visited under at least 20 user ids"),
        (SplitTraces, "split:24h", "no user id has visits in two parts of 24 hours"),
    ],
)
def test_a_broken_mechanism_is_caught_and_nothing_is_kept(
    desk: Path, monkeypatch: pytest.MonkeyPatch, kind: type, text: str, says: str
) -> None:
    monkeypatch.setattr(kind, "__call__", lambda self, data, *, rng: Release(data, None, "broken"))
    monkeypatch.setattr(SplitTraces, "owners", lambda self, data: np.arange(data.people))
    with pytest.raises(DataError, match=f"not true that {says}"):
        protect(held(), text)
    assert not [p for p in desk.iterdir() if "safe" in p.name]


def test_what_is_already_released_is_no_record_to_protect(desk: Path) -> None:
    with pytest.raises(DataError, match="protect takes one table"):
        protect(held(released="v.csv"), "cell:2km")
    with pytest.raises(DataError, match="leaves nothing"):
        protect(held(), "rare:9999")
    assert any(
        "rare:1 changed nothing in these records beyond bin:1s" in note
        for note in protect(named(bin="1s"), "rare:1").notes
    )


def test_two_points_that_a_column_of_32_bits_makes_one_latitude_are_still_the_same_visits() -> None:
    where = np.array([[40.000003, 7.0], [40.000004, -7.0]])
    written = np.round(where, 6).astype(np.float32).astype(np.float64)
    assert written[0, 0] == written[1, 0], "so that the longitude decides which stands first"
    both, one = np.zeros(2, int), np.array([0, 1])
    view, reread = (Traces.of(both, both, one, where=at) for at in (where, written))
    data = TracesRelease(cast(Any, None), cast(Any, None))
    assert data.same(view, reread).holds
    assert not data.same(view, Traces.of(both, both, both, where=written)).holds
