"""`confide compare`: a gate on "no worse than before", its files, and what bad use gets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide.cli.commands import main

from .conftest import Run


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three audits of scores: `old`, `worse`, and `again`, which cannot be told from the first."""
    folder = tmp_path_factory.mktemp("audits")
    rng, inside = np.random.default_rng(0), np.arange(1_600) < 800
    common = rng.standard_normal(1_600)
    for name, shift in (("old", 0.5), ("again", 0.5), ("worse", 2.0)):
        score = common + 0.5 * rng.standard_normal(1_600) + shift * inside
        who = [f"p{i}" for i in range(1_600)]
        pl.DataFrame({"who": who, "exposed": inside, "score": score}).write_csv(folder / "s.csv")
        words = [str(folder / "s.csv"), "--user", "who", "--name", "model", "--out", str(folder / name)]
        done = CliRunner().invoke(main, ["audit", "scores", *words])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def saved(audits: Path, desk: Path) -> Path:
    """These audits in the working folder."""
    for name in ("old", "again", "worse"):
        shutil.copytree(audits / name, desk / name)
    return desk


def test_a_gate_fails_where_it_is_worse_and_where_nobody_can_tell(run: Run, saved: Path) -> None:
    gate = "--fail-if-worse"
    assert run("compare", "old", "again").exit_code == 0
    assert run("compare", "old", "again", gate).exit_code == 1
    assert run("compare", "old", "again", gate, "--allow-unsettled").exit_code == 0
    assert run("compare", "old", "worse", gate, "--allow-unsettled").exit_code == 1
    assert run("compare", "worse", "old", gate).exit_code == 0
    # What is settled within a margin that the user gives passes.
    assert run("compare", "old", "again", "--fail-if-worse", "--margin", "0.2").exit_code == 0


def test_the_answer_comes_first_and_json_alone_is_json(run: Run, saved: Path) -> None:
    done = run("compare", "old", "worse")
    assert " ".join(done.stdout.split()).startswith("[NO] worse gives away more than old: where")
    assert len(done.stdout.splitlines()) <= 25
    page = json.loads(run("compare", "old", "worse", "--json").stdout)
    assert (page["schema"], page["answer"]) == ("confide.comparison/1", "worse")
    assert run("compare", "old", "worse", "--language", "de").stdout.startswith(
        "[NEIN] worse gibt mehr preis"
    )


def test_the_files_are_written_whole_and_name_people_in_one_of_them(run: Run, saved: Path) -> None:
    done = run("compare", "old", "worse", "--out", "both", "--markdown", "pr.md")
    assert done.exit_code == 0 and "Written to both: comparison.html" in done.stdout
    assert pl.read_csv(saved / "both/more_exposed.csv").height > 100
    assert (saved / "pr.md").read_text().startswith("## worse against old")
    assert (saved / "both/more_exposed.csv").stat().st_mode & 0o077 == 0
    public = run("compare", "old", "worse", "--out", "both", "--audience", "public")
    assert public.exit_code == 2 and "names the people of an earlier comparison" in public.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("old", "old"), "old and old are one report: name another one"),
        (("old", "old/report.json"), "are one report"),
        (("old", "nowhere"), "nowhere cannot be read"),
        (("old", "worse", "--margin", "3"), "the margin is 3.0: give a share"),
        (("old", "worse", "--match", "model"), "names no two releases: write BEFORE=AFTER"),
        (("old", "worse", "--match", "a=model"), "old has no release 'a': it has model"),
        (("old", "worse", "--match", "model=a", "--match", "model=b"), "names a release twice"),
        (("old", "worse", "--allow-unsettled"), "--allow-unsettled is for --fail-if-worse"),
    ],
)
def test_bad_use_is_said_and_writes_nothing(run: Run, saved: Path, given: tuple[str, ...], said: str) -> None:
    done = run("compare", *given, "--out", "new")
    assert done.exit_code == 2 and said in done.stderr, done.stderr
    assert not (saved / "new").exists()


def test_a_report_that_was_changed_is_refused(run: Run, saved: Path) -> None:
    path = saved / "worse/report.json"
    page = json.loads(path.read_text())
    page["findings"][0]["auc"]["value"] = page["sections"][0]["finding"]["auc"]["value"] = 0.5
    path.write_text(json.dumps(page))
    done = run("compare", "old", "worse", "--fail-if-worse")
    assert done.exit_code == 2 and "does not follow from the other files" in done.stderr
    page["schema"] = "confide.report/99"
    path.write_text(json.dumps(page))
    said = run("compare", "old", "worse").stderr
    assert "has the schema 'confide.report/99', which is later than" in said and "update confide" in said
    # A broken file of the first schema has a sentence too, and no name of an exception.
    (saved / "worse/report.json").write_text(json.dumps(page | {"schema": "confide.report/1"}))
    said = run("compare", "old", "worse/report.json").stderr
    assert "is no report as confide writes it (it lacks 'strict')" in said or "lacks strict" in said, said
    assert "Error" not in said


def test_quiet_prints_nothing_but_warnings_and_the_same_answer(run: Run, saved: Path) -> None:
    done = run("compare", "old", "worse", "--quiet", "--fail-if-worse", "--out", "both")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "")
    assert (saved / "both/comparison.json").is_file()
    assert json.loads(run("compare", "old", "worse", "--quiet", "--json").stdout)["answer"] == "worse"
