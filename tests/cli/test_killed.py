"""Killed, ended or cut off at any moment: the same result afterwards, one sentence, nothing left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.cli.test_public_doors import DOORS, RATINGS, STARS, desk

__all__ = ["desk"]

pytestmark = pytest.mark.slow

CONFIDE = [sys.executable, "-m", "confide"]
LONG = """

def long_train(X, y, *, rng):
    import os, pathlib, time
    pathlib.Path("at", str(os.getpid())).touch()
    time.sleep(60)
"""


def run(words: list[str], folder: Path, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CONFIDE, *words], cwd=folder, capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload]


def result(folder: Path) -> list[object]:
    page = json.loads((folder / "report.json").read_text())
    return [{k: v for k, v in f.items() if k != "seconds"} for f in page["findings"]]


# An audit of pictures trains networks, for five times as long as the others take.
@pytest.mark.parametrize(("door", "times"), [("likes, a rare class", 4), ("images", 2), ("protect", 4)])
def test_killed_at_random_moments_it_ends_as_if_nothing_had_been(
    door: str, times: int, desk: Path, tmp_path: Path
) -> None:
    def words(at: Path) -> list[str]:
        more = ["--cache", str(at / "cache")]
        if door == "protect":
            with_ = ["--with", "rare:20", "--rehearse", "3", "--force", "--report", str(at / "out")]
            return ["protect", *RATINGS, *STARS, *with_, "--out", str(at / "safer.csv"), *more]
        return ["audit", *DOORS[door], "--out", str(at / "out"), *more]

    fresh, often = tmp_path / "fresh", tmp_path / "often"
    fresh.mkdir()
    often.mkdir()
    begun = time.perf_counter()
    assert run(words(fresh), desk).returncode == 0
    whole = time.perf_counter() - begun
    for part in np.random.default_rng(1).uniform(0.2, 1.0, times):
        running = subprocess.Popen(
            [*CONFIDE, *words(often)], cwd=desk, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(part * whole)
        running.kill()
        running.wait()
    done = run(words(often), desk)
    assert done.returncode == 0, done.stderr
    assert result(often / "out") == result(fresh / "out")
    left = [p.name for p in often.rglob(".*") if p.name != ".key"]
    assert not left, left
    if door == "protect":
        assert (often / "safer.csv").read_bytes() == (fresh / "safer.csv").read_bytes()


def test_a_killed_drawing_leaves_the_old_page_or_the_new_one(desk: Path, tmp_path: Path) -> None:
    assert run(["audit", *DOORS["scores"], "--out", str(tmp_path / "out")], desk).returncode == 0
    page = (tmp_path / "out/report.html").read_bytes()
    for part in (0.3, 0.8, 1.2, 1.6):
        again = subprocess.Popen([*CONFIDE, "report", str(tmp_path / "out")], stdout=subprocess.DEVNULL)
        time.sleep(part)
        again.kill()
        again.wait()
        assert (tmp_path / "out/report.html").read_bytes() == page
    assert run(["report", str(tmp_path / "out")], desk).returncode == 0
    assert not list((tmp_path / "out").glob(".*"))


def test_two_at_once_on_one_cache_find_the_same(desk: Path, tmp_path: Path) -> None:
    more = ["--cache", str(tmp_path / "cache"), "--out"]
    both = [
        subprocess.Popen(
            [*CONFIDE, "audit", *DOORS["model"], *more, str(tmp_path / name)],
            cwd=desk,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    said = [p.communicate()[1] for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert result(tmp_path / "one") == result(tmp_path / "two")


@pytest.mark.parametrize("harm", ["cut", "flipped", "foreign"])
def test_a_damaged_cache_is_said_and_made_again(harm: str, desk: Path, tmp_path: Path) -> None:
    more = ["--cache", str(tmp_path / "cache"), "--out"]
    assert run(["audit", *DOORS["likes, a rare class"], *more, str(tmp_path / "one")], desk).returncode == 0
    for path in (tmp_path / "cache").glob("*.kept"):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes({"cut": raw[: len(raw) // 2], "flipped": raw, "foreign": b"PAR1"}[harm])
    done = run(["audit", *DOORS["likes, a rare class"], *more, str(tmp_path / "two")], desk)
    assert done.returncode == 0 and "did not pass the check" in done.stderr
    assert result(tmp_path / "one") == result(tmp_path / "two")


def alive(number: str) -> bool:
    try:
        return Path("/proc", number, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_workers_and_shared_records_go_with_the_process(
    sign: signal.Signals, code: int, desk: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (desk / "at").mkdir(exist_ok=True)
    for old in (desk / "at").iterdir():
        old.unlink()
    if "long_train" not in (desk / "Modqfile.py").read_text():
        (desk / "Modqfile.py").write_text((desk / "Modqfile.py").read_text() + LONG)
    words = ["audit", *DOORS["model"], "--train", "Modqfile:long_train", "--jobs", "2"]
    running = subprocess.Popen(
        [*CONFIDE, *words, "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "o")],
        cwd=desk,
        env={**os.environ, "JOBLIB_TEMP_FOLDER": str(shared)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    begun = time.monotonic()
    while len(list((desk / "at").iterdir())) < 2 and time.monotonic() - begun < 90:
        time.sleep(0.1)
    workers = [p.name for p in (desk / "at").iterdir()]
    assert len(workers) == 2
    running.send_signal(sign)
    # The pipe closes when nobody holds it any more, so this waits for the workers too.
    said = running.communicate(timeout=30)[1]
    assert running.returncode == code
    assert "Traceback" not in said
    if sign != signal.SIGKILL:
        assert "run the same command again" in said
    begun = time.monotonic()
    while (any(map(alive, workers)) or any(shared.iterdir())) and time.monotonic() - begun < 15:
        time.sleep(0.2)
    assert not any(map(alive, workers))
    assert not list(shared.rglob("*")), "records that were shared with workers"
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("room", [500, 4_000])
def test_a_full_disk_is_one_sentence_at_the_cache(room: int, desk: Path, tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    words = [
        "audit",
        *DOORS["likes, a rare class"],
        "--cache",
        str(tmp_path / "c"),
        "--out",
        str(tmp_path / "o"),
    ]
    done = run(words, desk, preexec_fn=little_room)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "o").exists() and not list(tmp_path.rglob("*.draft"))


def test_no_home_is_one_sentence_or_no_matter(desk: Path, tmp_path: Path) -> None:
    """As in a container whose user has no entry: with a named cache nobody asks for a home."""
    nobody = "import pwd, os\ndef none(*_): raise KeyError\npwd.getpwuid = none\n"
    (tmp_path / "sitecustomize.py").write_text(nobody)
    without = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "CONFIDE_CACHE")}
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    env = {**without, "PYTHONPATH": path, "LC_ALL": "C"}
    words = ["audit", *DOORS["ratings"], "--out", str(tmp_path / "o")]
    done = run(words, desk, env=env)
    assert done.returncode == 2 and "no home folder is known" in done.stderr, done.stderr
    assert run(words, desk, env={**env, "CONFIDE_CACHE": str(tmp_path / "c")}).returncode == 0


def test_a_folder_that_nobody_may_write_to_is_one_sentence(desk: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "shut").mkdir(mode=0o500)
    done = run(["audit", *DOORS["ratings"], "--out", str(tmp_path / "shut" / "o")], desk)
    assert done.returncode == 2 and "no folder that can be written to" in done.stderr


def test_the_desk_is_what_the_tests_say(desk: Path) -> None:
    assert pl.read_csv(desk / "Filq05scores.csv").height == 233


@pytest.mark.parametrize("door", ["ratings", "model"])
def test_interrupted_at_random_moments_it_says_so_and_goes_on(door: str, desk: Path, tmp_path: Path) -> None:
    fresh, often = tmp_path / "fresh", tmp_path / "often"
    begun = time.perf_counter()
    words = ["audit", *DOORS[door], "--cache"]
    assert run([*words, str(tmp_path / "a"), "--out", str(fresh)], desk).returncode == 0
    whole = time.perf_counter() - begun
    # From when Python has loaded the package: before, no line of it has run.
    for part in np.random.default_rng(2).uniform(0.3, 1.0, 4):
        running = subprocess.Popen(
            [*CONFIDE, *words, str(tmp_path / "b"), "--out", str(often)],
            cwd=desk,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        time.sleep(part * whole)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1]
        # After the last word Python itself ends by the signal.
        assert running.returncode in (0, 130, -signal.SIGINT), (part, running.returncode, said)
        assert "Traceback" not in said, (part, said)
    assert run([*words, str(tmp_path / "b"), "--out", str(often)], desk).returncode == 0
    assert result(often) == result(fresh)
    assert not [p for p in often.rglob(".*") if p.name != ".key"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
def test_a_worker_that_the_system_kills_is_one_sentence_and_the_audit_goes_on_later(
    desk: Path, tmp_path: Path
) -> None:
    (desk / "at").mkdir(exist_ok=True)
    for old in (desk / "at").iterdir():
        old.unlink()
    if "long_train" not in (desk / "Modqfile.py").read_text():
        (desk / "Modqfile.py").write_text((desk / "Modqfile.py").read_text() + LONG)
    words = ["audit", *DOORS["model"], "--train", "Modqfile:long_train", "--jobs", "2"]
    running = subprocess.Popen(
        [*CONFIDE, *words, "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "o")],
        cwd=desk,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun = time.monotonic()
    while not list((desk / "at").iterdir()) and time.monotonic() - begun < 90:
        time.sleep(0.1)
    worker = next((desk / "at").iterdir()).name
    os.kill(int(worker), signal.SIGKILL)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 2, said
    assert "Traceback" not in said and "a worker process" in said, said
    assert not (tmp_path / "o").exists()


SLOW = """
import pathlib, time
import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

