"""`--dry-run` at every door: the plan, exit code 0, and nothing on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_public_doors import DOORS, desk

__all__ = ["desk"]

PLAYED = {
    "likes, a number": "likes-tfidf",
    "traces": "unicity",
    "answers": "box-reconstruction",
    "images": "recogniser",
    "ratings, protected": "counting",
    "model": "rmia",
}
"""What the plan must name."""


def files(folder: Path) -> dict[Path, int]:
    """Every file but what Python compiles, and when it was written."""
    every = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p: p.stat().st_mtime_ns for p in every}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda d: d.replace(" ", "-"))
def test_a_dry_run_says_what_would_be_done_and_touches_nothing(
    door: str, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    before = files(desk)
    words = ["audit", *DOORS[door], "--dry-run", "--out", str(tmp_path / "report")]
    done = subprocess.run(
        [sys.executable, "-m", "confide", *words], cwd=desk, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Plan of an audit of {DOORS[door][0]}: ")
    assert "Nothing was played, and nothing was written." in done.stdout
    assert PLAYED.get(door, "") in done.stdout
    if "--protect" in DOORS[door]:
        assert f"Release: {DOORS[door][DOORS[door].index('--protect') + 1]}" in done.stdout
    if DOORS[door][0] == "model":
        assert "Memory: " in done.stdout
    assert files(desk) == before and not list(tmp_path.iterdir())
