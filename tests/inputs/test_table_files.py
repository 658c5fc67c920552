"""Distinct rows of files, and recodings put back, against the same in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from confide.core.errors import DataError
from confide.inputs.table_files import ROWS, distinct_rows, write_recoded

KEY = ["age", "zip"]


def people(n: int, *, seed: int) -> pl.DataFrame:
    """Ages with nulls and NaN, codes with zeros, and names that are not of the key."""
    rng = np.random.default_rng(seed)
    age = [None if v == 0 else float("nan") if v == 1 else float(v) for v in rng.integers(0, 9, n)]
    zips = [f"0{v}" if v else None for v in rng.integers(0, 5, n)]
    return pl.DataFrame(
        {"name": [f"p{seed}-{i}" for i in range(n)], "age": age, "zip": zips},
        schema={"name": pl.String, "age": pl.Float64, "zip": pl.String},
    )


def saved(folder: Path, suffix: str) -> tuple[list[Path], pl.DataFrame]:
    """Two files and the rows of both as they are read."""
    parts, files = [people(300, seed=0), people(200, seed=1)], []
    for i, part in enumerate(parts):
        files.append(folder / f"part{i}{suffix}")
        part.write_parquet(files[-1]) if suffix == ".parquet" else part.write_csv(files[-1])
    whole = pl.concat(parts)
    if suffix == ".csv":
        whole = pl.concat([pl.read_csv(file, infer_schema=False) for file in files])
    return files, whole


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_distinct_rows_are_those_in_memory(tmp_path: Path, suffix: str) -> None:
    files, whole = saved(tmp_path, suffix)
    found = distinct_rows(files, KEY)
    wanted = whole.group_by(KEY).agg(pl.len().cast(pl.Int64).alias(ROWS)).sort(KEY)
    assert_frame_equal(found, wanted)
    assert found[ROWS].sum() == 500


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("out", ["out.parquet", "out.csv"])
def test_a_recoding_is_put_back_row_by_row(tmp_path: Path, suffix: str, out: str) -> None:
    files, whole = saved(tmp_path, suffix)
    distinct = distinct_rows(files, KEY)
    recoded = distinct.select(
        pl.concat_str("age", "zip", separator="/", ignore_nulls=True).alias("age"),
        pl.lit("*").alias("zip"),
    )
    assert write_recoded(files, tmp_path / out, distinct=distinct, recoded=recoded) == 500
    read = pl.read_parquet if out.endswith("parquet") else lambda f: pl.read_csv(f, infer_schema=False)
    wanted = whole.with_columns(
        pl.concat_str("age", "zip", separator="/", ignore_nulls=True).alias("age"), pl.lit("*").alias("zip")
    )
    found = read(tmp_path / out)
    assert found.columns == ["name", "age", "zip"]
    assert_frame_equal(found.with_columns(pl.col("age").fill_null("")), wanted)


def test_distinct_rows_that_are_left_out(tmp_path: Path) -> None:
    files, whole = saved(tmp_path, ".parquet")
    distinct = distinct_rows(files, KEY)
    keep = distinct["zip"].is_not_null().to_numpy()
    out = tmp_path / "out.parquet"
    written = write_recoded(files, out, distinct=distinct, recoded=distinct.drop(ROWS), keep=keep)
    assert_frame_equal(pl.read_parquet(out), whole.filter(pl.col("zip").is_not_null()))
    assert written == whole["zip"].is_not_null().sum()


def test_a_file_that_changed_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    files, _ = saved(tmp_path, ".parquet")
    distinct = distinct_rows(files, KEY)
    out = tmp_path / "out.parquet"
    # As many rows, other values; then more rows.
    for changed in (people(200, seed=1).with_columns(zip=pl.lit("99")), people(201, seed=1)):
        changed.write_parquet(files[1])
        with pytest.raises(DataError, match="changed while"):
            write_recoded(files, out, distinct=distinct, recoded=distinct.drop(ROWS))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["part0.parquet", "part1.parquet"]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    files, _ = saved(tmp_path, ".parquet")
    other = tmp_path / "other.csv"
    other.write_text("age,_rows\n1,2\n")
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 no more")
    empty = tmp_path / "empty.csv"
    empty.write_text("age,zip\n")
    for given, columns, said in (
        ([], KEY, "no file"),
        (files, [], "at least one"),
        (files, ["age", "age"], "none twice"),
        (files, ["age", "income"], "no column 'income': it has name, age, zip"),
        ([*files, other], ["age"], "all .parquet, or all .csv"),
        ([other], ["age"], "another name"),
        ([damaged], ["age"], "cannot be read"),
        ([tmp_path / "none.parquet"], ["age"], "cannot be opened"),
        ([tmp_path / "none.csv"], ["age"], "cannot be opened"),
        ([empty], KEY, "has no rows"),
    ):
        with pytest.raises(DataError, match=said):
            distinct_rows(given, columns)


def test_a_recoding_that_does_not_fit(tmp_path: Path) -> None:
    files, _ = saved(tmp_path, ".parquet")
    distinct = distinct_rows(files, KEY)
    with pytest.raises(DataError, match="one new row for each"):
        write_recoded(files, tmp_path / "o.csv", distinct=distinct, recoded=distinct.drop(ROWS).head(3))
    with pytest.raises(DataError, match="name it so"):
        write_recoded(files, tmp_path / "o.txt", distinct=distinct, recoded=distinct.drop(ROWS))
