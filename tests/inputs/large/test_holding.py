"""When a table is too large to hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.large.holding import CELL, TEXT, is_too_large, memory_of


@dataclass(frozen=True)
class Held:
    records: object
    memory: str | None = None


def test_a_file_is_too_large_when_its_cells_need_more_than_the_memory(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(1_000), "b": range(1_000)})
    parquet, text = tmp_path / "p[1].parquet", tmp_path / "t.csv"
    frame.write_parquet(parquet)
    frame.write_csv(text)
    needed = 2_000 * CELL // 1_000
    assert is_too_large(Held(parquet, f"{needed - 1}kB")) and not is_too_large(Held(parquet, f"{needed}kB"))
    size = text.stat().st_size * TEXT
    assert is_too_large(Held(text, f"{size / 1_000 - 0.1:.1f}kB"))
    assert not is_too_large(Held(text, f"{size / 1_000 + 0.1:.1f}kB"))
    # By default half of the free memory, which is more than this.
    assert not is_too_large(Held(parquet)) and not is_too_large(Held(frame, "1kB"))
    assert is_too_large(Held("postgresql://db/people", "999TB"))
    assert not is_too_large(Held(tmp_path / "none.parquet", "1kB"))  # its reader says what is wrong


@pytest.mark.parametrize("said", ["8", "GB", "-1GB", "0GB", "8 GBs", "8tib", "1e3kB", ""])
def test_a_size_without_a_unit_is_refused(said: str) -> None:
    with pytest.raises(DataError, match="give a size with its unit, such as 8GB"):
        memory_of(said)
