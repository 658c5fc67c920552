"""Earlier releases beside published tables: who came or left is proved, and what bad input gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from tests.audits.test_crosstabs import counted, exhibit, people, run, tables

from confide.cli import main
from confide.core.errors import DataError
from confide.views.table import Table as People

NEW = np.array([[0, 7, 4]])


def grown(records: People, more: np.ndarray = NEW) -> People:
    return People.of(records.domains, np.concatenate([records.low, more]))


def audited(tmp_path: Path, **settings: Any):
    before = people()
    return run(tables(grown(before)), tmp_path, **{"before": [tables(before)], **settings})


def test_one_person_who_came_is_proved_with_each_subtraction_written_out(tmp_path: Path) -> None:
    audit = audited(tmp_path, limits=["proved=0.5"])
    _, section = audit.sections
    assert section.goal == "changed records" and section.proof is not None
    assert (section.proof.records, section.proof.people, section.proof.more) == (1, 1, 0)
    ruled = [row["verdict"] for row in audit.report.page["limits"]]
    assert audit.verdict == "exceeded" and ruled[-1] == "exceeded"
    rows = exhibit(audit, "The proved records of people who came or left", 1).rows
    assert rows == (("release 1 to this release", "came", "0", "7", "4", "1"),)
    cells = {row[1]: row for row in exhibit(audit, "Cells that few people came to or left", 1).rows}
    assert cells["all people"][2:] == (
        "+1",
        "all people in table 1 (21) - all people in release 1/table 1 (20) = 1",
    )
    text = " ".join(audit.report.text().split())
    assert "knows that nobody left between them can prove the whole record of 1 of 1 people" in text
    who = audit.exposed.filter(pl.col("change") == "came")
    assert who.select("c0", "c1", "c2").rows() == [("0", "7", "4")]


@pytest.mark.slow
def test_one_person_who_left_is_proved_too_and_of_equal_releases_nothing(tmp_path: Path) -> None:
    before = people()
    left = run(tables(before), tmp_path, before=[tables(grown(before))], limits=["proved=0"])
    assert left.sections[1].proof is not None and left.sections[1].proof.records == 1
    assert "knows that nobody came between them" in " ".join(left.report.text().split())
    same = run(tables(before), tmp_path, before=[tables(before)])
    proof = same.sections[1].proof
    assert proof is not None and (proof.records, proof.people, proof.more) == (0, 0, 0)


def test_where_some_came_and_some_left_the_number_of_people_is_open_and_no_limit_is_kept(tmp_path: Path):
    before = people()
    after = People.of(before.domains, np.concatenate([before.low[1:], NEW]))
    audit = run(tables(after), tmp_path, before=[tables(before)], limits=["proved=0.99"])
    assert audit.sections[1].proof is not None and audit.sections[1].proof.people is None
    assert [row["verdict"] for row in audit.report.page["limits"]] == ["within", "not settled"]
    assert "knows that nobody" not in audit.report.text()


def test_what_was_not_decided_in_time_is_counted_up_to_everybody_of_both_releases(tmp_path: Path) -> None:
    audit = run(tables(people(40, 4)), tmp_path, before=[tables(people(40, 3))], seconds=1e-4)
    proof = audit.sections[1].proof
    assert proof is not None and proof.open and 0 < proof.records + proof.more <= 80


@pytest.mark.slow
def test_three_releases_are_subtracted_one_after_the_other(tmp_path: Path) -> None:
    one = people()
    two, three = grown(one), grown(grown(one), np.array([[5, 0, 0]]))
    audit = run(tables(three), tmp_path, before=[tables(one), tables(two)])
    rows = exhibit(audit, "The proved records of people who came or left", 1).rows
    assert [row[0] for row in rows] == ["release 1 to release 2", "release 2 to this release"]


def test_the_public_sees_no_record_and_no_cell_of_a_change(tmp_path: Path) -> None:
    public = audited(tmp_path, audience="public").report.page["sections"][1]
    assert not any(e.get("internal") for e in public["exhibits"]) and not public["exhibits"]
    assert "release 1" not in str(public), "what a file or folder is called is for its owner"


def test_noise_on_the_new_release_leaves_nothing_to_subtract(tmp_path: Path) -> None:
    audit = audited(tmp_path, protect=["laplace:1"])
    section = next(s for s in audit.sections if s.goal == "changed records")
    assert section.proof is not None and section.proof.impossible and not section.proof.records


@pytest.mark.slow
def test_a_variable_of_an_earlier_release_makes_no_record_of_this_one_longer(tmp_path: Path) -> None:
    before = people()
    audit = run(counted(grown(before), "c0", "c1"), tmp_path, before=[tables(before)])
    assert audit.sections[0].proof is not None and audit.sections[0].proof.records == 21
    assert exhibit(audit, "The proved records").head == ("c0", "c1", "people, at least")
    cells = {row[1] for row in exhibit(audit, "Cells that few people came to or left", 1).rows}
    assert "c0=0, c1=7" in cells


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ([[pl.DataFrame({"town": ["a", "b"], "count": [3, 4]})]], "no cell in common"),
        (["nowhere"], "nowhere does not exist"),
        (["."], "has no .parquet or .csv file"),
    ],
)
def test_a_wrong_earlier_release_is_refused(
    tmp_path: Path, before: list[Any], said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=said):
        run(counted(people(), "c0", "c1"), tmp_path, before=before)


def test_a_block_that_one_release_lacks_is_named(tmp_path: Path) -> None:
    areas = [counted(people(), "c0", total=False).with_columns(area=pl.lit(area)) for area in "ab"]
    with pytest.raises(DataError, match="release 1 has no block 'b', which stands in the tables"):
        run(pl.concat(areas), tmp_path, before=[[areas[0]]], block="area")


def test_an_earlier_release_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    wrong = counted(people(), "c0").with_columns(
        pl.when(pl.col("c0") == "Total").then(99).otherwise("count").alias("count")
    )
    with pytest.raises(DataError, match=r"release 1: .*contradicts itself"):
        run(counted(people(), "c0"), tmp_path, before=[[wrong]])


def test_the_command_reads_a_folder_and_refuses_a_file_of_both_releases(tmp_path: Path) -> None:
    for folder, records in (("2024", people()), ("2025", grown(people()))):
        (tmp_path / folder).mkdir()
        counted(records, "c0", "c1").write_csv(tmp_path / folder / "one.csv")
    now, before = str(tmp_path / "2025" / "one.csv"), str(tmp_path / "2024")
    out = ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache"), "--limit", "proved=0.5"]
    done = CliRunner().invoke(main, ["audit", "crosstabs", now, "--before", before, *out])
    assert done.exit_code == 1 and "changed records" in done.output
    both = CliRunner().invoke(main, ["audit", "crosstabs", now, "--before", now, *out[:3], "x"])
    assert both.exit_code == 2 and "among the tables and in --before" in " ".join(both.output.split())
