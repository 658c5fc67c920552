"""The door for traces: what it reads, what it refuses by row, and what comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.audits.traces.door import choose, traces
from confide.core.errors import DataError, KnowledgeError
from confide.data.twins_traces import wanderers
from confide.inputs.traces import Columns, read_traces

MADE = wanderers(160, around=(48.1, 11.5), each=25, places=120, days=12, rng=np.random.default_rng(1))
assert MADE.where is not None
FRAME = pl.DataFrame(
    {
        "user_id": [f"person {i}" for i in MADE.person],
        "time": MADE.time,
        "venue": [f"Club_{p}" for p in MADE.place],
        "lat": MADE.where[MADE.place, 0],
        "lon": MADE.where[MADE.place, 1],
    }
)
SPOT = {"lat": "lat", "lon": "lon"}


def audit(frame: Any = FRAME, *, cache: Path, **more: Any) -> Any:
    given: dict[str, Any] = {"user": "user_id", "time": "time", "seed": 3, "cache": cache}
    return traces(frame, **(given | more))


def times(values: Any) -> list[int]:
    frame = FRAME.head(len(values)).with_columns(pl.Series("time", values))
    columns = Columns(user="user_id", time="time", place="venue")
    found = read_traces(frame, columns, cell="500m", bin="1s").records
    return sorted(found.time.tolist())


def test_times_in_every_form_are_the_same_instants() -> None:
    moments = [datetime(2010, 10, 7, 15, 27, 40, tzinfo=UTC), datetime(2010, 10, 8, 1, 0, 0, tzinfo=UTC)]
    want = [int(m.timestamp()) for m in moments]
    assert times(want) == want and times([str(w) for w in want]) == want
    assert times([float(w) for w in want]) == want
    assert times([m.isoformat() for m in moments]) == want
    assert times([m.isoformat().replace("+00:00", "Z") for m in moments]) == want
    assert times(["2010-10-07 17:27:40+02:00", "2010-10-08T03:00+0200"]) == want
    assert times(["2010-10-07 15:27:40.5", "2010-10-08 01:00"]) == want
    assert times(moments) == want and times([m.replace(tzinfo=None) for m in moments]) == want
    assert times(["2010-10-07", "2010-10-08"]) == [1286409600, 1286496000]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("time", ["2010-10-07T15:00Z", "2010-10-07T15:00+02:00", "2010-10-07T16:00Z"], "mixes.*row 2 "),
        ("time", ["2010-10-07T15:00Z", "2010-10-07T15:00Z", "2010-10-07T16:00"], "mixes time zones.*row 3 "),
        ("time", ["2010-10-07T15:00", "yesterday", "07.10.2010"], "no time in rows 2, 3 \\('yesterday'\\)"),
        ("time", ["2010-10-07T15:00", "2010-13-07T15:00", "2010-10-07T15:00"], "no time in row 2 "),
        ("time", [1_286_465_260_000, 1_286_465_260, 0], "after the year 2100 in row 1.*milliseconds"),
        ("lat", [48.0, 91.0, 48.0], "outside the globe in row 2 \\(91\\)"),
        ("lon", [11.0, 11.0, -200.0], "outside the globe in row 3 \\(-200\\)"),
        ("lat", [48.0, None, 48.0], "empty in row 2"),
    ],
)
def test_unreadable_rows_are_named(column: str, values: list[Any], said: str, tmp_path: Path) -> None:
    frame = FRAME.head(3).with_columns(pl.Series(column, values))
    with pytest.raises(DataError, match=said):
        audit(frame, cache=tmp_path, **SPOT)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"user": "user", "place": "venue"}, "did you mean 'user_id'"),
        ({}, "nothing says where"),
        ({"lat": "lat"}, "nothing says where"),
        ({"place": "venue", "lat": "lat"}, "without a longitude"),
        ({"place": "venue", "cell": "wide"}, "'wide' is no length"),
        ({"place": "venue", "bin": "now"}, "'now' is no span"),
        ({"place": "venue", "protect": ["blur:3"]}, "there is no protection 'blur:3'"),
        ({"place": "venue", "protect": ["split:0h"]}, "cannot be used"),
        ({"place": "venue", "points": 60}, "people of 160 have 60 points"),
        ({"place": "venue", "audience": "press"}, "press"),
        ({"place": "venue", "protect": ["cell:1km"]}, "latitude"),
    ],
)
def test_impossible_questions_are_refused(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        audit(cache=tmp_path, **more)


def test_unknown_attacks_are_listed() -> None:
    with pytest.raises(KnowledgeError, match="choose from unicity, nearby-points, jaccard"):
        choose("xyz")


def test_an_audit_finds_people_and_says_by_which_points(tmp_path: Path) -> None:
    found = audit(cache=tmp_path, **SPOT, attacks="unicity,nearby-points,jaccard,mobility-chain")
    assert {e.attack for e in found.evidence} == {"unicity", "nearby-points", "jaccard", "mobility-chain"}
    unicity = next(e for e in found.evidence if e.attack == "unicity").table
    assert unicity.filter("exposed")["hit"].mean() > 0.8
    assert found.who is not None
    named = found.who.drop_nulls("points that do it")
    assert len(named) > 20 and named["points that do it"].is_between(1, 4).all()
    assert (named["singled out by"].str.count_matches("@") == named["points that do it"]).all()
    assert set(unicity["target"]) <= set(found.who["target"])
    assert found.who["target"].is_unique().all()
    titles = [e.title for e in found.sections[0].exhibits]
    assert "How many points single a person out" in titles and "What more people would do" in titles
    again = audit(cache=tmp_path / "other", **SPOT, attacks="unicity")
    assert again.evidence[0].table.equals(unicity)


def test_the_public_sees_no_person_and_places_alone_will_do(tmp_path: Path) -> None:
    found = audit(cache=tmp_path, place="venue", audience="public", attacks="unicity,mobility-chain")
    assert found.who is None and "latitudes" in found.sections[0].skipped[0].why
    text = str(found.report.page)
    assert "Club_" not in text and "person 1" not in text


def test_protections_stand_side_by_side(tmp_path: Path) -> None:
    specs = ["cell:2km", "bin:24h", "split:24h", "rare:8", "planar:200m,1.4"]
    found = audit(cache=tmp_path, **SPOT, protect=specs, attacks="unicity,nearby-points")
    assert [s.release.partition(", ")[2] for s in found.sections] == specs
    table = found.sections[0].exhibits[0]
    assert [row[0] for row in table.rows] == ["as they are", *specs]
    left = dict(zip(table.head[3:], zip(*(row[3:] for row in table.rows), strict=True), strict=True))
    assert left["points kept"][0] == 1 and left["points kept"][4] < 1
    flows = left["flow-map error"]
    assert flows[0] == flows[2] == 0 and min(flows[1], *flows[3:]) > 0
    assert left["minutes shifted"][2] > 60 and left["metres moved"][1] > 100
    assert found.sections[4].promise is not None and found.sections[0].promise is None
    assert not found.sections[4].comparable  # it hides one visit, and the game tells apart people


def test_a_released_file_is_matched_by_user_or_by_key(tmp_path: Path) -> None:
    half = FRAME.filter(pl.int_range(pl.len()) % 2 == 0)
    same = audit(cache=tmp_path, **SPOT, released=half, attacks="unicity,nearby-points,jaccard")
    hits = next(e for e in same.evidence if e.attack == "nearby-points").table.filter("exposed")["hit"].mean()
    assert 0.3 < hits < 1.0
    renamed = half.with_columns(user_id="r" + pl.col("user_id"))
    with pytest.raises(DataError, match="Give a key"):
        audit(cache=tmp_path, **SPOT, released=renamed)
    key = half.select(pl.col("user_id"), ("r" + pl.col("user_id")).alias("new")).unique(maintain_order=True)
    keyed = audit(cache=tmp_path, **SPOT, released=renamed, key=key, attacks="unicity,nearby-points,jaccard")
    assert [e.table["hit"].sum() for e in keyed.evidence] == [e.table["hit"].sum() for e in same.evidence]
    with pytest.raises(DataError, match="without `protect`"):
        audit(cache=tmp_path, **SPOT, released=half, protect=["bin:4h"])
