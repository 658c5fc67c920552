"""A kill, an interrupt or a full disk: what was finished survives, and nothing stands there half."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from confide.audits.outcome import ROWS
from confide.core.errors import DataError
from confide.report import Report
from confide.report.failure import FAILED

from .conftest import Run

SLOW_TRAIN = """

def slow_train(X, y, *, rng):
    import os, pathlib, time
    model = train(X, y, rng=rng)
    pathlib.Path("trained").mkdir(exist_ok=True)
    pathlib.Path("trained", str(time.time_ns())).touch()
    time.sleep(0.5)
    return model
"""

INTERRUPTED_TRAIN = """

def interrupted_train(X, y, *, rng):
    import pathlib, signal, time
    done = pathlib.Path("trained")
    done.mkdir(exist_ok=True)
    if pathlib.Path("interrupt").exists() and len(list(done.iterdir())) == 2:
        signal.raise_signal(signal.SIGINT)
    (done / str(time.time_ns())).touch()
    return train(X, y, rng=rng)
"""

COMMAND = [
    *(sys.executable, "-m", "confide", "audit", "model", "mymodel:pipeline"),
    *("--members", "members.parquet", "--nonmembers", "holdout.parquet", "--label", "income"),
    *("--references", "6", "--attacks", "loss,rmia", "--train", "mymodel:slow_train", "--out", "out"),
]
QUICK = [
    *(sys.executable, "-m", "confide", "audit", "model", "mymodel:pipeline"),
    *("--members", "members.parquet", "--nonmembers", "holdout.parquet", "--label", "income"),
    *("--references", "0", "--attacks", "loss", "--out", "out"),
]


def trained(desk: Path) -> int:
    return len(list((desk / "trained").glob("*"))) if (desk / "trained").exists() else 0


@pytest.mark.slow
def test_an_interrupted_audit_resumes_with_nothing_redone_and_the_same_result(desk: Path, audit: Run) -> None:
    (desk / "mymodel.py").write_text((desk / "mymodel.py").read_text() + INTERRUPTED_TRAIN)
    words = ("--attacks", "loss,rmia", "--train", "mymodel:interrupted_train", "--out", "out")
    (desk / "interrupt").touch()
    assert audit(*words, references=4).exit_code == 130
    assert trained(desk) == 2 and not (desk / "out").exists()
    (desk / "interrupt").unlink()
    done = audit(*words, references=4)
    assert done.exit_code == 0, done.output
    assert trained(desk) == 4
    resumed = findings(desk)
    assert audit(*words, "--cache", "another-cache", references=4).exit_code == 0
    assert trained(desk) == 8
    assert findings(desk) == resumed


@pytest.mark.slow
def test_a_killed_audit_resumes_with_nothing_redone_and_the_same_result(desk: Path) -> None:
    (desk / "mymodel.py").write_text((desk / "mymodel.py").read_text() + SLOW_TRAIN)
    running = subprocess.Popen(COMMAND, cwd=desk, env=os.environ, stderr=subprocess.DEVNULL)
    while trained(desk) < 3 and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not (desk / "out").exists()
    before = trained(desk)

    again = subprocess.run(COMMAND, cwd=desk, env=os.environ, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    # Only the model that was under way is trained twice.
    assert trained(desk) - before <= 6 - before + 1
    resumed = findings(desk)

    fresh = {**os.environ, "CONFIDE_CACHE": str(desk / "another-cache")}
    subprocess.run(COMMAND, cwd=desk, env=fresh, capture_output=True, check=True)
    assert findings(desk) == resumed


def findings(desk: Path) -> list[dict[str, object]]:
    found = json.loads((desk / "out/report.json").read_text())["findings"]
    return [{k: v for k, v in f.items() if k != "seconds"} for f in found]


@pytest.mark.slow
@pytest.mark.parametrize("left", [{"report.html"}, {"report.json", *ROWS[:2]}])
def test_a_disk_that_takes_no_more_leaves_no_page_beside_other_numbers(desk: Path, left: set[str]) -> None:
    """Nothing is half, and the page of an earlier audit never stands beside the numbers of this one."""
    out = desk / "out"
    subprocess.run(QUICK, cwd=desk, env=os.environ, capture_output=True, check=True)
    takes = {p.name: p.stat().st_size for p in out.iterdir()}
    room = 9_000 if "report.html" in left else max(takes[name] for name in left) + 1_000
    assert room < takes["report.html"], "there is no room for the page, and perhaps for the numbers"
    shutil.rmtree(out)
    out.mkdir()
    (out / "report.html").write_text("the old report")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        QUICK, cwd=desk, env=os.environ, capture_output=True, text=True, preexec_fn=little_room, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "nothing was written half" in done.stderr
    assert {p.name for p in out.iterdir()} == {*left, FAILED}
    if "report.json" in left:
        with pytest.raises(DataError, match="failed"):  # until somebody has seen that the page is missing
            Report.load(out / "report.json")
        (out / FAILED).unlink()
        Report.load(out / "report.json")
    else:
        assert (out / "report.html").read_text() == "the old report"


@pytest.mark.slow
def test_an_audit_outlives_its_drawing_engine(desk: Path) -> None:
    """With so little address space the engine ends its process; the page is drawn later."""

    def little_space() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    done = subprocess.run(
        QUICK, cwd=desk, env=os.environ, capture_output=True, text=True, preexec_fn=little_space, check=False
    )
    assert done.returncode == 0, done.stderr
    page = desk / "out/report.html"
    assert "<svg" not in page.read_text() and "Not drawn: the drawing engine failed" in page.read_text()
    subprocess.run([*QUICK[:3], "report", "out"], cwd=desk, capture_output=True, check=True)
    assert "<svg" in page.read_text() and "Not drawn" not in page.read_text()
