"""The trial of parquet files: what cannot be read is named, whatever it does to the process that tries it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from confide.core import trial
from confide.core.errors import DataError
from confide.core.parquet import read_parquet
from confide.core.trial import DIED, SLOW, Trial


@pytest.fixture
def process() -> Trial:
    return Trial()


def table(path: Path) -> Path:
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    return path


def test_a_good_file_passes_and_is_tried_once(process: Trial, tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet")
    assert process.fault(path) == ""
    process.stop()
    assert process.fault(path) == ""
    assert process._process is None  # pyright: ignore[reportPrivateUsage]
    os.utime(path, ns=(1, 1))  # another file for all that is known
    assert process.fault(path) == ""
    process.stop()


def test_a_bad_file_is_told_and_a_good_one_read_after_it(process: Trial, tmp_path: Path) -> None:
    (tmp_path / "b.parquet").write_bytes(b"PAR1" * 9)
    assert process.fault(tmp_path / "b.parquet")
    assert process.fault(table(tmp_path / "a.parquet")) == ""
    process.stop()


def test_a_file_that_ends_the_process_is_told(
    process: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is another one here, which dies as polars does where memory is short."""
    script = tmp_path / "dies.py"
    script.write_text("import os, sys\nos.read(int(sys.argv[1]), 9)\nos.abort()\n")
    monkeypatch.setattr(trial, "__file__", str(script))
    assert process.fault(table(tmp_path / "a.parquet")) == DIED
    monkeypatch.undo()
    assert process.fault(table(tmp_path / "a.parquet")) == ""
    process.stop()


def test_a_file_that_takes_too_long_is_told(
    process: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "sleeps.py"
    script.write_text("import time\ntime.sleep(99)\n")
    monkeypatch.setattr(trial, "__file__", str(script))
    monkeypatch.setattr(trial, "PATIENCE", 0.2)
    assert process.fault(table(tmp_path / "a.parquet")) == SLOW
    process.stop()


def test_more_values_than_the_size_allows_are_refused_by_the_footer(tmp_path: Path) -> None:
    """300 columns of a million zeros: 2.4 GB from a file of a few hundred kB."""
    zeros = pl.Series([0]).new_from_index(0, 1_000_000)
    pl.DataFrame({f"c{i}": zeros for i in range(300)}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="tells of 300,000,000 values"):
        read_parquet(tmp_path / "a.parquet")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be opened"):
        read_parquet(tmp_path / "none.parquet")
