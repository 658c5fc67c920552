"""A release is as risky, whether its making is asked for, said by a sidecar, or worked out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import confide
from confide.audits import Audit, spec_of
from confide.audits.images.protections import PROTECTIONS as IMAGES
from confide.audits.likes.protections import PROTECTIONS as LIKES
from confide.audits.ratings.protections import PROTECTIONS as RATINGS
from confide.audits.traces.protections import PROTECTIONS as TRACES
from confide.cli import main
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.data import twins
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers
from confide.inputs.sidecar import sidecar_of
from confide.measure import measure
from confide.measure.identification import rank_one

pytestmark = pytest.mark.usefixtures("quick_traces")

PEOPLE, FEW = 400, 160


def ratings(people: int) -> confide.Ratings:
    made = ratings_like(people=people, items=300, each=40, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    frame = pl.DataFrame(
        {
            "user": made.person.astype(np.int64) + 1_000,
            "film": [f"{i:03d}" for i in made.item],
            "stars": np.minimum(made.rating + np.random.default_rng(2).integers(0, 2, len(made)) / 2, 5.0),
            "at": (made.day.astype(np.float64) * 86_400 + 7).astype(np.int64),
        }
    )
    frame.write_parquet("r.parquet")
    # Few facts, so that not everybody is recognised whatever is done.
    return confide.Ratings(Path("r.parquet"), user="user", item="film", rating="stars", time="at", facts=4)


def traces(people: int) -> confide.Traces:
    made = wanderers(people, around=(48.1, 11.5), each=30, places=200, days=20, rng=np.random.default_rng(1))
    assert made.where is not None
    near = np.random.default_rng(5).normal(0, 0.002, (2, len(made)))
    frame = pl.DataFrame(
        {
            "user": made.person.astype(np.int64) + 1_000,
            "at": made.time,
            "lat": made.where[made.place, 0] + near[0],
            "lon": made.where[made.place, 1] + near[1],
        }
    )
    frame.write_parquet("v.parquet")
    return confide.Traces(Path("v.parquet"), user="user", time="at", lat="lat", lon="lon", points=2)


def likes(people: int) -> confide.Likes:
    rng = np.random.default_rng(0)
    woman = rng.random(people) < 0.4
    pairs = [(u, i) for u in range(people) for i in rng.choice(60, 12, replace=False)]
    pairs += [(u, 90 + k) for k in range(3) for u in np.flatnonzero(woman) if rng.random() < 0.4]
    pairs += [(u, 40 + u % 8) for u in range(0, people, 6)]
    pairs += [(u, 200 + u % 40) for u in range(people)]
    frame = pl.DataFrame(sorted(set(pairs)), schema=["user", "item"], orient="row")
    frame.write_parquet("l.parquet")
    sexes = pl.DataFrame({"user": np.arange(people), "sex": np.where(woman, "F", "M")})
    sexes.write_parquet("t.parquet")
    return confide.Likes(
        Path("l.parquet"), user="user", item="item", traits=Path("t.parquet"), trait="sex", folds=4
    )


def images(people: int) -> confide.Images:
    pytest.importorskip("PIL.Image")
    made = twins.pictures(
        3 * people // 5, name="mirror", people=people // 17, shape=(32, 24), rng=np.random.default_rng(0)
    )
    assert made.person is not None
    np.savez_compressed("f.npz", X=made.pixels, y=np.array([f"p{k}" for k in made.person]))
    return confide.Images(Path("f.npz"))


HELD = {"ratings": ratings, "traces": traces, "likes": likes, "images": images}
OUT = {"images": "safe.npz"}
ATTACKS = {
    "ratings": "likelihood,scoreboard,counting",
    "traces": "unicity,nearby-points,jaccard",
    "likes": "likes-tfidf",
    "images": "recogniser",
}
EXAMPLES = [
    *(("ratings", p.example) for p in RATINGS.values()),
    *(("likes", p.example) for p in LIKES.values()),
    *(("traces", p.example) for p in TRACES.values()),
    *(("images", p.example) for p in IMAGES.values()),
    ("images", "blur:2+mosaic:4"),
    ("ratings", "classes:1..3=0,4..5=1+cut:year"),
    ("ratings", "sample:0.6+rare:30"),
    ("traces", "bin:24h+cell:11km"),
    ("traces", "cell:2km+split:24h"),
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def found(kind: str, evidence: Evidence) -> Estimate:
    return measure(evidence).auc if kind == "likes" else rank_one(evidence)


def close(kind: str, one: Audit, other: Audit) -> None:
    """All attacks find as much, up to the two intervals."""
    mine, theirs = one.sections[0].evidence, other.sections[0].evidence
    assert set(mine) == set(theirs)
    for name in mine:
        a, b = found(kind, mine[name]), found(kind, theirs[name])
        assert a.low <= b.high and b.low <= a.high, f"{name}: {a} and {b}"


def mirror(held: Any, kind: str, text: str) -> None:
    settings: dict[str, Any] = {"seed": 3, "attacks": ATTACKS[kind]}
    out = Path(OUT.get(kind, "safe.parquet"))
    foretold = confide.audit(held, protect=text, **settings)
    confide.protect(held, text, out=out, rehearse=5, key_out="key.csv", **settings)
    released = replace(held, released=out, key=Path("key.csv"))
    by_sidecar = confide.audit(released, **settings)
    sidecar_of(out).unlink()
    by_itself = confide.audit(released, **settings)
    (section,) = by_itself.sections
    assert not section.unsettled, section.warnings
    assert any("worked out from both files, and the adversary knows it" in note for note in section.notes)
    close(kind, by_sidecar, by_itself)
    close(kind, foretold, by_itself)
    assert text.partition(":")[0] in spec_of(kind).protections


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "text"),
    [("ratings", "cut:year"), ("traces", "bin:24h"), ("likes", "rare:20"), ("images", "mosaic:4")],
)
def test_the_risk_is_the_same_however_the_adversary_learns_what_was_done(
    kind: str, text: str, desk: Path
) -> None:
    mirror(HELD[kind](FEW), kind, text)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=lambda part: str(part))
def test_every_protection_of_every_door_is_worked_out_and_as_risky(kind: str, text: str, desk: Path) -> None:
    mirror(HELD[kind](PEOPLE), kind, text)


def days_alone() -> confide.Traces:
    """Traces, and a file that somebody else made of them: days in place of times, and new numbers."""
    held = traces(FEW)
    frame = pl.read_parquet(held.records)  # type: ignore[arg-type]
    users = frame["user"].unique().sort()
    key = pl.DataFrame({"mine": users, "theirs": np.random.default_rng(1).permutation(len(users))})
    made = frame.join(key, left_on="user", right_on="mine").with_columns(pl.col("at") // 86_400 * 86_400)
    made = made.drop("user").rename({"theirs": "user"}).select(frame.columns)
    made.sample(fraction=1, shuffle=True, seed=1).write_parquet("elsewhere.parquet")
    key.write_parquet("key.parquet")
    return replace(held, points=4, released=Path("elsewhere.parquet"), key=Path("key.parquet"))


@pytest.mark.slow
def test_times_that_somebody_else_cut_to_the_day_hide_no_more_than_the_protection(desk: Path) -> None:
    held, settings = days_alone(), {"seed": 3, "attacks": "unicity"}
    found = confide.audit(held, **settings)  # type: ignore[arg-type]
    (section,) = found.sections
    assert "Times were cut to the day." in section.notes and not section.unsettled
    assert rank_one(section.evidence["unicity"]).low > 0.9, "0 to 6 % where it is taken as made by nothing"
    foretold = confide.audit(replace(held, released=None, key=None), protect="bin:24h", **settings)  # type: ignore[arg-type]
    close("traces", foretold, found)


@pytest.mark.slow
def test_ratings_that_somebody_else_merged_and_cut_are_compared_by_what_is_left_of_them(desk: Path) -> None:
    held = ratings(FEW)
    frame = pl.read_parquet(held.records)  # type: ignore[arg-type]
    year = pl.from_epoch("at").dt.truncate("1y").dt.epoch("s")
    frame.with_columns(year.alias("at"), (pl.col("stars") >= 4).cast(pl.Int64)).write_parquet("e.parquet")
    held = replace(held, facts=6)
    settings: dict[str, Any] = {"seed": 3, "attacks": "likelihood,scoreboard"}
    found = confide.audit(replace(held, released=Path("e.parquet")), **settings)
    (section,) = found.sections
    assert "Dates were cut to the year." in section.notes
    assert "Ratings were merged into 2 values (1..3.5=0,4..5=1)." in section.notes
    named = {name: rank_one(evidence) for name, evidence in section.evidence.items()}
    assert named["likelihood"].low > named["scoreboard"].high
    close("ratings", confide.audit(held, protect="classes:1..3.5=0,4..5=1+cut:year", **settings), found)


def test_a_release_that_nothing_explains_is_never_within(desk: Path) -> None:
    held = days_alone()
    made = pl.read_parquet("elsewhere.parquet")
    off = np.random.default_rng(2).integers(-3, 4, made.height) * 86_400 + 12_345
    made.with_columns(pl.col("at") + off).write_parquet("elsewhere.parquet")
    found = confide.audit(held, seed=3, attacks="unicity", limits=["auc=0.99"])
    assert found.verdict == "not settled"
    page = found.report.page
    assert "how the release was made" in page["verdict_sentence"]
    assert any("Say it with --made-by" in line for line in page["sections"][0]["warnings"])


@pytest.mark.slow
def test_what_is_said_takes_the_place_of_what_is_worked_out(desk: Path) -> None:
    held, settings = days_alone(), {"seed": 3, "attacks": "unicity"}
    by_itself = confide.audit(held, **settings)  # type: ignore[arg-type]
    said = confide.audit(replace(held, made_by="bin:24h"), **settings)  # type: ignore[arg-type]
    assert not any("worked out" in note for note in said.sections[0].notes)
    assert by_itself.sections[0].evidence["unicity"].table.equals(said.sections[0].evidence["unicity"].table)
    with pytest.raises(
        DataError, match=r"says bin:24h,cell:11km, and the places of the released file are otherw"
    ):
        confide.audit(replace(held, made_by="bin:24h,cell:11km"), **settings)  # type: ignore[arg-type]


def test_what_the_release_contradicts_is_refused_with_its_first_rows_and_nothing_is_written(
    desk: Path,
) -> None:
    days_alone()
    command = (
        "audit traces v.parquet --user user --time at --lat lat --lon lon --released elsewhere.parquet "
        "--key key.parquet --made-by cut:month --out report"
    )
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 2, done.output
    said = " ".join(done.output.split())
    assert "--made-by says cut:month, and the times of the released file are otherwise in" in said
    assert "of the rows, first in rows 1, 2" in said, said
    assert not Path("report").exists()
