"""The door for traces: what it reads, what it refuses by row, and what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.audits import Audit, Settings, audit
from confide.audits.traces import SPEC, read
from confide.core.errors import DataError, KnowledgeError
from confide.data.twins_traces import wanderers
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.inputs.traces import Traces, read_traces
from confide.mechanisms.anonymize.coarse_traces import cells
from confide.mechanisms.anonymize.split_traces import SplitTraces

pytestmark = pytest.mark.usefixtures("quick_traces")

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
SETTINGS = Settings.__dataclass_fields__


def run(frame: Any = FRAME, **more: Any) -> Audit:
    """An audit of these visits; the words that are no settings fill in the record."""
    given: dict[str, Any] = {"user": "user_id", "time": "time", "seed": 3} | more
    held = {word: value for word, value in given.items() if word not in SETTINGS}
    return audit(Traces(frame, **held), **{word: value for word, value in given.items() if word in SETTINGS})


def times(values: Any) -> list[int]:
    frame = FRAME.head(len(values)).with_columns(pl.Series("time", values))
    found = read_traces(Traces(frame, user="user_id", time="time", place="venue", bin="1s")).records
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
        ("time", ["2010-10-07T15:00Z", "2010-10-07T15:00Z", "2010-10-07T16:00"], "time zone: row 3 "),
        ("time", ["2010-10-07T15:00", "yesterday", "07.10.2010"], "no time in rows 2, 3 \\('yesterday'\\)"),
        ("time", ["2010-10-07T15:00", "2010-13-07T15:00", "2010-10-07T15:00"], "no time in row 2 "),
        ("time", [1_286_465_260_000, 1_286_465_260, 1_286_465_260_000], "mixes units: row 2 "),
        ("lat", [48.0, 91.0, 48.0], "outside the globe in row 2 \\(91\\)"),
        ("lon", [11.0, 11.0, -200.0], "outside the globe in row 3 \\(-200\\)"),
        ("lat", [48.0, None, 48.0], "empty in row 2"),
    ],
)
def test_unreadable_rows_are_named(column: str, values: list[Any], said: str, tmp_path: Path) -> None:
    frame = FRAME.head(3).with_columns(pl.Series(column, values))
    with pytest.raises(DataError, match=said):
        run(frame, cache=tmp_path, **SPOT)


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
        ({"place": "venue", "protect": ["rare:200"]}, "rare:200 leaves nothing"),
        ({"place": "venue", "protect": ["rare:5+bin:4h"]}, "Write bin:4h before rare:5"),
        ({"place": "venue", "made_by": "bin:4h"}, "give that too"),
        ({"place": "venue", "key": FRAME}, "give that file too"),
        ({"place": "venue", "lat": "venue", "lon": "lon"}, "named twice"),
        ({"place": "venue", "targets": 1}, "targets is 1"),
        ({"place": "venue", "points": 0}, "points is 0"),
    ],
)
def test_impossible_questions_are_refused(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        run(cache=tmp_path, **more)
    assert not any(tmp_path.iterdir()), "nothing was begun"


def test_unknown_attacks_are_listed() -> None:
    with pytest.raises(KnowledgeError, match="choose from unicity, nearby-points, jaccard"):
        SPEC.choose(Settings(attacks="xyz"))


def test_an_audit_finds_people_and_says_by_which_points(tmp_path: Path) -> None:
    found = run(cache=tmp_path, **SPOT, attacks="unicity,nearby-points,jaccard,mobility-chain")
    assert {e.attack for e in found.evidence} == {"unicity", "nearby-points", "jaccard", "mobility-chain"}
    unicity = next(e for e in found.evidence if e.attack == "unicity").table
    assert unicity.filter("exposed")["hit"].mean() > 0.8
    assert found.targets is not None
    named = found.targets.drop_nulls("points that do it")
    assert len(named) > 20 and named["points that do it"].is_between(1, 4).all()
    assert (named["singled out by"].str.count_matches("@") == named["points that do it"]).all()
    assert set(unicity["target"]) <= set(found.targets["target"])
    assert found.targets["target"].is_unique().all()
    titles = [e.title for e in found.sections[0].exhibits]
    assert "How many points single a person out" in titles and "What more people would do" in titles
    again = run(cache=tmp_path / "other", **SPOT, attacks="unicity")
    assert again.evidence[0].table.equals(unicity)


def test_the_public_sees_no_person_and_places_alone_will_do(tmp_path: Path) -> None:
    found = run(cache=tmp_path, place="venue", audience="public", attacks="unicity,mobility-chain")
    assert found.targets is None and "latitudes" in str(found.sections[0].skipped[0].why)
    text = str(found.report.page)
    assert "Club_" not in text and "person 1" not in text


@pytest.mark.slow
def test_protections_stand_side_by_side(tmp_path: Path) -> None:
    specs = ["cell:2km", "bin:24h", "split:24h", "rare:8", "planar:200m,1.4"]
    found = run(cache=tmp_path, **SPOT, protect=specs, attacks="unicity,nearby-points")
    assert [s.release.partition(", ")[2] for s in found.sections] == specs
    table = found.sections[0].exhibits[0]
    assert [row[0] for row in table.rows] == ["as they are", *specs]
    left = dict(zip(table.head[3:], zip(*(row[3:] for row in table.rows), strict=True), strict=True))
    assert left["points kept"][0] == 1 and left["points kept"][4] < 1
    flows = left["flow-map error"]
    assert flows[0] == 0 and min(flows[1:]) > 0
    assert left["minutes shifted"][2] > 60 and left["metres moved"][1] > 100
    assert found.sections[4].promise is not None and found.sections[0].promise is None
    assert not found.sections[4].comparable  # it hides one visit, and the game tells apart people


def test_a_released_file_is_matched_by_user_or_by_key(tmp_path: Path) -> None:
    half = FRAME.filter(pl.int_range(pl.len()) % 2 == 0)
    same = run(cache=tmp_path, **SPOT, released=half, attacks="unicity,nearby-points,jaccard")
    # Rows are taken out of a release that was made with them: nothing is certified.
    assert not any(b.certified for f in same.sections[0].findings for b in f.risk.epsilon)
    assert all("made with them" in e.no_coin for e in same.evidence)
    hits = next(e for e in same.evidence if e.attack == "nearby-points").table.filter("exposed")["hit"].mean()
    assert 0.3 < hits < 1.0
    renamed = half.with_columns(user_id="r" + pl.col("user_id"))
    with pytest.raises(DataError, match="give a key"):
        run(cache=tmp_path, **SPOT, released=renamed)
    key = half.select(pl.col("user_id"), ("r" + pl.col("user_id")).alias("new")).unique(maintain_order=True)
    keyed = run(cache=tmp_path, **SPOT, released=renamed, key=key, attacks="unicity,nearby-points,jaccard")
    assert [e.table["hit"].sum() for e in keyed.evidence] == [e.table["hit"].sum() for e in same.evidence]


def test_a_protection_is_applied_to_the_released_file(tmp_path: Path) -> None:
    """What will be published is half of the visits: the frontier starts at the half, which is all of it."""
    half = FRAME.filter(pl.int_range(pl.len()) % 2 == 0)
    found = run(cache=tmp_path, **SPOT, released=half, protect=["rare:8", "split:24h"], attacks="unicity")
    assert [s.release for s in found.sections] == [
        "the released file, rare:8",
        "the released file, split:24h",
    ]
    table = found.sections[0].exhibits[0]
    column = dict(zip(table.head, zip(*table.rows, strict=True), strict=True))
    plain, rare, split = column["points kept"]
    assert plain == split == 1 > rare
    assert column["flow-map error"][0] == 0 < min(column["flow-map error"][1:])
    assert column["minutes shifted"][2] == column["metres moved"][2] == 0, (
        "a part has its visits as they were"
    )


@pytest.mark.slow
def test_a_released_file_of_parts_is_seen_in_parts_by_an_adversary_who_knows(tmp_path: Path) -> None:
    """A new id for each person and day: found as under `protect`, and the key gives several ids a person."""
    options = {**SPOT, "attacks": "unicity,jaccard", "cache": tmp_path}
    asked = run(**options, protect="split:24h")
    parts = FRAME.with_columns(user_id=pl.col("user_id") + "/" + (pl.col("time") // 86_400).cast(pl.String))
    key = pl.DataFrame({"user": FRAME["user_id"], "part": parts["user_id"]}).unique(maintain_order=True)
    found = run(**options, released=parts, key=key, made_by="split:24h")
    for mine, theirs in zip(found.evidence, asked.evidence, strict=True):
        assert len(mine) == len(theirs) == 160
        one, other = (e.table.filter("exposed")["hit"].mean() for e in (mine, theirs))
        assert abs(one - other) < 0.15
    mine, theirs = found.sections[0].about, asked.sections[0].about
    assert mine["release"] == theirs["made from"], "parts are no people"


def test_the_meter_must_be_asked_for_on_large_releases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confide.audits.traces.games.SMALL", 100)
    (section,) = run(cache=tmp_path, place="venue").sections
    why = {skipped.attack: str(skipped.why) for skipped in section.skipped}
    assert "--attacks location-meter" in why["location-meter"] and "location-meter" not in section.evidence


@pytest.mark.slow
def test_each_world_is_dealt_once_and_each_protection_applied_once_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is and under two protections, two worlds of each game, shared by all that looks at them."""
    dealt: Counter[tuple[str, str, int]] = Counter()
    splits: list[int] = []

    def counting(deal: Callable[..., Any]) -> Callable[..., Any]:
        def dealing(game: Any, world: int, *, rng: Any) -> Any:
            dealt[type(game).__name__, repr(game.mechanism), world] += 1
            return deal(game, world, rng=rng)

        return dealing

    def splitting(mechanism: SplitTraces, data: Any, *, rng: Any) -> Any:
        splits.append(data.people)
        return split(mechanism, data, rng=rng)

    split = SplitTraces.__call__
    for game in (PointsKnown, EarlierKnown):
        monkeypatch.setattr(game, "deal", counting(game.deal))
    monkeypatch.setattr(SplitTraces, "__call__", splitting)
    run(cache=tmp_path, **SPOT, protect=["cell:2km", "split:24h"], attacks="unicity,nearby-points,jaccard")
    assert len(dealt) == 2 * 3 * 2 and set(dealt.values()) == {1}
    assert sum(people > 80 for people in splits) == 4, "the adversary tries it on 80 targets at most"


