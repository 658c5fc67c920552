"""The trial of parquet files: what cannot be read is named, whatever it does to the process that tries it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

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
    process._apart.stop()  # pyright: ignore[reportPrivateUsage]
    assert process.fault(path) == ""
    assert process._apart._process is None  # pyright: ignore[reportPrivateUsage]
    os.utime(path, ns=(1, 1))  # another file for all that is known
    assert process.fault(path) == ""


def test_a_bad_file_is_told_and_a_good_one_read_after_it(process: Trial, tmp_path: Path) -> None:
    (tmp_path / "b.parquet").write_bytes(b"PAR1" * 9)
    assert process.fault(tmp_path / "b.parquet")
    assert process.fault(table(tmp_path / "a.parquet")) == ""


@pytest.mark.parametrize(("what", "said"), [("os.abort()", DIED), ("time.sleep(99)", SLOW)])
def test_a_file_that_ends_or_stops_the_process_is_told(what: str, said: str, tmp_path: Path) -> None:
    """Another script stands in here for polars that dies or hangs; the next file starts the process again."""
    script, good = tmp_path / "reads.py", table(tmp_path / "a.parquet")
    script.write_text(f"import os, time\ndef reply(path):\n    {what}\n")
    process = Trial(script, patience=0.5)
    assert process.fault(good) == said
    script.write_text("def reply(path):\n    return b''\n")
    process._patience = 60.0  # pyright: ignore[reportPrivateUsage]
    assert process.fault(good) == ""


@pytest.mark.slow
def test_more_values_than_the_size_allows_are_refused_by_the_footer(tmp_path: Path) -> None:
    """300 columns of a million zeros: 2.4 GB from a file of a few hundred kB."""
    zeros = pl.Series([0]).new_from_index(0, 1_000_000)
    pl.DataFrame({f"c{i}": zeros for i in range(300)}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="tells of 300,000,000 values"):
        read_parquet(tmp_path / "a.parquet")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be opened"):
        read_parquet(tmp_path / "none.parquet")
