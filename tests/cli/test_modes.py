"""Who can read what is written, and who says how a command ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .conftest import Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX systems")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.slow
def test_a_report_and_its_evidence_are_for_the_user_alone_unless_shared(run: Run, desk: Path) -> None:
    rng = np.random.default_rng(0)
    exposed = np.arange(400) < 200
    pl.DataFrame({"exposed": exposed, "score": rng.normal(size=400) + exposed}).write_parquet(
        desk / "e.parquet"
    )
    for more, mode in (((), 0o600), (("--share",), 0o644)):
        out = desk / f"out{mode}"
        done = run("audit", "scores", "e.parquet", "--out", str(out), *more)
        assert done.exit_code == 0, done.output
        expected = dict.fromkeys(("report.html", "report.json", "evidence.parquet", "exposed.csv"), mode)
        assert modes(out) == expected
        # Drawn again, a report is as open as what it is drawn from.
        (out / "report.html").unlink()
        assert run("report", str(out)).exit_code == 0
        assert modes(out) == expected


@pytest.mark.slow
def test_a_protected_file_is_for_the_user_alone_unless_shared(run: Run, desk: Path) -> None:
    rng = np.random.default_rng(0)
    rows = {"u": np.repeat(np.arange(60), 20), "i": rng.integers(80, size=1200)}
    pl.DataFrame(rows).unique(maintain_order=True).write_csv(desk / "r.csv")
    given = ("r.csv", "--user", "u", "--item", "i", "--with", "rare:2", "--attacks", "likelihood")
    for more, mode in (((), 0o600), (("--share",), 0o644)):
        out = desk / f"kept{mode}"
        out.mkdir()
        done = run(
            "protect", "ratings", *given, "--out", str(out / "s.csv"), "--key-out", str(out / "k.csv"), *more
        )
        assert done.exit_code == 0, done.output
        assert modes(out) == {"s.csv": mode, "s.csv.confide.json": mode, "k.csv": 0o600}


@pytest.mark.parametrize("end", ["raise SystemExit(0)", "raise SystemExit(1)", "import sys; sys.exit()"])
def test_a_module_that_exits_does_not_look_like_an_audit_that_found_nothing(
    end: str, run: Run, desk: Path
) -> None:
    (desk / "exiting.py").write_text(f"{end}\n")
    files = ("--members", "members.parquet", "--nonmembers", "holdout.parquet", "--label", "income")
    done = run("audit", "model", "exiting:predict", *files, "--out", "out")
    assert done.exit_code == 2 and "end" in done.output.lower() and not (desk / "out").exists()