def _as_cells(frame: pl.DataFrame, *, metres: float, seconds: int) -> pl.DataFrame:
    """The exact points of a frame in the middle of their cells, made without the reader of the audit."""
    where = frame.select("lat", "lon").to_numpy()
    cell, middle = cells(where, metres=metres)
    middle = middle.round(5)  # as a file of five decimals holds them
    return frame.with_columns(
        lat=pl.Series(middle[cell, 0]),
        lon=pl.Series(middle[cell, 1]),
        time=pl.col("time") // seconds * seconds,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("grid", "side"), [("500m", 1_300), ("150m", 1_300), ("500m", 1_000)])
def test_a_released_file_of_cells_is_attacked_as_strongly_as_foretold(
    tmp_path: Path, grid: str, side: int
) -> None:
    """Cells of 1,300 m and bins of 90 minutes are nested in no grid of the reader.

    The middle of a cell of 1,000 m is on the border of two bands of 500 m: rounding must not move it.
    """
    options = {**SPOT, "attacks": "unicity,nearby-points,jaccard,mobility-likelihood", "cache": tmp_path}
    near = np.random.default_rng(5).normal(0, 0.002, (2, len(FRAME)))  # a place is seen within some 200 m
    exact = FRAME.with_columns(lat=pl.col("lat") + near[0], lon=pl.col("lon") + near[1])
    asked = run(exact, **options, protect=f"cell:{side}m+bin:90min")
    released = _as_cells(exact, metres=side, seconds=5_400)
    found = run(exact, **options, cell=grid, released=released, made_by=f"cell:{side}m+bin:90min")
    for mine, theirs in zip(found.evidence, asked.evidence, strict=True):
        one, other = (e.table.filter("exposed")["hit"].mean() for e in (mine, theirs))
        assert one > other - 0.15, mine.attack


def test_cells_of_a_released_file_are_no_named_places() -> None:
    frame = FRAME.rename({"user_id": "u"})
    held = Traces(
        frame,
        user="u",
        time="time",
        place="venue",
        lat="lat",
        lon="lon",
        released=frame,
        made_by="cell:1000m",
    )
    with pytest.raises(DataError, match="cells have no names"):
        read(held, settings=Settings())


def test_who_is_not_in_a_released_file_is_held_out(tmp_path: Path) -> None:
    """A file of 60 people of 160: a claim about another one is false, and dilutes no share of the 60."""
    some = sorted(FRAME["user_id"].unique())[:60]
    part = FRAME.filter(pl.col("user_id").is_in(some))
    found = run(cache=tmp_path, **SPOT, released=part, attacks="unicity")
    (evidence,) = found.evidence
    exposed = evidence.table.filter("exposed")
    assert 15 <= exposed["target"].n_unique() <= 45 and exposed["hit"].mean() > 0.9
    assert any("100 people of" in line for line in found.sections[0].notes)