table = pl.read_parquet("numbers-members.parquet")


class Told(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(np.asarray(X)[:, 1:2], y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(np.asarray(X)[:, 1:2])

    def predict(self, X):
        # Labels alone are asked for by label-only, once for each noisy question.
        with open("asked.txt", "a") as log:
            log.write("labels\\n")
        if pathlib.Path("slow").exists():
            time.sleep(0.5)
        return self.inner_.predict(np.asarray(X)[:, 1:2])


Sloq = Told().fit(table.drop("income").to_numpy(), table["income"].to_list())
"""


def test_an_audit_of_a_model_that_is_interrupted_plays_no_finished_attack_again(
    desk: Path, tmp_path: Path
) -> None:
    (desk / "Sloqfile.py").write_text(SLOW)
    asked = desk / "asked.txt"
    for name in ("members", "holdout"):
        numbers = pl.read_parquet(desk / f"Filq01{name}.parquet").drop("Colq01")
        numbers.write_parquet(desk / f"numbers-{name}.parquet")
    records = ["--members", "numbers-members.parquet", "--nonmembers", "numbers-holdout.parquet"]
    more = ["--label", "income", "--references", "2", "--attacks", "loss,rmia,label-only"]
    words = ["audit", "model", "Sloqfile:Sloq", *records, *more]

    def with_(name: str, cache: str) -> list[str]:
        return [*words, "--cache", str(tmp_path / cache), "--out", str(tmp_path / name)]

    def played() -> set[Path]:
        """The evidence that is kept: sealed parquet files."""
        kept = (tmp_path / "b").glob("*.kept")
        return {p for p in kept if p.read_bytes()[:4] == b"PAR1"}

    assert run(with_("fresh", "a"), desk).returncode == 0
    questions = asked.read_text().count("labels")
    assert questions >= 33
    asked.unlink()
    (desk / "slow").touch()
    running = subprocess.Popen(
        [*CONFIDE, *with_("often", "b")],
        cwd=desk,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    begun = time.monotonic()
    while not (len(played()) == 2 and asked.exists()) and time.monotonic() - begun < 120:
        time.sleep(0.1)
    time.sleep(1.0)  # within the costly attack: it asks each half second
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130 and "run the same command again" in said, said
    first = {p: p.stat().st_mtime_ns for p in played()}
    assert len(first) == 2 and not (tmp_path / "often").exists()
    (desk / "slow").unlink()
    asked.unlink()
    assert run(with_("often", "b"), desk).returncode == 0
    # What was finished stands as it was, and the third has come.
    assert {p: p.stat().st_mtime_ns for p in played() if p in first} == first and len(played()) == 3
    assert result(tmp_path / "often") == result(tmp_path / "fresh")
    assert asked.read_text().count("labels") == questions
    # And once more: now nobody is asked about noisy records at all.
    asked.unlink()
    assert run(with_("often", "b"), desk).returncode == 0
    assert not asked.exists() or asked.read_text().count("labels") <= questions - 33
    assert result(tmp_path / "often") == result(tmp_path / "fresh")
