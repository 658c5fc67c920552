"""`confide protect images`, as typed: what is said and written, what is refused, and a kill in the middle."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.data import twins

image = pytest.importorskip("PIL.Image")

Run = Callable[..., Result]

PROTECT = ("protect", "images", "faces", "--attacks", "recogniser")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`confide` with these words, in a folder with a folder of faces."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    made = twins.pictures(60, name="cli", people=10, shape=(16, 12), rng=np.random.default_rng(0))
    assert made.person is not None
    for k, person in enumerate(made.person):
        Path(f"faces/Ann{person}").mkdir(parents=True, exist_ok=True)
        image.fromarray(made.pixels[k]).save(f"faces/Ann{person}/{k}.png")

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, [str(w) for w in words])

    return command


def said(done: Result) -> str:
    return " ".join(done.output.split())


@pytest.mark.slow
def test_a_folder_is_protected_and_audited_again_as_a_released_one(run: Run) -> None:
    done = run(*PROTECT, "--with", "mosaic:4", "--out", "safe", "--key-out", "key.csv", "--report", "r")
    assert done.exit_code == 0, done.output
    assert "Verified: every block of 4 x 4 pixels has one colour." in said(done)
    assert "pictures: 60 -> 60" in said(done) and "Written: safe, safe.confide.json" in said(done)
    assert Path("r/report.html").exists() and len(list(Path("safe").iterdir())) == 60
    words = ("audit", "images", "faces", "--released", "safe", "--attacks", "recogniser")
    again = run(*words, "--key", "key.csv")
    assert again.exit_code == 0, again.output
    # Ten people are too few for a rate; the AUC found while it was written is that found again.
    found = [
        json.loads(Path(f"{r}/report.json").read_text())["sections"][-1] for r in ("r", "confide-report")
    ]
    one, other = (section["finding"]["auc"] for section in found)
    assert one == other and one["low"] > 0.5
    refused = run(*words)
    assert refused.exit_code == 2 and "give a key (`--key`)" in said(refused)
    refused = run(*words, "--key", "key.csv", "--made-by", "fog")
    assert refused.exit_code == 2 and "there is no protection 'fog'" in said(refused)


def test_a_promise_is_said_and_a_rehearsal_is_no_release(run: Run) -> None:
    done = run(*PROTECT, "--with", "dp-pix:0.5,4", "--out", "safe", "--rehearse", "1")
    assert done.exit_code == 0, done.output
    assert "Promised: epsilon 0.5, delta 0, hiding any 16 pixels of a picture. Noise: rehearsed." in said(
        done
    )
    assert "Do not publish it." in said(done) and "and no face" in said(done)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--with", "fog", "--out", "safe"), "there is no protection 'fog'"),
        (("--with", "mosaic:4", "--out", "faces"), "is what is to be protected"),
        (("--with", "mosaic:4", "--out", "."), "name a folder to write"),
        (("--with", "mosaic:4", "--out", "safe", "--report", "safe/report"), "is inside the release"),
        (("--with", "mosaic:4", "--out", "safe", "--labels", "gone.csv"), "gone.csv does not exist"),
        (("--with", "dp-pix:1,4", "--out", "safe", "--resize", "8x6"), "without --resize"),
        (("--with", "blur", "--find", "tpr@0.1", "--out", "safe"), "is not a limit"),
    ],
)
def test_bad_use_gets_one_sentence_and_writes_nothing(run: Run, words: tuple[str, ...], says: str) -> None:
    before = sorted(Path().rglob("*"))
    done = run(*PROTECT, *words)
    assert done.exit_code == 2 and says in said(done), done.output
    assert sorted(p for p in Path().rglob("*") if "cache" not in p.parts) == before


COMMAND = [sys.executable, "-m", "confide", *PROTECT, "--with", "mosaic:4", "--out", "safe"]


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_no_half_folder_and_no_sidecar(run: Run) -> None:
    running = subprocess.Popen(COMMAND, env=os.environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not list(Path().glob(".safe.*.draft/*")) and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not Path("safe").exists() and not Path("safe.confide.json").exists()
    done = run(*PROTECT, "--with", "mosaic:4", "--out", "safe")
    assert done.exit_code == 0, done.output
    assert not list(Path().glob(".*")), "what the killed one left is gone"


@pytest.mark.slow
def test_a_disk_that_takes_no_more_leaves_nothing(run: Run) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    done = subprocess.run(
        COMMAND, env=os.environ, capture_output=True, text=True, preexec_fn=little_room, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "nothing was written half" in done.stderr and "Traceback" not in done.stderr
    assert not list(Path().glob("safe*")) and not list(Path().glob(".safe*"))
