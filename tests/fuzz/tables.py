"""Tables: csv and parquet files, read as every door reads them."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st
from tests.hostile.tables import DOORS, every_type, people_table

from confide.core.errors import ConfideError
from confide.inputs.columns import missing
from confide.inputs.keys import as_ids
from confide.inputs.reading import Reading
from confide.inputs.tables import Table, read_table

from .csv_written import canonical, lawless, readings, written
from .given import File, mutants
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader

Draw = Callable[[Any], Any]

ROWS = 60
PLAIN = (Reading(), ())


@cache
def _people() -> pl.DataFrame:
    return people_table(ROWS)


@cache
def _odd() -> list[tuple[str, pl.Series]]:
    return list(every_type(ROWS))


@cache
def csv_files() -> list[bytes]:
    """Valid files to begin from."""
    made = [_people().head(20).write_csv(separator=s).encode() for s in ",;\t"]
    return [*made, made[0].decode().encode("utf-16"), b'\xef\xbb\xbfa,"b ""c"""\r\n007,"1,5"\r\n,NA\r\n']


@cache
def parquet_files() -> list[bytes]:
    nested = _people().with_columns(
        pl.Series("more", [[i, None] for i in range(ROWS)]), pl.lit("x").alias("c")
    )
    frames = (_people(), nested, nested.with_columns(pl.col("item").cast(pl.Categorical)))
    return [parquet(f, packed) for f in frames for packed in ("zstd", "uncompressed", "snappy")]


def parquet(frame: pl.DataFrame, packed: Any = "zstd") -> bytes:
    held = io.BytesIO()
    frame.write_parquet(held, compression=packed, row_group_size=25)
    return held.getvalue()


NUMBER = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5))
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64: NUMBER,
    pl.UInt8: st.integers(0, 255),
    pl.Float64: st.floats(),
    pl.Float32: st.floats(width=32),
    pl.Boolean: st.booleans(),
    pl.String: st.text(max_size=20),
    pl.Binary: st.binary(max_size=9),
    pl.Date: st.dates(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("ms", "UTC"): st.datetimes(timezones=st.just(dt.UTC)).map(lambda t: t.replace(microsecond=0)),
    pl.Duration("us"): st.timedeltas(dt.timedelta(-9_999), dt.timedelta(9_999)),
    pl.Categorical: st.text(max_size=5),
    pl.List(pl.Int64): st.lists(NUMBER, max_size=3),
    pl.List(pl.List(pl.String)): st.lists(st.lists(st.text(max_size=3), max_size=2), max_size=2),
    pl.Struct({"a": pl.Int64, "b": pl.String}): st.fixed_dictionaries(
        {"a": NUMBER, "b": st.text(max_size=3)}
    ),
    pl.Null: st.none(),
}


@st.composite
def frames(draw: Draw) -> File:
    """Parquet files of a few columns of any type, with gaps."""
    rows = draw(st.integers(1, 8))
    names = draw(st.lists(st.text(max_size=6), min_size=1, max_size=4, unique=True))
    made = []
    for name in names:
        kind = draw(st.sampled_from(list(VALUES)))
        values = draw(st.lists(st.one_of(VALUES[kind], st.none()), min_size=rows, max_size=rows))
        made.append(pl.Series(name, values, dtype=kind))
    frame = pl.DataFrame(made)
    return File(f"frame {frame.schema}", parquet(frame), ".parquet", asked=PLAIN, written=frame, plain=True)


@st.composite
def asked_of_doors(draw: Draw) -> File:
    """Tables of people with columns of other types, as a door with these columns meets them."""
    door = draw(st.sampled_from(list(DOORS)))
    frame, odd = _people(), list[tuple[str, pl.DataType]]()
    for column in draw(st.lists(st.sampled_from(DOORS[door][0]), min_size=1, max_size=2)):
        name, values = draw(st.sampled_from(_odd()))
        gaps = draw(st.sets(st.integers(0, ROWS - 1), max_size=2))
        gone = pl.Series([i in gaps for i in range(ROWS)])
        frame = frame.with_columns(pl.when(gone).then(None).otherwise(values).alias(column))
        odd.append((f"{column} as {name}", values.dtype))
    if draw(st.booleans()) and not any(
        "time" in said or kind.is_nested() or kind in (pl.Binary, pl.Duration) for said, kind in odd
    ):
        return File(f"{door}, {odd}", frame.write_csv().encode(), ".csv", asked=door)
    return File(f"{door}, {odd}", parquet(frame), ".parquet", asked=door)


def inputs() -> st.SearchStrategy[File]:
    return st.one_of(
        written(),
        written(),
        lawless(),
        readings().flatmap(lambda r: mutants(csv_files, ".csv", asked=(r, ()))),
        frames(),
        mutants(parquet_files, ".parquet", asked=PLAIN),
        asked_of_doors(),
    )


def meet(given: File, folder: Path, *, read: Callable[..., Table] = read_table) -> Outcome:
    """Read a table, hold it against what was written, and ask doors for it."""
    path = given.put(folder)
    if isinstance(given.asked, str):
        DOORS[given.asked][1](path)
        return READ
    reading, ids = given.asked
    try:
        frame = read(path, name="table", reading=reading, ids=ids).frame
    except ConfideError as error:
        need(not given.plain, f"a plain file is refused: {error}")
        raise
    if given.written is None:
        if {"user", "item"} <= set(frame.columns):
            DOORS["likes"][1](path)
        return READ
    if isinstance(given.written, pl.DataFrame):
        need(frame.equals(given.written), f"other rows than were written: {frame} for {given.written}")
        return AS_WRITTEN
    _hold(frame, given.written)
    return AS_WRITTEN


def _hold(frame: pl.DataFrame, columns: list[tuple[str, str, list[str | None]]]) -> None:
    expected = [name for name, _, _ in columns]
    need(frame.columns == expected, f"other columns: {frame.columns} for {expected}")
    for name, kind, values in columns:
        found = frame[name]
        need(len(found) == len(values), f"another number of rows: {len(found)} for {len(values)}")
        gone = [value is None for value in values]
        need(missing(found).to_list() == gone, f"other gaps: {found.to_list()} for {values}")
        known = found.filter(~pl.Series(gone, dtype=pl.Boolean)).to_list()
        text = [value for value in values if value is not None]
        if kind == "number":
            right = known == list(map(float, text))
        elif kind == "id":
            right = _same_and_different(as_ids(found).to_list(), canonical(text))
        else:
            right = known == text
        need(right, f"other values of a {kind}: {known} for {text}")


def _same_and_different(found: list[str], expected: list[str]) -> bool:
    return len(set(found)) == len(set(expected)) == len(set(zip(found, expected, strict=True)))


READER = Reader("tables", inputs, meet, most=lambda size: 100 * size + 2 * 2**30)
