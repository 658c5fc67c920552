"""Auditing a table in which people have several rows: the unit is the person, and that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.audits import Audit
from confide.core.errors import DataError
from confide.inputs.several_rows import several_rows
from confide.inputs.table import Table, read_data

from .door import call

PEOPLE = 300
KNOWN = "age,town"


def visits(people: int = PEOPLE, seed: int = 0) -> pl.DataFrame:
    """Person i has i % 3 + 1 rows and one illness. Age and town of a row nearly always name it."""
    rng = np.random.default_rng(seed)
    who = rng.permutation(np.repeat(np.arange(people), np.arange(people) % 3 + 1))
    n = len(who)
    return pl.DataFrame(
        {
            "who": [f"p{seed}-{i}" for i in who],
            "age": rng.integers(18, 90, n),
            "town": [f"T{t}" for t in rng.integers(0, 90, n)],
            "illness": [f"I{i % 5}" for i in who],
            "visit": np.arange(n),
            "card": 7_000 + who,
        }
    )


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return visits()


def run(records: Any, tmp_path: Path, **settings: Any) -> Audit:
    given = {"seed": 3, "cache": tmp_path, "known": KNOWN, "id": "who", "attacks": "nearest", "wrong": 0.0}
    return call(Table, records, **(given | settings))


def rows_of(audit: Audit, title: str, release: int = 0) -> dict[str, tuple[Any, ...]]:
    (shown,) = (e for e in audit.sections[release].exhibits if e.title == title)
    return {str(row[0]): row[1:] for row in shown.rows}


def test_people_are_read_counted_and_said(frame: pl.DataFrame):
    data = read_data(Table(frame, known=KNOWN, id="who"))
    assert data.several is not None and data.cells.people is not None
    assert (data.several.number, data.several.rows, data.several.most) == (PEOPLE, 600, 3)
    same = frame["who"].to_numpy()[:, None] == frame["who"].to_numpy()
    assert ((data.cells.people[:, None] == data.cells.people) == same).all()
    twice = [i for i in range(600) if same[i].sum() > 1 and not same[i, :i].any()]
    second = [int(np.flatnonzero(same[i])[1]) for i in twice]
    pairs = [[i + 1, j + 1] for i, j in zip(twice, second, strict=True)]
    assert data.several.pairs.tolist() == pairs and len(twice) == 200
    shown = "; ".join(f"rows {i} and {j}" for i, j in pairs[:5])
    assert data.several.which == f"These have one who: {shown}; and so for 195 more people."
    # Named by the row; and a column that names people is found, whether it stands once or several times.
    assert data.who["id"].to_list() == frame["who"].to_list()
    assert set(data.naming) == {"visit", "card"}


def test_where_everybody_has_one_row_nothing_is_said_or_changed(frame: pl.DataFrame):
    one = frame.unique("who", keep="first", maintain_order=True)
    data = read_data(Table(one, known=KNOWN, id="who"))
    assert data.several is None and data.cells.people is None


def test_rows_of_people_in_a_raw_table_are_found_and_the_report_counts_people(
    frame: pl.DataFrame, tmp_path: Path
):
    audit = run(frame, tmp_path, targets=200)
    first = audit.sections[0]
    (said,) = (note for note in first.notes if "unit is the person" in note)
    assert "300 people in 600 rows, at most 3 of one person" in said
    assert any("These have one who: rows" in note for note in first.notes)
    (shown,) = (e for e in first.exhibits if e.title == "Who has several rows")
    assert shown.internal and len(shown.rows) == 5
    assert all(frame["who"][int(row) - 1] == who for who, *rows in shown.rows for row in rows)
    assert "600 rows of 5 columns and 300 people" in str(first.about)
    assert rows_of(audit, "Whose row is named")["nearest, best fit whatever it is"][0].value > 0.85
    keys = rows_of(audit, "How few columns single people out")
    assert keys["all"] == (PEOPLE,) and sum(v[0] for k, v in keys.items() if k != "all") == PEOPLE
    assert audit.targets is not None
    row, who = audit.targets["row"].to_list(), audit.targets["id"].to_list()
    # Each person is asked about by one row, which is theirs.
    assert len(set(who)) == len(who) and [frame["who"][r - 1] for r in row] == who


def test_k_of_a_protected_table_counts_people_and_l_and_t_are_said_to_count_rows(tmp_path: Path):
    frame = visits(90).select("who", "age", "town", "illness")
    audit = run(frame, tmp_path, secret="illness", protect=["mondrian:5"], targets=40)
    assert rows_of(audit, "k, l and t")["k: people in the smallest class"][0] >= 5
    (shown,) = (e for e in audit.sections[0].exhibits if e.title == "k, l and t")
    assert "k counts people, l and t count rows" in shown.reading


def test_the_public_reads_no_rows_and_no_exact_counts(frame: pl.DataFrame, tmp_path: Path):
    (section,) = run(frame, tmp_path, audience="public").sections
    assert not any("These have one who" in note for note in section.notes)
    (said,) = (note for note in section.notes if "unit is the person" in note)
    assert "about 300 people in about 600 rows, at most fewer than 10 of one person" in said


def test_control_people_may_have_several_rows_too(frame: pl.DataFrame, tmp_path: Path):
    audit = run(frame, tmp_path, control=visits(60, seed=1), targets=120)
    assert "half of them in no release" in audit.sections[0].about["asked about"]
    assert audit.targets is not None and int(audit.targets["id"].is_null().sum()) == 60
    data = read_data(Table(frame, known=KNOWN, id="who", control=visits(60, seed=1).drop("who")))
    assert data.several is not None and "each of its rows is taken for a person" in data.several.said(str)[1]
    assert len(np.unique(data.cells.people)) == PEOPLE + 120
    with pytest.raises(DataError, match="are in the table too"):
        run(frame, tmp_path, control=visits(60, seed=0), targets=120)


def test_the_fewest_people_are_people_and_not_rows(tmp_path: Path):
    with pytest.raises(DataError, match="has 30 people"):
        run(visits(30), tmp_path)


def test_ids_of_several_rows_do_not_say_whose_row_is_whose(frame: pl.DataFrame, tmp_path: Path):
    with pytest.raises(DataError, match="several rows of the records have one 'who'"):
        run(frame, tmp_path, released=frame)
    key = pl.DataFrame({"a": np.arange(1, 601), "b": np.arange(1, 601)})
    audit = run(frame, tmp_path, released=frame.drop("who"), key=key)
    assert rows_of(audit, "Whose row is named")["nearest, best fit whatever it is"][0].value > 0.85


def test_somebody_of_whom_some_rows_are_released_is_in_the_release(frame: pl.DataFrame, tmp_path: Path):
    # The second half of the rows is not released: only people with no row in the first half are absent.
    key = pl.DataFrame({"a": np.arange(1, 301), "b": np.arange(1, 301)})
    audit = run(frame, tmp_path, released=frame.head(300).drop("who"), key=key, targets=100)
    assert audit.targets is not None
    (evidence,) = audit.sections[0].evidence.values()
    released = set(frame["who"].head(300).to_list())
    exposed = dict(zip(evidence.table["target"], evidence.table["exposed"], strict=True))
    assert {who in released for who in (frame["who"][t] for t, e in exposed.items() if e)} == {True}
    assert {who in released for who in (frame["who"][t] for t, e in exposed.items() if not e)} == {False}


def test_one_person_has_one_weight(frame: pl.DataFrame):
    weighed = frame.with_columns(w=pl.col("card") - 6_999)
    data = read_data(Table(weighed, known=KNOWN, id="who", weight="w"))
    assert data.weights is not None and len(data.weights) == 600
    row = int(np.flatnonzero(frame["who"].is_duplicated().to_numpy())[-1])
    other = weighed.with_columns(w=pl.when(pl.int_range(pl.len()) == row).then(9_999).otherwise(pl.col("w")))
    with pytest.raises(DataError, match=f"row {row + 1} have another 'w' than an earlier row"):
        read_data(Table(other, known=KNOWN, id="who", weight="w"))


def test_ids_are_matched_as_ids():
    found = several_rows("who", pl.Series([7.0, 8.0, 7.0]), pl.Series(["8", "9"]))
    assert found is not None and found.people[1] == found.people[3]
    assert several_rows("who", pl.Series(["7", "007"]), 0) is None
