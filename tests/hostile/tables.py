"""Hostile tables: columns of every type in every role, and files that are cut short, flipped or foreign."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.kept_evidence import load
from confide.inputs.answers import Answers, read_answers
from confide.inputs.counts import Counts, read_counts
from confide.inputs.crosstabs import Crosstabs, read_crosstabs
from confide.inputs.likes import Likes, read_likes
from confide.inputs.ratings import Ratings, read_ratings
from confide.inputs.records import as_raw_records
from confide.inputs.scores import Scores, read_scores
from confide.inputs.tables import read_table
from confide.inputs.traces import Traces, read_traces

from .kinds import Inputs, Kind, Rng

N = 240


def every_type(n: int = N) -> Iterator[tuple[str, pl.Series]]:
    """A column of each type that polars can write, of n rows."""
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 20, n)
    for kind in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64):
        yield str(kind), pl.Series(whole, dtype=kind)
    for kind in (pl.Float32, pl.Float64):
        yield str(kind), pl.Series(whole + 0.5, dtype=kind)
    yield "bool", pl.Series(whole > 9)
    yield "text", pl.Series([f"p{i}" for i in whole])
    yield "bytes", pl.Series([b"\xff%d" % i for i in whole])
    yield "decimal", pl.Series([decimal.Decimal(int(i)) for i in whole], dtype=pl.Decimal(38, 2))
    yield "date", pl.Series([dt.date(2020, 1, 1 + int(i)) for i in whole])
    yield "time", pl.Series([dt.time(int(i), 1) for i in whole])
    yield "duration", pl.Series([dt.timedelta(hours=int(i)) for i in whole])
    for unit in ("ms", "us", "ns"):
        yield (
            f"datetime {unit}",
            pl.Series([dt.datetime(2020, 1, 1, int(i)) for i in whole]).cast(pl.Datetime(unit)),
        )
    yield "with a zone", pl.Series([dt.datetime(2020, 1, 1, int(i), tzinfo=dt.UTC) for i in whole])
    yield "category", pl.Series([f"p{i}" for i in whole]).cast(pl.Categorical)
    yield "enum", pl.Series([f"p{i % 3}" for i in whole], dtype=pl.Enum(["p0", "p1", "p2"]))
    yield "list", pl.Series([[int(i)] * (i % 3) for i in whole])
    yield "list of lists", pl.Series([[[int(i)], []] for i in whole])
    yield "array", pl.Series(rng.normal(size=(n, 2)), dtype=pl.Array(pl.Float64, 2))
    yield "struct", pl.Series([{"a": int(i), "b": "x"} for i in whole])
    yield "list of structs", pl.Series([[{"a": int(i)}] for i in whole])
    yield "null", pl.Series([None] * n)
    yield "all but one null", pl.Series([1, *[None] * (n - 1)])
    for name, value in odd_numbers():
        yield name, pl.Series([value, *[float(i) for i in whole[1:]]])
    yield "beyond 2^63", pl.Series([2**63 + 5, *map(int, whole[1:])], dtype=pl.UInt64)
    yield "huge whole numbers", pl.Series([2**62, -(2**62), *map(int, whole[2:])])
    for name, text in odd_texts():
        yield name, pl.Series([text, *[f"p{i}" for i in whole[1:]]])
    for name, when in odd_times():
        yield name, when.new_from_index(0, n)
        yield (
            f"{name} once",
            pl.concat([when, pl.Series([dt.datetime(2020, 1, 1)] * (n - 1)).cast(when.dtype)]),
        )


def odd_numbers() -> list[tuple[str, float]]:
    values = (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0, 2.0**53, 1e19)
    return [(f"number {v}", float(v)) for v in values]


def odd_texts() -> list[tuple[str, str]]:
    texts = {"empty": "", "blank": " ", "NA": "NA", "long": "x" * 100_000, "escape": "\x1b[2J", "nul": "a\0b"}
    texts |= {
        "turned": "\u202eabc",
        "emoji": "\U0001f600",
        "formula": "=1+1",
        "newline": "a\nb",
        "codes": "007",
    }
    return [(f"text {name}", text) for name, text in texts.items()]


def odd_times() -> list[tuple[str, pl.Series]]:
    # polars holds years that Python's datetime does not: 0, -290,000 and 290,000.
    micros = {
        "year 0": -62167219200000000,
        "year 9999": 253402300799000000,
        "least": -(2**63) + 1,
        "most": 2**63 - 1,
    }
    return [(f"time {name}", pl.Series([m]).cast(pl.Datetime("us"))) for name, m in micros.items()]


def people_table(n: int = N) -> pl.DataFrame:
    """A table that every door takes: ratings, visits, likes, scores and records in one."""
    rng = np.random.default_rng(1)
    day = 1_600_000_000 + rng.integers(0, 90 * 86400, n)
    return pl.DataFrame(
        {
            "user": np.arange(n) % 40,
            "item": [f"i{k}" for k in rng.integers(0, 30, n)],
            "rating": rng.integers(1, 6, n),
            "time": pl.Series(day * 1_000_000).cast(pl.Datetime("us")),
            "lat": 52 + rng.random(n) / 10,
            "lon": 13 + rng.random(n) / 10,
            "exposed": rng.integers(0, 2, n),
            "score": rng.normal(size=n),
            "label": rng.integers(0, 2, n),
        }
    )


TRAITS = pl.DataFrame({"user": np.arange(40), "trait": ["f", "m"] * 20})


def _scores(path: Path) -> object:
    return read_scores(Scores(path, user="user"))


DOORS: dict[str, tuple[tuple[str, ...], Callable[[Any], object]]] = {
    "ratings": (
        ("user", "item", "rating", "time"),
        lambda given: read_ratings(Ratings(given, user="user", item="item", rating="rating", time="time")),
    ),
    "traces": (
        ("user", "time", "lat", "lon"),
        lambda given: read_traces(Traces(given, user="user", time="time", lat="lat", lon="lon"), sure=True),
    ),
    "named places": (
        ("user", "time", "item"),
        lambda given: read_traces(Traces(given, user="user", time="time", place="item"), sure=True),
    ),
    "counts": (
        ("user", "time", "item"),
        lambda given: read_counts(Counts(given, user="user", time="time", place="item")),
    ),
    "answers": (
        ("rating", "label"),
        lambda given: read_answers(Answers(given, secret="label", workload=["rating > 2", "lat < 52.05"])),
    ),
    "crosstabs": (
        ("item", "rating"),
        lambda given: read_crosstabs(Crosstabs(given, count="rating")),
    ),
    "likes": (
        ("user", "item"),
        lambda given: read_likes(
            Likes(given, user="user", item="item", traits=TRAITS, trait="trait", folds=2)
        ),
    ),
    "scores": (("user", "exposed", "score"), _scores),
    "records": (
        ("user", "label", "rating"),
        lambda given: as_raw_records(given, label="label", user="user", name="m"),
    ),
}


def of_every_type(rng: Rng, folder: Path) -> Inputs:
    """Each type as each column of each door."""
    plain = people_table()
    for door, (columns, read) in DOORS.items():
        for column in columns:
            for name, values in every_type():
                path = folder / "table.parquet"
                try:
                    plain.with_columns(values.alias(column)).write_parquet(path)
                except pl.exceptions.PolarsError:
                    continue  # a type that this version cannot write
                yield f"{door}, {column} as {name}", lambda read=read, path=path: read(path)


def _bases() -> Iterator[tuple[str, bytes]]:
    plain = people_table()
    nested = plain.with_columns(
        pl.Series("more", [[i, None] for i in range(N)]), pl.Series("deep", [{"a": "x"}] * N)
    )
    wide = plain.with_columns(pl.col("item").cast(pl.Categorical), pl.lit("same").alias("constant"))
    for name, frame in (("plain", plain), ("nested", nested), ("categories", wide)):
        for packed in ("zstd", "snappy", "uncompressed"):
            held = io.BytesIO()
            frame.write_parquet(held, compression=packed, row_group_size=100)
            yield f"{name}, {packed}", held.getvalue()


def _read_all(path: Path) -> object:
    # What a door asks of a table is asked of every mutant that can be read at all.
    table = read_table(path, name="table")
    return DOORS["ratings"][1](path) if {"user", "item"} <= set(table.frame.columns) else table


def cut_short(rng: Rng, folder: Path) -> Inputs:
    """Parquet files of which only the beginning or the end is there."""
    path = folder / "table.parquet"
    for name, whole in _bases():
        for at in rng.integers(0, len(whole), 30):
            for side, part in (("beginning", whole[:at]), ("end", whole[at:])):
                path.write_bytes(part)
                yield f"{name}: {side} {at}", lambda: _read_all(path)


def flipped(rng: Rng, folder: Path) -> Inputs:
    """Parquet files with one to four wrong bytes, half of the files in the footer."""
    path = folder / "table.parquet"
    for name, whole in _bases():
        footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
        for k in range(FLIPS):
            changed = bytearray(whole)
            for at in rng.integers(footer if k % 2 else 4, len(whole), 1 + k % 4):
                changed[at] = rng.integers(256) if k % 3 else changed[at] ^ (1 << rng.integers(8))
            path.write_bytes(changed)
            yield f"{name}: flip {k}", lambda: _read_all(path)


FLIPS = 220


def large(rng: Rng, folder: Path) -> Inputs:
    """Small files that tell of more values than their size allows."""
    path = folder / "table.parquet"
    zeros = pl.Series([0]).new_from_index(0, 1_000_000)
    pl.DataFrame({f"c{i}": zeros for i in range(300)}).write_parquet(path)
    yield "300 million zeros", lambda: read_table(path, name="table")
    lists = pl.LazyFrame({"c": [[0] * 1_000_000]})
    pl.concat([lists] * 400).sink_parquet(path, row_group_size=1)  # a list at a time: whole they take 8 GiB
    yield "400 million zeros in lists", lambda: read_table(path, name="table")


def csv_bytes(rng: Rng, folder: Path) -> Inputs:
    """CSV files with wrong bytes, cut short, or made of noise."""
    path = folder / "table.csv"
    held = io.BytesIO()
    people_table().write_csv(held)
    whole = held.getvalue()
    for k in range(400):
        changed = bytearray(whole)
        for at in rng.integers(0, len(whole) if k % 2 else 60, 1 + k % 6):
            changed[at] = rng.choice([0, 10, 13, 34, 44, 59, 9, 92, 255, int(rng.integers(256))])
        path.write_bytes(changed[: rng.integers(len(changed))] if k % 5 == 0 else changed)
        yield f"flip {k}", lambda: _read_all(path)
    for k in range(100):
        path.write_bytes(rng.bytes(int(rng.integers(1, 3000))))
        yield f"noise {k}", lambda: _read_all(path)


def evidence_bytes(rng: Rng, folder: Path) -> Inputs:
    path = folder / "e.parquet"
    held = io.BytesIO()
    people_table().select("exposed", "score").write_parquet(held)
    whole = held.getvalue()
    for k in range(150):
        changed = bytearray(whole)
        for at in rng.integers(4, len(whole), 1 + k % 3):
            changed[at] = rng.integers(256)
        path.write_bytes(changed)
        yield f"flip {k}", lambda: load(path)


KINDS = (
    Kind(
        "Parquet: each column of each kind of table, of every type and with odd values",
        of_every_type,
        slow=True,
    ),
    Kind("Parquet: cut short", cut_short, slow=True),
    Kind("Parquet: wrong bytes in pages and footer", flipped, slow=True),
    Kind("Parquet: more values than its size allows", large, slow=True),
    Kind("CSV: wrong bytes, cut short, noise", csv_bytes),
    Kind("Evidence: wrong bytes", evidence_bytes),
)
