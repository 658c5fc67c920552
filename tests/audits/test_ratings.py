"""Auditing ratings from a table: what is found, what is shown to whom, and what bad input gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError, KnowledgeError
from confide.data.ratings_like import ratings_like
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import Ratings
from confide.measure.identification import at_false_match_rate
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.report import Table

from .door import call

COLUMNS = {"user": "user", "item": "film", "rating": "stars", "time": "at"}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    made = ratings_like(people=240, items=300, each=40, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    return pl.DataFrame(
        {
            "user": [f"u{p}" for p in made.person],
            "film": [f"f{i}" for i in made.item],
            "stars": made.rating,
            "at": (made.day.astype(np.float64) * 86_400).astype(np.int64),
        }
    )


def run(records: Any, tmp_path, **settings: Any):
    return call(Ratings, records, **({"seed": 3, "cache": tmp_path} | COLUMNS | settings))


def exhibit(audit, title: str) -> Table:
    return next(e for e in audit.sections[0].exhibits if e.title == title)


@pytest.mark.slow
def test_people_are_found_from_few_facts_and_it_is_said_who(frame, tmp_path):
    audit = run(frame, tmp_path)
    (section,) = audit.sections
    assert section.headline.risk.auc.low > 0.9
    assert {f.risk.attack for f in section.findings} == {"scoreboard", "likelihood", "entropic", "counting"}
    shown = exhibit(audit, "Whose record is named")
    names = [row[0] for row in shown.rows]
    assert (
        "scoreboard, published threshold 1.5" in names
        and "scoreboard without dates, published threshold 1.5" in names
    )
    assert len(exhibit(audit, "From how few facts, in numbers").rows) == 8
    assert audit.targets is not None and audit.targets["target"].n_unique() == audit.targets.height
    caught = audit.targets.filter(pl.col("fewest_facts") == 2).row(0, named=True)
    first, second = caught["singled_out_by"].split("; ")
    person = frame.filter(pl.col("user") == caught["id"])
    for fact in (first, second):
        film, stars = fact.split("'")[1], float(fact.split("(")[1].split(")")[0])
        assert person.filter((pl.col("film") == film) & (pl.col("stars") == stars)).height == 1
    audit.save(tmp_path / "out")
    assert "singled_out_by" in pl.read_parquet(tmp_path / "out" / "evidence.parquet").columns


@pytest.mark.slow
def test_the_public_is_shown_no_person_and_no_item(frame, tmp_path):
    audit = run(frame, tmp_path, audience="public")
    assert audit.targets is None and "evidence.parquet" not in audit.files
    text = str(audit.report.page) + audit.report.text()
    assert not any(f"'{label}'" in text for label in (*frame["user"].unique(), *frame["film"].unique()))


@pytest.mark.slow
def test_again_is_the_same_with_and_without_what_was_kept(frame, tmp_path):
    one, again = run(frame, tmp_path / "a"), run(frame, tmp_path / "a")
    other = run(frame, tmp_path / "b")
    for audit in (again, other):
        for mine, theirs in zip(one.evidence, audit.evidence, strict=True):
            assert mine.table.equals(theirs.table)
        assert one.targets.equals(audit.targets)


@pytest.mark.slow
def test_protections_are_compared_with_the_records_as_they_are(frame, tmp_path):
    audit = run(frame, tmp_path, protect=["stars:inf", "response:1"])
    assert [s.release for s in audit.sections] == ["the ratings, stars:inf", "the ratings, response:1"]
    assert audit.sections[1].promise is not None and audit.sections[1].promise.epsilon == 1
    rows = exhibit(audit, "What each protection buys, and what it costs").rows
    assert [row[0] for row in rows] == ["as they are", "stars:inf", "response:1"]
    # Each point has the interval of the best of 4 attacks, at the rate that the chart names.
    for section, (name, _, risk, *_) in zip(audit.sections, rows[1:], strict=True):
        found = [
            at_false_match_rate(e, rate=0.05, confidence=1 - 0.05 / section.among)
            for e in section.evidence.values()
        ]
        assert section.among == 4 and risk in [at.right for at in found if at is not None], name
    assert (
        "corrected for all attacks" in exhibit(audit, "What each protection buys, and what it costs").reading
    )
    assert rows[0][2].low > rows[2][2].high, "flipping a quarter of all pairs hides people"
    with pytest.raises(DataError, match="write one of rare:20"):
        run(frame, tmp_path, protect=["blur:3"])


def test_a_released_file_with_the_same_ids(frame, tmp_path):
    """Sixty people are left out of the release: they are the control people, and no coin is thrown."""
    gone = [f"u{p}" for p in range(60)]
    released = frame.filter(~pl.col("user").is_in(gone)).drop("stars")
    audit = run(frame, tmp_path, released=released)
    (evidence, *_) = audit.evidence
    absent = audit.targets.filter(pl.col("id").is_in(gone))["target"]
    table = evidence.table
    assert set(table.filter(~pl.col("exposed"))["target"]) == set(absent) and not evidence.randomised
    assert any("no column 'stars'" in note for note in audit.sections[0].notes)


@pytest.mark.slow
def test_a_released_file_of_everybody_is_audited_by_taking_people_out(frame, tmp_path):
    audit = run(frame, tmp_path, released=frame)
    assert any("took people's rows out" in n for n in audit.sections[0].notes)
    # A bound is certified where the mechanism ran without these people: here it had run with them.
    assert not any(b.certified for f in audit.sections[0].findings for b in f.risk.epsilon)
    found = audit.report.page["findings"][0]
    assert any("taken out of a release that was made with them" in b["assumption"] for b in found["epsilons"])
    assert not any("was not drawn by a fair coin" in b["assumption"] for b in found["epsilons"])
    # The same rows, published by the audit itself: the coin decided who was given to the mechanism.
    again = run(frame, tmp_path)
    assert any(b.certified for f in again.sections[0].findings for b in f.risk.epsilon)


@pytest.mark.slow
def test_a_released_file_under_new_ids_needs_a_key(frame, tmp_path):
    ids = frame["user"].unique().sort()
    new = ids.sample(fraction=1, shuffle=True, seed=1)
    key = pl.DataFrame({"original": ids, "released": new})
    released = frame.with_columns(pl.col("user").replace_strict(ids, new))
    with pytest.raises(DataError, match="but not their records: give a key"):
        run(frame, tmp_path, released=released)
    with pytest.raises(DataError, match=r"no user of the released file .* give a key"):
        run(frame, tmp_path, released=released.with_columns(pl.col("user") + "x"))
    keyed, plain = run(frame, tmp_path, released=released, key=key), run(frame, tmp_path, released=frame)
    assert keyed.evidence[0].table.equals(plain.evidence[0].table)
    with pytest.raises(DataError, match="lacks user"):
        run(frame, tmp_path, released=released, key=key.head(5))
    with pytest.raises(DataError, match="give two"):
        run(frame, tmp_path, released=released, key=frame)


def broken(frame: pl.DataFrame, column: str, value: object, rows=(1, 4)) -> pl.DataFrame:
    values = frame[column].cast(pl.String).to_list()
    for row in rows:
        values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=pl.String))


@pytest.mark.parametrize(
    ("spoil", "settings", "says"),
    [
        (lambda f: f, {"rating": "star"}, r"no column 'star': did you mean 'stars'"),
        (lambda f: f, {"item": "user"}, "named twice"),
        (lambda f: broken(f, "stars", "good"), {}, r"'stars' is no number in rows 2, 5 \('good'\)"),
        (lambda f: broken(f, "at", "last week"), {}, r"'at' is no time in rows 2, 5 \('last week'\)"),
        (lambda f: broken(f, "film", None), {}, "'film' is empty in rows 2, 5"),
        (lambda f: f.with_columns(pl.col("at") * 50), {}, "is no time in rows 1, 2, 3, 4, 5 and"),
        (lambda f: f, {"within": "14"}, "'14' has no unit: write 14d for days, or 14h for hours"),
        (lambda f: f.head(0), {}, "no rows"),
        (lambda f: f.filter(pl.col("user") < "u12"), {}, "have the 6 ratings"),
        (lambda f: f, {"facts": 2}, "2 of 2 facts are wrong"),
        (lambda f: f, {"within": "soon"}, "write it like 14d"),
        (lambda f: f, {"seed": -1}, "the seed is -1"),
        (lambda f: f, {"audience": "all"}, "choose internal or public"),
    ],
)
def test_bad_input_is_named_before_any_work(frame, tmp_path, spoil, settings, says):
    with pytest.raises(DataError, match=says):
        run(spoil(frame), tmp_path, **settings)
    assert not any(tmp_path.iterdir()), "nothing was begun"


def test_attacks_by_name(frame, tmp_path):
    audit = run(frame, tmp_path, attacks="counting, scoreboard", rating=None, time=None)
    assert [f.risk.attack for f in audit.sections[0].findings] == ["counting", "scoreboard"]
    with pytest.raises(KnowledgeError, match="choose from scoreboard"):
        run(frame, tmp_path, attacks="guess")


@pytest.mark.slow
def test_who_has_too_few_ratings_and_single_items_are_counted(frame, tmp_path):
    extra = pl.DataFrame(
        {
            "user": ["few"] * 3 + ["u0", "u0"],
            "film": ["f1", "f2", "only"] + ["f9"] * 2,
            "stars": [1.0] * 5,
            "at": [999_999_999] * 5,
        },
        schema=frame.schema,
    )
    notes = run(pl.concat([frame, extra]), tmp_path).sections[0].notes
    single = frame.group_by("film").len().filter(pl.col("len") == 1).height + 1
    assert any(note.startswith(f"{single} items were rated by one person") for note in notes)
    assert any(note.startswith("1 people have too few ratings") for note in notes)
    assert any("rows of the ratings rate what the same person rated already" in note for note in notes)


@pytest.mark.slow
def test_worlds_are_dealt_once_and_protections_applied_once_a_world(frame, tmp_path, monkeypatch):
    """Two protections and the records as they are, in two worlds each: six worlds, whatever asks for them."""
    dealt: list[str] = []
    deal = RatingsLinkage.deal
    monkeypatch.setattr(
        RatingsLinkage,
        "deal",
        lambda self, *a, **k: dealt.append(repr(self.mechanism)) or deal(self, *a, **k),
    )
    applied: list[str] = []
    protect = WithoutRareItems.__call__
    monkeypatch.setattr(
        WithoutRareItems, "__call__", lambda self, *a, **k: applied.append("") or protect(self, *a, **k)
    )
    audit = run(frame, tmp_path, protect=["rare:2", "stars:1"], targets=120)
    worlds = audit.evidence[0].worlds
    assert worlds == 2 and len(dealt) == 3 * worlds and len(set(dealt)) == 3
    assert len(applied) == worlds
