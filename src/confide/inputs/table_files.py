"""Tables larger than the memory: their distinct rows with counts, and a recoding put back by a join.

Both are done by polars, which streams through the files in pieces. What confide computes on is the distinct
rows; no row passes through Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from confide.core.arrays import Bools
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.parquet import LIBRARY
from confide.core.trial import TRIAL
from confide.inputs.tables import SUFFIXES

ROWS = "_rows"
"""The column of counts beside distinct rows."""
RECODED = "_recoded:"
"""What stands before the name of a column while its recoding is joined."""


def distinct_rows(files: Sequence[Path], columns: Sequence[str]) -> pl.DataFrame:
    """The distinct rows of these columns over all files, with the number of rows of each.

    The memory needed is that of the distinct rows, not of the files. A missing value is a value of its own.
    Columns of csv files are text, as written, so that a code keeps its zeros.

    Args:
        files: .parquet or .csv files (UTF-8, with commas) of one form; rows are added up over them.
        columns: of the key; others are not read.

    Returns:
        the columns in this order, sorted by them, and `_rows`.

    Raises:
        DataError: if there is no file, a file cannot be read, or lacks a column.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "people.csv"
    ...     _ = file.write_text("sex,zip\\nf,01\\nm,01\\nf,01\\n")
    ...     distinct_rows([file], ["sex", "zip"]).rows()
    [('f', '01', 2), ('m', '01', 1)]
    """
    rows = _scan(files, columns)
    keys = rows.select(columns).group_by(columns).agg(pl.len().cast(pl.Int64).alias(ROWS))
    found = _collected(keys.sort(columns), files)
    if not found.height:
        raise DataError(f"{_named(files)} has no rows: there is nothing to audit.")
    return found


def write_recoded(
    files: Sequence[Path],
    out: Path,
    *,
    distinct: pl.DataFrame,
    recoded: pl.DataFrame,
    keep: Bools | None = None,
) -> int:
    """Write all rows of the files with recoded columns in the place of those columns.

    Each row is joined with its distinct row, in the order of the files. Other columns stay as they are.

    Args:
        files: those of `distinct_rows`.
        out: a .parquet or .csv file; it appears only when it is complete.
        distinct: what `distinct_rows` gave.
        recoded: one row for each distinct row: the new values, under the names of the columns.
        keep: bool[rows of `distinct`], which are written; None: all.

    Returns:
        the number of rows written.

    Raises:
        DataError: if the recoding does not fit the distinct rows, or the files have changed since.
    """
    columns = [c for c in distinct.columns if c != ROWS]
    if recoded.columns != columns or recoded.height != distinct.height:
        raise DataError(
            f"a recoding of {recoded.height} rows and the columns {', '.join(recoded.columns)} for "
            f"{distinct.height} distinct rows of {', '.join(columns)}: give one new row for each."
        )
    if out.suffix.lower() not in SUFFIXES:
        raise DataError(f"{out.name} is not a .parquet or .csv file: name it so.")
    rows = _scan(files, columns)
    # Counted again, because a file may have been added to since the distinct rows were taken.
    now = _collected(rows.select(pl.len().cast(pl.Int64)), files).item()
    if now != distinct[ROWS].sum():
        raise DataError(_changed(files))
    recoding = distinct.hstack(recoded.rename(lambda c: RECODED + c))
    if keep is not None:
        recoding = recoding.filter(pl.Series(keep))
    joined = rows.join(
        recoding.lazy(), on=columns, how="inner", nulls_equal=True, maintain_order="left", validate="m:1"
    )
    names = rows.collect_schema().names()
    put = joined.select((pl.col(RECODED + c).alias(c) if c in columns else pl.col(c)) for c in names)
    with atomic_write(out) as draft:
        try:
            put.sink_parquet(draft) if out.suffix.lower() == ".parquet" else put.sink_csv(draft)
        except LIBRARY as error:
            raise DataError(f"{out.name} cannot be written ({in_one_line(error)}): check it.") from error
        written = _scan_one(draft, out.suffix.lower()).select(pl.len()).collect().item()
        if written != recoding[ROWS].sum():
            raise DataError(_changed(files))
    return int(written)


def _scan(files: Sequence[Path], columns: Sequence[str]) -> pl.LazyFrame:
    """All rows of the files, not yet read."""
    if not files:
        raise DataError("no file is given: name at least one .parquet or .csv file.")
    if not columns or len(set(columns)) < len(columns):
        raise DataError(f"the columns {', '.join(columns) or '(none)'}: name at least one, and none twice.")
    suffixes = {file.suffix.lower() for file in files}
    if len(suffixes) > 1 or not suffixes <= set(SUFFIXES):
        raise DataError(f"{_named(files)}: give files that are all .parquet, or all .csv.")
    scans: list[pl.LazyFrame] = []
    for file in files:
        try:
            said = TRIAL.fault(file) if file.suffix.lower() == ".parquet" else ""
            if said:
                raise DataError(
                    f"{file.name} cannot be read as parquet ({in_one_line(said)}): save it again."
                )
            scan = _scan_one(file, file.suffix.lower())
            names = scan.collect_schema().names()
        except OSError as error:
            raise DataError(f"{file} cannot be opened ({error.strerror or error}): check it.") from error
        except LIBRARY as error:
            raise DataError(f"{file.name} cannot be read ({in_one_line(error)}): save it again.") from error
        lacking = [c for c in columns if c not in names]
        if lacking:
            raise DataError(f"{file.name} has no column {lacking[0]!r}: it has {', '.join(names)}.")
        if any(c == ROWS or c.startswith(RECODED) for c in names):
            raise DataError(f"{file.name} has a column {ROWS!r} or {RECODED!r}...: give it another name.")
        scans.append(scan)
    return pl.concat(scans)


def _scan_one(file: Path, suffix: str) -> pl.LazyFrame:
    return pl.scan_parquet(file) if suffix == ".parquet" else pl.scan_csv(file, infer_schema=False)


def _collected(rows: pl.LazyFrame, files: Sequence[Path]) -> pl.DataFrame:
    try:
        return rows.collect(engine="streaming")
    except LIBRARY as error:
        raise DataError(f"{_named(files)} cannot be read ({in_one_line(error)}): save it again.") from error


def _named(files: Sequence[Path]) -> str:
    return ", ".join(file.name for file in files)


def _changed(files: Sequence[Path]) -> str:
    return f"{_named(files)} changed while it was recoded: nothing was written; begin again."
