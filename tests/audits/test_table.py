"""Auditing a table of people: what is found, what is compared, and what bad input gets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import Audit
from confide.audits.right_claims import told as shares_right
from confide.audits.table.exhibits import posterior_above_half
from confide.core.errors import DataError, PromiseError
from confide.core.evidence import Evidence
from confide.inputs.table import Table, read_data

from .door import call

PEOPLE = 600
KNOWN = "age,town,job"


def people(n: int = PEOPLE, seed: int = 0) -> pl.DataFrame:
    """People of whom age, town and job nearly always name one, and whose illness goes with nothing."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": [f"p{seed}-{i}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "town": [f"T{t}" for t in rng.integers(0, 40, n)],
            "job": [f"J{j}" for j in rng.integers(0, 12, n)],
            "illness": [f"I{i}" for i in rng.integers(0, 5, n)],
        }
    )


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return people()


def run(records: Any, tmp_path: Path, **settings: Any) -> Audit:
    given = {"seed": 3, "cache": tmp_path, "known": KNOWN, "attacks": "fellegi-sunter,homogeneity"}
    return call(Table, records, **(given | settings))


def told(audit: Audit, release: int = 0) -> dict[str, float]:
    """Which share of whom gets what right, by the exhibits of a section."""
    (shown,) = (e for e in audit.sections[release].exhibits if e.title.startswith("Whose"))
    return {row[0]: row[1].value for row in shown.rows}


def test_rows_and_secrets_of_people_in_a_raw_table_are_found_and_those_of_others_are_not(frame, tmp_path):
    audit = run(frame, tmp_path, secret="illness", id="id", wrong=0.0)
    linked, inferred = audit.sections
    assert (linked.goal, inferred.goal) == ("linkage", "secrets")
    named = told(audit)["fellegi-sunter, set for 5% false matches"]
    assert named > 0.9
    (shown,) = (e for e in inferred.exhibits if e.title.startswith("Whose secret"))
    (_, inside, outside, more) = shown.rows[0]
    # Homogeneity says nothing where nobody fits: of five equal illnesses at most one in five by luck.
    assert inside.low > 0.9 and outside.high < 0.25 and more.low > 0.6
    assert audit.targets is not None and set(audit.targets["id"]) <= set(frame["id"])


def test_without_a_secret_what_cannot_be_played_is_named(frame, tmp_path):
    (section,) = run(frame, tmp_path).sections
    assert [k.attack for k in section.skipped] == ["homogeneity"]
    assert "no secret column is named" in str(section.skipped[0].why)


@pytest.mark.slow
def test_each_goal_has_its_limits_comparison_and_frontier(frame, tmp_path):
    audit = run(frame, tmp_path, secret="illness", protect=["local:10"], limits=["tpr@0.1=0.5"], wrong=0.0)
    assert [s.goal for s in audit.sections] == ["linkage", "secrets"]
    assert len(audit.before) == 2 and len(audit.report.page["comparisons"]) == 2
    assert {j["release"] for j in audit.report.page["limits"]} == {s.release for s in audit.sections}
    for section in audit.sections:
        first = section.exhibits[0]
        assert first.title == "What each protection buys, and what it costs"
        raw, safer = (row[2] for row in first.rows)
        assert raw.low > safer.high


