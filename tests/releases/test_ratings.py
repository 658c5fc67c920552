"""`confide.protect` on ratings: what is written, verified, said, and what bad input gets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import ratings as door
from confide.core.errors import ConfideError, DataError, PromiseError
from confide.data.ratings_like import ratings_like
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.anonymize.rare_items import WithoutRareItems

pytestmark = pytest.mark.slow

SETTINGS = {"seed": 3, "attacks": "likelihood"}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Ratings with a text column that nobody audits, and columns in an unusual order."""
    made = ratings_like(people=160, items=200, each=30, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    return pl.DataFrame(
        {
            "at": (made.day.astype(np.float64) * 86_400 + 7).astype(np.int64),
            "film": [f"{i:03d}" for i in made.item],
            "said": "a secret remark",
            "stars": made.rating,
            "user": made.person.astype(np.int64) + 1_000,
        }
    )


@pytest.fixture
def desk(frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    frame.write_csv("r.csv", separator=";")
    frame.write_parquet("r.parquet")
    return tmp_path


def held(file: str = "r.csv", **more: object) -> confide.Ratings:
    columns = {"user": "user", "item": "film", "rating": "stars", "time": "at"}
    return confide.Ratings(file, **(columns | more))  # type: ignore[arg-type]


def protect(*texts: str, file: str = "r.csv", out: str = "safe.csv", **more: object):
    return confide.protect(held(file), *texts, out=out, **(SETTINGS | more))  # type: ignore[arg-type]


def rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """The rows without the user, sorted: what renumbering must not change."""
    return sorted(frame.select("at", "film", "stars").rows())


def test_the_file_is_the_original_without_rare_items_and_names(desk: Path, frame: pl.DataFrame) -> None:
    done = protect("rare:20")
    text = Path("safe.csv").read_text()
    assert text.startswith("at;film;stars;user\n") and "secret" not in text
    written = pl.read_csv("safe.csv", separator=";", schema_overrides={"film": pl.String})
    common = frame.group_by("film").agg(pl.col("user").n_unique()).filter(pl.col("user") >= 20)["film"]
    assert rows(written) == rows(frame.filter(pl.col("film").is_in(common.implode())))
    assert set(written["user"]) <= set(range(1, 161)), "people have new numbers"
    assert written["user"].is_sorted(), "the order of rows says nothing of the original order"
    assert any("said" in note for note in done.notes), "what was left out is said"


def test_the_sidecar_says_what_was_done_and_what_was_found(desk: Path, frame: pl.DataFrame) -> None:
    done = protect("rare:20", "months:1")
    side = json.loads(sidecar_of(Path("safe.csv")).read_text())
    assert side["protections"] == ["rare:20", "months:1"] and side["noise"] == "none"
    assert side["before"] == {"rows": frame.height, "people": 160, "items": frame["film"].n_unique()}
    assert side["left_out"] == ["said"] and side["version"] == confide.__version__
    assert "every item has at least 20 people" in side["verified"]
    assert side["found"] == done.audit.headlines[0]


@pytest.mark.parametrize("ids", ["renumber", "keep"])
def test_parquet_stays_parquet_with_its_types(desk: Path, frame: pl.DataFrame, ids: str) -> None:
    protect(
        "rare:2",
        file="r.parquet",
        out="safe.parquet",
        ids=ids,
        key_out="key.csv" if ids == "renumber" else None,
    )
    written = pl.read_parquet("safe.parquet")
    assert written.schema == frame.drop("said").schema
    if ids == "keep":
        return
    key = pl.read_csv("key.csv")
    back = written.join(key, left_on="user", right_on="released_user").with_columns(user=pl.col("user_right"))
    common = frame.group_by("film").agg(pl.col("user").n_unique()).filter(pl.col("user") >= 2)["film"]
    mine = frame.drop("said").filter(pl.col("film").is_in(common.implode()))
    columns = ["user", "film", "at", "stars"]
    assert sorted(back.select(columns).rows()) == sorted(mine.select(columns).rows())


def test_the_written_file_gives_what_the_audit_foretells(desk: Path) -> None:
    done = protect("rare:20", out="safe.csv", key_out="key.csv")
    plan = confide.audit(held(), protect="rare:20", **SETTINGS)  # type: ignore[arg-type]
    again = confide.audit(held(released="safe.csv", key="key.csv"), **SETTINGS)  # type: ignore[arg-type]
    seen = [a.sections[0].headline.risk.auc for a in (plan, done.audit, again)]
    assert max(auc.low for auc in seen) <= min(auc.high for auc in seen)


def test_a_key_is_for_its_owner_alone_and_without_it_nothing_is_released(desk: Path) -> None:
    """No file can be made in /proc, and some names are too long: then nothing is released."""
    before = sorted(p.name for p in desk.iterdir() if p.is_file())
    with pytest.raises(DataError, match="too long a name"):
        protect("months:12", out="safe.csv", key_out="k" * 250)
    with pytest.raises((OSError, DataError), match="/proc/self"):
        protect("months:12", out="safe.csv", key_out="/proc/self/key.csv")
    assert sorted(p.name for p in desk.iterdir() if p.is_file()) == before
    done = protect("months:12", out="safe.csv", key_out="key.csv")
    assert Path("key.csv").stat().st_mode & 0o777 == 0o600
    assert "r.csv" not in done.sidecar.text(), "what may be published does not name the original"
    assert done.sidecar.found.startswith("safe.csv: ")


def test_of_several_protections_those_that_did_nothing_are_named(desk: Path) -> None:
    done = protect("stars:1", "rare:20", out="safe.csv")
    assert any(note.startswith("stars:1 changed nothing") for note in done.notes)


def test_the_adversary_knows_from_the_sidecar_how_a_released_file_was_made(desk: Path) -> None:
    protect("months:12", out="safe.csv", key_out="key.csv")
    known = door.read(held(released="safe.csv", key="key.csv"), settings=confide.audits.Settings())
    assert known.game.made_by is not None and "CoarseRatings" in repr(known.game.made_by)


def test_a_file_that_changed_since_its_sidecar_is_refused(desk: Path) -> None:
    protect("months:12", out="safe.csv", key_out="key.csv")
    Path("safe.csv").write_text(Path("safe.csv").read_text().replace(";5.0;", ";4.0;"))
    with pytest.raises(DataError, match="has changed since"):
        door.read(held(released="safe.csv", key="key.csv"), settings=confide.audits.Settings())


def test_numbers_from_a_seed_are_a_rehearsal_even_without_noise(desk: Path) -> None:
    done = protect("rare:20", rehearse=5)
    assert done.sidecar.noise == "rehearsed" and any("Do not publish" in note for note in done.notes)


def test_a_promise_is_said_with_where_its_noise_came_from(desk: Path) -> None:
    real = protect("response:6", out="a.csv").sidecar
    assert real.noise == "secure" and real.promise is not None and "epsilon 6" in real.promise
    mine = protect("response:6", out="b.csv", rehearse=1)
    again = protect("response:6", out="c.csv", rehearse=1)
    assert mine.sidecar.noise == "rehearsed" and any("rehearsal" in note for note in mine.notes)
    assert mine.sidecar.sha256 == again.sidecar.sha256 != real.sha256
    both = protect("response:6", "response:5", out="d.csv").sidecar
    assert both.promise is not None and "epsilon 11" in both.promise, "promises are added up"
    with pytest.raises(DataError, match="Write response:4 before rare:20"):
        protect("rare:20", "response:4", out="e.csv")


@pytest.mark.slow
def test_the_weakest_setting_that_keeps_a_limit_is_found(desk: Path) -> None:
    """The setting found keeps the limit, one slightly weaker does not, and all that was tried is drawn."""
    done = protect("response", find="auc<=0.9", out="safe.csv")
    (text,) = done.sidecar.protections
    (table,) = [e for e in done.audit.sections[0].exhibits if e.title.startswith("What each protection buys")]
    tried = {str(row[0]): row for row in table.rows if str(row[0]).startswith("response")}
    epsilon = {name: float(name.removeprefix("response:")) for name in tried}
    assert text in tried and max(epsilon.values()) == 16 and min(epsilon.values()) == 0.1
    weaker = min(e for name, e in epsilon.items() if e > epsilon[text])
    assert weaker / epsilon[text] < (16 / 0.1) ** (1 / 100)
    assert any("does not cover that choice" in note for note in done.notes)
    with pytest.raises(DataError, match=r"even stars:5 does not keep auc<=0.6"):
        protect("stars", find="auc<=0.6", out="other.csv")
    assert not Path("other.csv").exists()


def test_a_protection_that_changes_nothing_says_so(desk: Path) -> None:
    assert any("changed nothing" in note for note in protect("rare:1").notes)


def test_a_broken_mechanism_is_caught_and_nothing_is_kept(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twin that keeps what it should leave out: the written file does not hold what is claimed."""
    whole = WithoutRareItems(people=1)
    monkeypatch.setattr(WithoutRareItems, "__call__", lambda self, data, *, rng: RELEASE(whole, data))
    with pytest.raises(DataError, match="not true that every item has at least 20 people"):
        protect("rare:20")
    assert not [p for p in desk.iterdir() if "safe" in p.name]


KEEP = WithoutRareItems.__call__


def RELEASE(mechanism: WithoutRareItems, data: object) -> object:  # noqa: N802 - the unpatched mechanism
    return KEEP(mechanism, data, rng=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "more", "says"),
    [
        (["rare:20"], {"out": "r.csv"}, "is what is to be protected"),
        (["rare:20"], {"out": "old.csv"}, "exists: choose another name, or overwrite it with --force"),
        (["rare:20"], {"out": "safe.parquet"}, "let the name end in .csv"),
        (["rare:9999"], {}, "leaves nothing"),
        (["blur:3"], {}, "write one of rare:20"),
        ([], {}, "no protection is named"),
        (["rare"], {"find": "tpr<=1"}, "is not a limit"),
        (["frog"], {"find": "auc<=0.6"}, "give `--with` one of rare"),
        (["rare:20"], {"find": "auc<=0.6"}, "give `--with rare` without one"),
        (["rare:20"], {"key_out": "old.csv"}, "old.csv exists"),
        (["rare:20"], {"key_out": "r.csv", "force": True}, "is read here"),
        (["rare:20"], {"key_out": "safe.csv"}, "is the original or the release"),
        (["rare:20"], {"ids": "kept"}, "say 'renumber' or 'keep'"),
        (["rare:20"], {"protect": ["stars:1"]}, "name them there"),
        (["rare:20"], {"key_out": "key.csv", "ids": "keep"}, "there is no key to write"),
        (["rare:20"], {"out": "cache.csv", "force": True}, "is a folder"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_written(desk: Path, texts, more, says: str) -> None:
    Path("old.csv").write_text("mine")
    Path("cache.csv").mkdir()
    before = {p.name: p.read_bytes() for p in desk.iterdir() if p.is_file()}
    with pytest.raises(ConfideError, match=says):
        protect(*texts, **more)
    assert {p.name: p.read_bytes() for p in desk.iterdir() if p.is_file()} == before


def test_force_overwrites_and_a_changed_original_is_noticed(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("safe.csv").write_text("old")
    protect("rare:20", force=True)
    assert Path("safe.csv").read_text() != "old"
    read = door.read_ratings

    def change(*args: object) -> object:
        data = read(*args)  # type: ignore[arg-type]
        Path("r.csv").write_text(Path("r.csv").read_text() + "9;001;x;1.0;1000\n")
        return data

    monkeypatch.setattr("confide.releases.ratings.read_ratings", change)
    with pytest.raises(DataError, match="has changed since it was read"):
        protect("rare:20", out="late.csv")
    assert not [p for p in desk.iterdir() if "late" in p.name]


def test_promises_about_different_units_have_no_sum() -> None:
    from confide.core.budget import Budget, Unit
    from confide.mechanisms.in_order import InOrder

    class Promises:
        def __init__(self, unit: Unit) -> None:
            self.budget = Budget(1.0, unit=unit)

    with pytest.raises(PromiseError, match="have no sum"):
        InOrder((Promises(Unit.record()), Promises(Unit.client())))  # type: ignore[arg-type]


def test_what_a_protection_leaves_out_and_what_its_promise_is_about_is_said(desk: Path) -> None:
    done = protect("stars:2", "response:4", out="safe.csv", rehearse=1)
    assert any("Left out by the protection: stars, at." in note for note in done.notes)
    assert {"said", "stars", "at"} <= set(done.sidecar.left_out)
    assert not any("rating" in text for text in done.sidecar.verified), "nothing is verified of what is gone"
    most = pl.read_csv("r.csv", separator=";")["user"].value_counts()["count"].max()
    assert isinstance(most, int)
    assert any(f"by up to {4 * most:,} ({most:,} rows)" in note for note in done.notes)
    again = confide.protect(
        confide.Ratings("safe.csv", user="user", item="film"), "rare:2", out="twice.csv", **SETTINGS
    )  # type: ignore[arg-type]
    assert any("safe.csv is itself protected (stars:2, response:4)" in note for note in again.notes)


def test_how_a_released_file_was_made_is_worked_out_where_no_sidecar_says_it(desk: Path) -> None:
    protect("months:12", out="safe.csv", key_out="key.csv")
    with pytest.raises(
        DataError, match=r"--made-by says months:1, and the sidecar of safe\.csv says months:12"
    ):
        door.read(
            held(released="safe.csv", key="key.csv", made_by="months:1"), settings=confide.audits.Settings()
        )
    sidecar_of(Path("safe.csv")).unlink()
    found = confide.audit(held(released="safe.csv", key="key.csv"), **SETTINGS)  # type: ignore[arg-type]
    (section,) = found.sections
    assert any(
        "worked out from both files, and the adversary knows it: months:12" in n for n in section.notes
    )
    assert "Dates became the middle of windows of 12 months." in section.notes and not section.unsettled
    said = confide.audit(held(released="safe.csv", key="key.csv", made_by="months:12"), **SETTINGS)  # type: ignore[arg-type]
    for name, evidence in said.sections[0].evidence.items():
        assert evidence.table.equals(section.evidence[name].table), "the adversary knows the same"
