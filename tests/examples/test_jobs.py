"""Each job of examples/ runs to its end on made-up data, and keeps what its page promises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.formats import junit, sarif

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/job.sh"))


def run(job: str, folder: Path, *words: str) -> tuple[str, Path]:
    """Run a job in a copy of all examples; its output, and where it wrote."""
    copied = folder / "examples"
    shutil.copytree(EXAMPLES, copied, ignore=shutil.ignore_patterns("out", "data", "__pycache__"))
    (folder / "bin").mkdir()
    for name, command in (("confide", f'"{sys.executable}" -m confide'), ("python", f'"{sys.executable}"')):
        shim = folder / "bin" / name
        shim.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        shim.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", str(copied / job / "job.sh"), *words],
        env={**os.environ, "PATH": path, "CONFIDE_CACHE": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout and "fault of confide" not in done.stdout, done.stdout
    return done.stdout, copied / job / "out"


def test_boosted_trees(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    said, out = run("boosted_trees", tmp_path)
    for line in (
        "gate of main: exit code 1",
        "gate of change: exit code 0",
        "change against main: exit code 0",
        "main against change: exit code 1",
    ):
        assert line in said, said
    assert junit((out / "main.junit.xml").read_text()).findall(".//failure")
    assert not junit((out / "change.junit.xml").read_text()).findall(".//failure")
    assert any(one["level"] == "error" for one in sarif((out / "main.sarif").read_text())["results"])
    assert "A limit that was set is exceeded" in (out / "main.md").read_text()
    assert "gives away less than" in (out / "compare.md").read_text()
    assert json.loads((out / "back.json").read_text())["answer"] == "worse"


def test_publish_weights(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    said, out = run("publish_weights", tmp_path)
    assert "Time: " in said and "Memory: " in said and "Nothing was played" in said, said
    assert "interrupted: exit code 130" in said and "went on: exit code 1" in said, said
    kept = (out / "kept_then").read_text().split()
    assert kept and all((out.parent / one).exists() for one in kept)  # none was thrown away
    page = json.loads((out / "report" / "report.json").read_text())
    assert {"gradient-norm", "decoder"} <= {found["attack"] for found in page["findings"]}


def test_own_logits(tmp_path: Path) -> None:
    said, out = run("own_logits", tmp_path)
    assert "known attacks: exit code 0" in said and "own attack: exit code 0" in said, said
    assert "rank   AUC" in said
    page = json.loads((out / "report" / "report.json").read_text())
    assert {found["attack"] for found in page["findings"]} == {"loss", "lira", "rank"}


def test_traces_and_tables(tmp_path: Path) -> None:
    said, out = run("traces_and_tables", tmp_path)
    assert "Proposed: --known geburtsjahr,plz,geschlecht" in said, said
    for line in ("table: exit code 1", "traces: exit code 1", "safer traces: exit code 0"):
        assert line in said.splitlines(), said
    assert (out / "clients_safer.csv").read_text().splitlines()[0] == "geburtsjahr;plz;geschlecht;diagnose"
    assert "email" not in (out / "clients_safer.csv").read_text()
    found = json.loads((out / "traces_both" / "comparison.json").read_text())
    assert found["answer"] == "better"
    found = json.loads((out / "table_both" / "comparison.json").read_text())
    assert not found["unmatched"]


def test_read_a_report(tmp_path: Path) -> None:
    said, out = run("read_a_report", tmp_path)
    assert "the report says: exit code 1" in said and "Eine gesetzte Grenze ist überschritten." in said, said
    assert "this file: exit code 0" in said and "another file: exit code 1" in said
    assert "audit table data/clients.csv --id kunde" in said  # the command that makes it again
    page = (out / "sent" / "report.html").read_text()
    for heading in ("Wie schlimm ist es?", "Was jetzt zu tun ist"):
        assert heading in page
    assert "Datenschutz-Folgenabschätzung" in (out / "sent" / "dpia.md").read_text()


def test_many_records(tmp_path: Path) -> None:
    said, out = run("many_records", tmp_path, "3000")
    plan = (out / "plan.txt").read_text()
    assert "Time: " in plan and "Memory: " in plan and "Nothing was played" in plan
    assert "Written to out/report" in said, said


@pytest.mark.parametrize("job", FOLDERS)
def test_the_index_names_each_job(job: str) -> None:
    assert f"({job}/README.md)" in (EXAMPLES / "README.md").read_text()
    assert (EXAMPLES / job / "README.md").exists()
