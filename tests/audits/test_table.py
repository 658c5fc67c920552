"""Auditing a table of people: what is found, what is compared, and what bad input gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import Audit
from confide.core.errors import DataError, PromiseError
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
    assert "no secret column is named" in section.skipped[0].why


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
    "name no row of records, which has 600": {
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


def test_an_id_of_two_rows_is_refused_with_the_rows(frame, tmp_path):
    twice = pl.concat([frame, frame.head(1)])
    with pytest.raises(DataError, match=r"column 'id' has one id in rows 1, 601"):
        run(twice, tmp_path, id="id")


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
