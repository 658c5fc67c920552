"""Means beside published counts: hidden counts follow from them, and what bad input gets."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.audits.test_crosstabs import counted, exhibit, people, run

from confide.core.errors import DataError

WARDS = pl.DataFrame(
    {
        "ward": ["north", "south", "west", "Total"],
        "count": ["97", "<5", "210", "<320"],
        "age": ["50.31", "40.10", "47.22", "48.12"],
    }
)


def test_a_hidden_count_and_total_follow_from_means_by_a_sum_that_is_written_out(tmp_path: Path) -> None:
    audit = run(WARDS, tmp_path, mean="age", limits=["proved=0.5"])
    rows = exhibit(audit, "Hidden counts that means give away").rows
    # 97 x 50.31 + 3 x 40.10 + 210 x 47.22 = 14,916.6, and 310 x 48.12 = 14,917.2, with 3.1 for all rounding
    why = (
        "97 x 50.31 + 3 x 40.10 + 210 x 47.22 is 310 x 48.12 (means of age, as they are rounded), and no "
        "other counts are"
    )
    assert {row[:3] for row in rows} == {("ward=south", "0 to 4", "3"), ("all people", "0 to 319", "310")}
    assert {row[3] for row in rows} == {why}
    proof = audit.sections[0].proof
    assert audit.verdict == "exceeded" and proof is not None and proof.people == 310
    assert any("2 hidden counts follow from them" in str(note) for note in audit.sections[0].notes)


def test_without_its_mean_nothing_is_learned_of_a_hidden_count(tmp_path: Path) -> None:
    blank = WARDS.with_columns(pl.Series("age", ["50.31", None, "47.22", "48.12"]))
    audit = run(blank, tmp_path, mean="age")
    assert not any(e.title == "Hidden counts that means give away" for e in audit.sections[0].exhibits)
    assert any("0 hidden counts follow" in str(note) for note in audit.sections[0].notes)


def test_means_of_one_table_narrow_the_hidden_cells_of_another(tmp_path: Path) -> None:
    """The two-way table shows means by ward and sex; the counts of the wards stand in another table."""
    both = pl.DataFrame(
        {
            "ward": ["north", "north", "south", "south"],
            "sex": ["f", "m", "f", "m"],
            "count": ["*", "*", "40", "50"],
            "age": ["30.00", "60.00", "45.5", "41.5"],
        }
    )
    one = pl.DataFrame({"ward": ["north", "south"], "count": ["8", "90"], "age": ["37.50", "43.3"]})
    audit = run([both, one], tmp_path, mean="age", hidden="0..9")
    found = {row[0]: row[2] for row in exhibit(audit, "Hidden counts that means give away").rows}
    assert found == {"ward=north, sex=f": "6", "ward=north, sex=m": "2"}  # 6 x 30 + 2 x 60 = 8 x 37.5


def test_a_column_of_means_that_nobody_named_is_no_variable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="say --mean 'age'"):
        run(WARDS, tmp_path)


def test_contradicting_and_broken_means_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fit no counts"):
        run(WARDS.with_columns(pl.Series("age", ["50.31", "40.10", "47.22", "90.50"])), tmp_path, mean="age")
    with pytest.raises(DataError, match="has the mean 'old'"):
        run(WARDS.with_columns(pl.Series("age", ["50.31", "old", "47.22", "48.12"])), tmp_path, mean="age")
    with pytest.raises(DataError, match="no table has a column of means 'income'"):
        run(WARDS, tmp_path, mean=["age", "income"])
    with pytest.raises(DataError, match="the means beside them would undo it"):
        run(WARDS, tmp_path, mean="age", protect=["round:5"])


def test_sums_of_which_not_all_counts_can_be_tried_keep_no_limit(tmp_path: Path) -> None:
    wide = WARDS.with_columns(pl.Series("count", ["<900", "<900", "<900", "2000"]))
    audit = run(wide, tmp_path, mean="age", limits=["proved=0.99"])
    assert audit.verdict == "not settled"


def test_a_table_with_all_variables_is_said_to_need_no_proof(tmp_path: Path) -> None:
    audit = run(counted(people(), "c0", "c1"), tmp_path)
    assert "c0 x c1 has all variables" in exhibit(audit, "Records that follow for certain").reading
    two = run([counted(people(), "c0", "c1"), counted(people(), "c1", "c2")], tmp_path)
    assert "has all variables" not in exhibit(two, "Records that follow for certain").reading


def test_time_alone_ranks_no_table(tmp_path: Path) -> None:
    given = [counted(people(100, 5), a, b) for a, b in (("c0", "c1"), ("c1", "c2"), ("c0", "c2"))]
    audit = run(given, tmp_path, seconds=1e-4)
    proof = audit.sections[0].proof
    assert proof is not None and proof.more
    assert not any(e.title == "Which tables it takes" for e in audit.sections[0].exhibits)
