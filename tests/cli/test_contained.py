"""Models that leave, hang or interrupt themselves: exit code 2, one sentence, and no report that is none."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .conftest import Run

MODULE = """
import os, sys, time

def leaves(X): sys.exit(0)
def quits(X): os._exit(0)
def stops(X): raise KeyboardInterrupt
def hangs(X): time.sleep(100)
def train(X, y, *, rng): sys.exit(1)
def plain(X): return 1 / (1 + 1 / (X["x"].to_numpy() ** 2 + 0.5))
def fine(X): return (X["hours"] > 40).to_numpy() * 0.5 + 0.25
"""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("leaves", "`leaves` ends the process (SystemExit: 0)"),
        ("quits", "`quits` ends the process (Left: os._exit(0))"),
        ("stops", "`stops` ends the process (KeyboardInterrupt"),
        ("hangs", "`hangs` took more than 1 seconds"),
    ],
)
def test_a_model_that_leaves_is_no_finished_audit(audit: Run, desk: Path, name: str, says: str) -> None:
    (desk / "awaymodel.py").write_text(MODULE)
    sys.modules.pop("awaymodel", None)
    done = audit("--timeout", "1", model=f"awaymodel:{name}")
    assert done.exit_code == 2
    assert f"confide: {says}" in done.stderr
    assert not (desk / "confide-report").exists()


def test_a_training_that_leaves_is_no_finding(audit: Run, desk: Path) -> None:
    (desk / "awaymodel.py").write_text(MODULE)
    sys.modules.pop("awaymodel", None)
    done = audit("--train", "awaymodel:train", model="awaymodel:fine")
    assert done.exit_code == 2
    assert "ends the process (SystemExit: 1)" in done.stderr


def test_one_label_of_another_type_is_named_with_its_file(audit: Run, desk: Path) -> None:
    rng = np.random.default_rng(0)
    for name, odd in (("a", False), ("b", True)):
        y = rng.integers(0, 2, 60)
        texts = np.where(odd & (np.arange(60) == 7), "x?", y.astype(str))
        pl.DataFrame({"x": rng.normal(size=60), "y": texts}).write_csv(desk / f"{name}.csv")
    (desk / "awaymodel.py").write_text(MODULE)
    sys.modules.pop("awaymodel", None)
    done = audit(model="awaymodel:plain", members="a.csv", nonmembers="b.csv", label="y")
    assert done.exit_code == 2
    assert "b.csv: 1 labels are no numbers ('x?'), while those of a.csv are" in done.stderr
