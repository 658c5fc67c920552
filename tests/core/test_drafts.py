"""Drafts: what is moved stays, what is not goes, and what a killed process left goes with the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from confide.core.drafts import draft_of, try_place

KILLED = """
import os, pathlib, signal
from confide.core.drafts import draft_of
with draft_of(pathlib.Path("safe.csv")) as draft:
    draft.write_text("half")
    {then}
"""


def python(then: str, folder: Path) -> subprocess.Popen[str]:
    """A process that writes a draft of `safe.csv`, and then does this."""
    return subprocess.Popen(
        [sys.executable, "-c", KILLED.format(then=then)],
        cwd=folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_what_is_moved_stays_and_nothing_else(tmp_path: Path) -> None:
    with draft_of(tmp_path / "new" / "safe.csv") as draft:
        draft.write_text("whole")
        draft.with_name("beside").mkdir()
        assert draft.parent.stat().st_mode & 0o777 == 0o700, "nobody else reads what is not yet released"
        draft.replace(tmp_path / "new" / "safe.csv")
    assert [p.name for p in tmp_path.rglob("*")] == ["new", "safe.csv"]
    with pytest.raises(ZeroDivisionError), draft_of(tmp_path / "new" / "safe.csv") as draft:
        draft.mkdir()
        _ = 1 / 0
    assert (tmp_path / "new" / "safe.csv").read_text() == "whole"
    assert [p.name for p in tmp_path.rglob("*")] == ["new", "safe.csv"]


def test_a_killed_process_leaves_a_draft_and_the_next_one_of_that_name_removes_it(tmp_path: Path) -> None:
    killed = python("os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert (left / "safe.csv").read_text() == "half" and left.name.startswith(".safe.csv.")
    # What only looks like it stays: another path's, a file, a link, another word.
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / ".safe.csv.0000aaaa.draft").write_text("a file")
    (tmp_path / ".safe.csv.0000bbbb.draft").symlink_to(mine)
    others = [
        ".safe.0000cccc.draft",
        ".safe.csv.0000dddd.old",
        ".safexcsv.0000eeee.draft",
        ".safe.csv.notes.draft",
    ]
    for name in others:
        (tmp_path / name).mkdir()
    kept = {p.name for p in tmp_path.iterdir()} - {left.name}
    with draft_of(tmp_path / "other.csv"):
        assert left.exists()
    with draft_of(tmp_path / "safe.csv"):
        assert not left.exists()
    assert {p.name for p in tmp_path.iterdir()} == kept


def test_the_draft_of_a_process_at_work_stays(tmp_path: Path) -> None:
    other = python("print('ready', flush=True); input(); draft.replace('safe.csv')", tmp_path)
    assert other.stdout is not None and other.stdout.readline() == "ready\n"
    (at_work,) = tmp_path.iterdir()
    with draft_of(tmp_path / "safe.csv") as draft:
        draft.write_text("mine")
        assert at_work.exists()
    other.communicate("go on\n")
    assert other.returncode == 0
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("safe.csv", "half")]


def test_one_process_does_not_take_its_own_draft_for_an_abandoned_one(tmp_path: Path) -> None:
    with draft_of(tmp_path / "safe.csv") as first, draft_of(tmp_path / "safe.csv") as second:
        assert first.parent.exists() and second.parent.exists() and first != second


def test_a_folder_that_was_never_locked_goes_after_a_minute(tmp_path: Path) -> None:
    """A kill between making and locking it: a young one may be about to be locked by another."""
    young, old = (tmp_path / f".safe.csv.{sign * 8}.opening" for sign in "ab")
    for room in (young, old):
        room.mkdir()
    an_hour_ago = old.stat().st_mtime - 3_600
    os.utime(old, (an_hour_ago, an_hour_ago))
    with draft_of(tmp_path / "safe.csv"):
        pass
    assert young.is_dir() and not old.exists()


def test_a_place_that_is_tried_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    try_place(tmp_path / "here" / "new" / "folder" / "result.json")
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="file"):
        try_place(tmp_path / "file" / "folder" / "result.json")
    try_place(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "here"]
    assert (tmp_path / "file").read_text() == "mine"
