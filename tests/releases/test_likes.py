"""`confide.protect` on likes: what is written, verified and said, and how it is audited again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import likes as door
from confide.audits import ratings as ratings_door
from confide.core.errors import DataError
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.anonymize.rare_items import WithoutRareItems

N = 240
SETTINGS = {"seed": 3, "attacks": "likes-tfidf"}
RNG = np.random.default_rng(0)
WOMAN = RNG.random(N) < 0.4
PAIRS = [(u, i) for u in range(N) for i in RNG.choice(30, 6, replace=False)]
PAIRS += [(u, 90) for u in np.flatnonzero(WOMAN) if RNG.random() < 0.7]
PAIRS += [(u, 40 + u % 8) for u in range(0, N, 6)]
LIKES = pl.DataFrame(
    {"said": "a secret remark", "what": [f"{i:03d}" for _, i in PAIRS], "who": [u + 1_000 for u, _ in PAIRS]},
    schema_overrides={"who": pl.Int32},
).sample(fraction=1.0, shuffle=True, seed=1)
TRAITS = pl.DataFrame({"who": np.arange(N)[:-20] + 1_000, "sex": np.where(WOMAN, "F", "M")[:-20]})
TRAITS_BY_NUMBER = pl.DataFrame({"who": np.arange(N) + 1, "sex": np.where(WOMAN, "F", "M")})
COMMON = LIKES.group_by("what").agg(pl.col("who").n_unique()).filter(pl.col("who") >= 20)["what"].implode()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    LIKES.write_csv("l.csv", separator=";")
    LIKES.write_parquet("l.parquet")
    TRAITS.write_csv("t.csv")
    return tmp_path


def held(file: str = "l.parquet", **more: object) -> confide.Likes:
    given = {"user": "who", "item": "what", "traits": "t.csv", "trait": "sex", "folds": 4} | more
    return confide.Likes(file, **given)  # type: ignore[arg-type]


def protect(*texts: str, file: str = "l.parquet", **more: object):
    more = {"out": "safe" + Path(file).suffix, **SETTINGS} | more
    return confide.protect(held(file), *texts, **more)  # type: ignore[arg-type]


def test_the_written_table_is_everybodys_likes_of_common_items_and_gives_what_is_foretold(desk: Path) -> None:
    done = protect("rare:20", key_out="key.csv")
    written = pl.read_parquet("safe.parquet")
    assert written.schema == LIKES.drop("said").schema
    assert written["who"].is_sorted() and set(written["who"]) <= set(range(1, N + 1)), "new numbers"
    key = pl.read_csv("key.csv", schema_overrides={"user": pl.Int32, "released_user": pl.Int32})
    back = written.join(key, left_on="who", right_on="released_user").select("what", "user")
    common = LIKES.filter(pl.col("what").is_in(COMMON)).select("what", "who")
    assert sorted(back.rows()) == sorted(common.rows()), "of people without a known trait too"
    side = json.loads(sidecar_of(done.out).read_text())
    assert "every item has at least 20 people" in side["verified"] and side["left_out"] == ["said"]
    assert side["before"]["people"] == N and side["after"]["rows"] == written.height < side["before"]["rows"]
    assert side["found"] == done.audit.headlines[0]

    plan = confide.audit(held(), protect="rare:20", **SETTINGS)  # type: ignore[arg-type]
    again = confide.audit(held(released="safe.parquet", key="key.csv"), **SETTINGS)  # type: ignore[arg-type]
    seen = [a.sections[0].headline.risk.auc for a in (plan, done.audit, again)]
    assert max(auc.low for auc in seen) <= min(auc.high for auc in seen)
    known = door.read(held(released="safe.parquet", key="key.csv"), settings=confide.audits.Settings())
    assert known.game.made_by == WithoutRareItems(people=20), "the sidecar tells how it was made"
    assert known.people.released is not None
    assert len(known.people.released) < len(known.people.items)
    assert known.people.person.to_list() == [str(u) for u in TRAITS["who"]]


@pytest.mark.slow
def test_csv_stays_csv_and_noise_under_a_promise_is_said(desk: Path) -> None:
    mine = protect("response:5", file="l.csv", rehearse=1)
    first = Path("safe.csv").read_text()
    assert first.startswith("what;who\n") and "secret" not in first
    assert mine.sidecar.noise == "rehearsed" and "epsilon 5" in str(mine.sidecar.promise)
    protect("response:5", file="l.csv", rehearse=1, force=True)
    assert Path("safe.csv").read_text() == first, "a rehearsal can be repeated"
    real = protect("response:5", file="l.csv", force=True)
    assert real.sidecar.noise == "secure" and Path("safe.csv").read_text() != first


@pytest.mark.slow
def test_a_table_that_was_protected_as_another_kind_is_not_read_as_likes(desk: Path) -> None:
    ratings = confide.Ratings("l.csv", user="who", item="what", targets=40)
    confide.protect(ratings, "rare:2", out="safe.csv", key_out="key.csv", seed=1)
    released = held("l.csv", released="safe.csv", key="key.csv")
    said = (
        r"^safe\.csv was protected as ratings, says safe\.csv\.confide\.json, and is read as likes here: read"
    )
    with pytest.raises(DataError, match=said):
        door.read(released, settings=confide.audits.Settings())
    again = confide.Ratings("l.csv", user="who", item="what", released="safe.csv", key="key.csv", targets=40)
    assert ratings_door.read(again, settings=confide.audits.Settings()).game.made_by is not None
    as_likes = confide.Likes(
        "safe.csv", user="who", item="what", traits=TRAITS_BY_NUMBER, trait="sex", folds=2
    )
    done = confide.protect(as_likes, "rare:3", out="safer.csv", **SETTINGS)  # type: ignore[arg-type]
    assert any("safe.csv is itself protected (rare:2)" in note for note in done.notes), (
        "it is the original here"
    )


def test_a_protection_that_changes_nothing_says_so(desk: Path) -> None:
    assert any("changed nothing" in note for note in protect("rare:1").notes)


def test_a_broken_mechanism_is_caught_and_nothing_is_kept(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, whole = WithoutRareItems.__call__, WithoutRareItems(people=1)
    monkeypatch.setattr(WithoutRareItems, "__call__", lambda self, data, *, rng: keep(whole, data, rng=rng))
    with pytest.raises(DataError, match="not true that every item has at least 20 people"):
        protect("rare:20")
    assert not [p for p in desk.iterdir() if "safe" in p.name]


@pytest.mark.parametrize(
    ("texts", "more", "says"),
    [
        (["rare:20"], {"out": "l.parquet"}, "is what is to be protected"),
        (["rare:20"], {"out": "old.parquet"}, "overwrite it with --force"),
        (["rare:9999"], {}, "leaves nothing"),
        (
            ["rare:20"],
            {"file": "l.csv", "out": "t.csv", "force": True},
            "t.csv is or is inside t.csv, which is read",
        ),
        (["rare:20"], {"key_out": "t.csv", "force": True}, "which is read here"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_written(desk: Path, texts, more, says: str) -> None:
    Path("old.parquet").write_text("mine")
    before = {p.name: p.read_bytes() for p in desk.iterdir() if p.is_file()}
    with pytest.raises(DataError, match=says):
        protect(*texts, **more)
    assert {p.name: p.read_bytes() for p in desk.iterdir() if p.is_file()} == before


def test_ids_that_carry_the_likes_of_others_are_refused(desk: Path) -> None:
    moved = LIKES.with_columns(who=(pl.col("who") - 1_000 + 7) % N + 1_000)
    with pytest.raises(DataError, match="but not their records"):
        door.read_likes(held(released=moved.drop("said")))
    with pytest.raises(DataError, match="a key says who is who"):
        held(key="key.csv")