@pytest.mark.slow
def test_a_written_file_is_as_risky_as_the_protection_that_made_it(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame.write_csv("people.csv")
    held = Table("people.csv", known=KNOWN, secret="illness", id="id", wrong=0.0)
    settings = {"seed": 3, "cache": tmp_path / "c", "attacks": "fellegi-sunter,homogeneity"}
    confide.protect(held, "local:5", out="safer.csv", key_out="key.csv", **settings)
    asked = run(
        "people.csv", tmp_path, secret="illness", id="id", wrong=0.0, protect=["local:5"], targets=PEOPLE
    )
    found = run(
        "people.csv",
        tmp_path,
        secret="illness",
        id="id",
        wrong=0.0,
        released="safer.csv",
        key="key.csv",
        targets=PEOPLE,
    )
    for section, again in zip(asked.sections, found.sections, strict=True):
        one, other = section.headline.risk.auc, again.headline.risk.auc
        assert one.low <= other.high and other.low <= one.high


def test_people_of_a_control_table_are_the_control_people(frame, tmp_path):
    audit = run(frame, tmp_path, secret="illness", id="id", control=people(300, seed=1), targets=400)
    assert "half of them in no release" in audit.sections[0].about["asked about"]
    assert told(audit)["fellegi-sunter, set for 5% false matches"] > 0.7


def test_classes_keep_diversity_where_it_is_asked_for(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    held = Table(frame, known=KNOWN, secret="illness", l="4")
    confide.protect(held, "mondrian:6", out="safer.csv", seed=3, attacks="nearest", cache=tmp_path / "c")
    written = pl.read_csv("safer.csv", infer_schema=False)
    classes = written.group_by(KNOWN.split(",")).agg(pl.len(), pl.col("illness").n_unique())
    assert classes["len"].min() >= 6 and classes["illness"].min() >= 4


WRONG = {
    "no column 'agee': did you mean 'age'": {"known": "agee,town"},
    "'illness' is known and the secret at once": {"known": "age,illness", "secret": "illness"},
    "known names 'age' twice": {"known": "age,age"},
    "known names no column": {"known": " , "},
    "0 to below 1": {"wrong": 1.0},
    "l and t are about the secrets": {"l": "3"},
    "the secret 'same' is the same in every row": {"secret": "same"},
    "does not say whose row is whose": {"released": people(10).drop("id")},
    "has none of the known columns": {"released": people(10).select("illness")},
    "in row 1 the row of records is none of 1 to 600": {
        "released": people(10).drop("id"),
        "key": pl.DataFrame({"a": [700], "b": [1]}),
    },
    "names 1 of the 10 rows": {
        "released": people(10).drop("id"),
        "key": pl.DataFrame({"a": [7], "b": [1]}),
    },
    "are in the table too": {"id": "id", "control": people(30)},
    "which is no value of the original column": {
        "released": people(10).with_columns(town=pl.lit("Mars")),
        "id": "id",
    },
    "k is 0": {"protect": ["local:0"]},
    "there is no protection 'lokal:3'": {"protect": ["lokal:3"]},
}


@pytest.mark.parametrize("says", WRONG)
def test_what_cannot_be_is_said_in_one_sentence(frame, says, tmp_path):
    with pytest.raises((DataError, PromiseError)) as error:
        run(frame.with_columns(same=pl.lit(1)), tmp_path, **WRONG[says])
    assert says in str(error.value), str(error.value)


def test_a_hierarchy_that_misses_a_value_is_refused_with_the_value(frame, tmp_path):
    (tmp_path / "job.csv").write_text("".join(f"J{i};{'a' if i < 6 else 'b'};*\n" for i in range(11)))
    with pytest.raises(DataError, match=r"job\.csv misses the value 'J11' of column 'job'"):
        run(frame, tmp_path, hierarchies=tmp_path)


def test_codes_and_ids_stay_text_and_what_is_not_read_is_said(tmp_path):
    table = people().with_columns(
        zip=pl.Series([f"{i % 90:05d}" for i in range(PEOPLE)]), odd=pl.Series([[1]] * PEOPLE)
    )
    data = read_data(Table(table, known=["age", "zip"], secret="illness", id="id"))
    assert data.cells.names == ("age", "zip", "illness", "town", "job")
    assert data.cells.domains[1].labels[7] == "00007"
    assert data.source.unread == ("odd",)


def test_a_column_that_names_people_is_said(frame, tmp_path):
    warned = run(frame, tmp_path).sections[0].warnings
    assert any(text.startswith("id has another value in every row") for text in warned)
    assert not run(frame, tmp_path, id="id").sections[0].warnings


def released_with(frame: pl.DataFrame, **columns: pl.Series) -> dict[str, Any]:
    """A released file in the order of the records, with a key."""
    rows = np.arange(1, PEOPLE + 1)
    return {
        "released": frame.drop("id").with_columns(**columns),
        "key": pl.DataFrame({"a": rows, "b": rows}),
        "targets": 400,
    }


def test_a_column_that_the_release_leaves_out_or_hides_names_nobody(frame):
    given = {k: v for k, v in released_with(frame).items() if k != "targets"}
    table = Table(frame, known=["age", "town"], secret="illness", **given)
    assert read_data(table).naming == ()
    hidden = {**given, "released": given["released"].with_columns(id=pl.lit("*"))}
    assert read_data(Table(frame, known=["age", "town"], secret="illness", **hidden)).naming == ()
    kept = {**given, "released": frame}
    assert read_data(Table(frame, known=["age", "town"], secret="illness", **kept)).naming == ("id",)


@pytest.mark.slow
def test_a_release_with_other_values_that_nobody_explains_is_not_settled(frame, tmp_path):
    turned = frame["age"].gather(np.random.default_rng(1).permutation(PEOPLE))
    given = released_with(frame, age=turned)
    audit = run(frame, tmp_path, limits=["auc=0.999"], **given)
    assert audit.verdict == "not settled"
    assert any("column 'age' holds another value" in text for text in audit.sections[0].warnings)
    assert not any("knew how" in text for text in audit.sections[0].adversary)
    known = run(frame, tmp_path, limits=["auc=0.999"], made_by="swap:1", **given)
    assert known.verdict == "within" and any("knew how" in text for text in known.sections[0].adversary)


def test_a_release_that_was_only_made_coarser_explains_itself(frame, tmp_path):
    audit = run(frame, tmp_path, limits=["auc=0.999"], **released_with(frame, town=pl.lit("*")))
    assert audit.verdict == "within"
    assert any("only made coarser" in note for note in audit.sections[0].notes)


def test_what_the_release_contradicts_is_refused_with_the_first_rows(frame, tmp_path):
    age = frame["age"].to_numpy().copy()
    age[[4, 9]] = age[[9, 4]]
    given = released_with(frame, age=pl.Series(age))
    with pytest.raises(DataError, match=r"other values of people in rows 5, 10 of the records"):
        run(frame, tmp_path, made_by="local:5", **given)
    with pytest.raises(DataError, match="not true of the release that every class has at least 5"):
        run(frame, tmp_path, made_by="mondrian:5", **released_with(frame))
    with pytest.raises(DataError, match="says how a released table was made: give that too"):
        run(frame, tmp_path, made_by="mondrian:5")


@pytest.mark.parametrize("said", ["swap:0.1", "pram:0.1", "rank-swap:0.05", "noise:0.1,age"])
def test_ranges_are_not_made_by_what_makes_none(frame, tmp_path, said):
    ages = frame["age"].cast(pl.String).to_list()
    ages[6], ages[8] = "20..60", "*"
    given = released_with(frame, age=pl.Series(ages))
    says = r"makes no ranges or groups.*of 'age' for people in rows 7, 9 of the records.*local:10\+"
    with pytest.raises(DataError, match=says):
        run(frame, tmp_path, made_by=said, **given)


def test_a_column_that_is_left_out_is_no_contradiction(frame, tmp_path):
    given = released_with(frame)
    given["released"] = given["released"].drop("job")
    assert run(frame, tmp_path, made_by="without:job", **given).sections
    with pytest.raises(DataError, match="not true of the release that there is no column 'job'"):
        run(frame, tmp_path, made_by="without:job", **released_with(frame))


def test_groups_under_other_names_are_not_made_by_an_exchange(frame, tmp_path):
    towns = frame["town"].to_list()
    towns[3] = "north and south"
    with pytest.raises(DataError, match=r"'town' holds 'north and south' in row 4, which is no value of the"):
        run(frame, tmp_path, made_by="swap:0.1", **released_with(frame, town=pl.Series(towns)))


def test_a_posterior_of_one_half_is_log_odds_of_0_and_unmade_descriptions_count_for_nothing() -> None:
    exposed = np.array([True, True, False, False])
    evidence = Evidence.of(exposed, np.array([0.1, -0.1, 0.2, -3.0]), hit=np.array([True, True, True, True]))
    assert [e.value for e in posterior_above_half(evidence)] == [0.5, 0.0, 0.5, 0.5]
    made = Evidence.of(exposed, np.array([0.5, 0.0, 0.5, 0.0]), hit=np.array([True, False, False, False]))
    inside, outside, apart = shares_right(made, confidence=0.95, of=made.table["score"].to_numpy() > 0)
    assert (inside.value, outside.value, apart.value) == (1.0, 0.0, 1.0)


@pytest.mark.slow
def test_a_changed_table_is_compared_by_what_undoes_the_change(frame, tmp_path):
    """Of a release the attack that reaches most: those that know how values were changed among them."""
    audit = run(
        frame,
        tmp_path,
        secret="illness",
        id="id",
        attacks="fellegi-sunter,transparency,correct-attribution,likely-secret",
        protect=["pram:0.4"],
    )
    for section in audit.sections:
        compared = next(e for e in section.exhibits if e.title.startswith("What each protection buys"))
        found = [f.risk.attack for f in section.findings]
        assert {"transparency", "likely-secret"} & set(found)
        shown = next(e for e in section.exhibits if e.title.startswith("Whose"))
        reached = [
            row[1 if section.goal == "linkage" else 3].value for row in shown.rows if "1%" not in row[0]
        ]
        assert compared.rows[1][2].value >= max(reached[:2]) - 1e-9


@pytest.mark.slow
def test_what_only_undoes_changes_plays_where_it_alone_is_asked_for(frame, tmp_path):
    settings = {"attacks": "transparency,likely-secret", "protect": ["pram:0.3"], "secret": "illness"}
    audit = run(frame, tmp_path, id="id", **settings)
    assert [section.goal for section in audit.sections] == ["linkage", "secrets"]


@pytest.mark.slow
def test_what_cannot_be_undone_twice_over_is_not_settled(frame, tmp_path):
    audit = run(frame, tmp_path, id="id", protect=["microaggregate:5+pram:0.2"])
    assert "what undoing both of these changes tells" in audit.sections[0].unsettled


def test_class_sizes_are_those_of_the_known_columns(tmp_path) -> None:
    """Another value in every row of a column that nobody knows makes no class smaller."""
    numbered = people().with_columns(number=pl.Series(range(PEOPLE)))
    audit = run(numbered, tmp_path, attacks="nearest", protect="mondrian:10")
    costs = re.findall(r"average class size (\d+)", " ".join(audit.report.text().split()))
    assert costs and max(map(int, costs)) >= 10


def test_a_key_that_pairs_the_wrong_rows_is_asked_about(frame, tmp_path):
    """A shift by one row found nobody: "could not be shown to point to that person's record"."""
    released = frame.sample(fraction=1.0, shuffle=True, seed=1)
    place = dict(zip(released["id"], range(1, PEOPLE + 1), strict=True))
    row = pl.Series("row", range(1, PEOPLE + 1))
    right = pl.Series("released_row", [place[who] for who in frame["id"]])
    given = {"id": "id", "released": released.drop("id"), "attacks": "fellegi-sunter"}
    swapped = run(frame, tmp_path, key=pl.DataFrame([right, row]), **given)
    assert told(swapped)["fellegi-sunter, set for 5% false matches"] > 0.7
    wrong = pl.DataFrame([row, right % PEOPLE + 1])
    with pytest.raises(DataError, match="is it the key of this release, with rows counted from 1"):
        run(frame, tmp_path, key=wrong, **given)
    # Noise may hide everybody: then only who made it can say so.
    noisy = released.drop("id").with_columns(
        pl.exclude("age").shuffle(seed=2), age=(pl.col("age") * 7 - 100) % 71 + 18
    )
    with pytest.raises(DataError, match="say with --made-by"):
        run(frame, tmp_path, key=pl.DataFrame([row, right]), **(given | {"released": noisy}))


def test_a_key_that_the_sidecar_rules_out_is_asked_about(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame.write_csv("people.csv")
    held = Table("people.csv", known=KNOWN, id="id")
    confide.protect(held, "mondrian:5", out="safer.csv", key_out="key.csv", seed=3, attacks="nearest")
    given = {"id": "id", "released": "safer.csv", "attacks": "nearest", "targets": 100}
    run("people.csv", tmp_path, key="key.csv", **given)
    moved = pl.read_csv("key.csv").with_columns(released_row=pl.col("released_row") % PEOPLE + 1)
    with pytest.raises(DataError, match=r"by its sidecar no value .* is it the key of this release"):
        run("people.csv", tmp_path, key=moved, **given)
