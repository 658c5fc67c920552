"""Tables too large to hold: Mondrian of a parquet file by DuckDB, and of a table in PostgreSQL.

CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/tables_large.py [--rows 10000000]
    [--in-database 1000000] [--write]

The table of `tables_recoding.py`, in a file: Adult drawn with replacement, ages moved, with a postal code of
a long tail; nine known columns, and two that stay as they are. Each run is a process of its own: reading,
recoding, writing and verifying, without the audit of the sample. Its peak of memory is that of the process.
PostgreSQL is a server on this machine, whose own memory is not in the peak.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row
from tables_recoding import FOLDER, KNOWN, large

from confide.inputs.large.reading import read_large
from confide.inputs.table import Table
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.on_tallies import OnTallies
from confide.releases.large_table import LargeFile
from confide.releases.settings import ReleaseSettings

NAMES = (*KNOWN[:-1], "postal_code")
MEMORY = "4GB"
PIECE = 2_000_000
"""Rows that are made at once."""


def made(rows: int, folder: Path) -> Path:
    """The table in a file, made in pieces."""
    frame = pl.read_parquet(FOLDER / "adult.parquet").filter(pl.col("split") == "train")
    rng = np.random.default_rng(1)
    parts: list[Path] = []
    for start in range(0, rows, PIECE):
        n = min(PIECE, rows - start)
        table = large(frame, n, rng)
        columns: dict[str, pl.Series] = {}
        for d, codes in zip(table.domains, table.low.T, strict=True):
            column = pl.Series(d.labels).gather(codes)
            # Of text Mondrian would write sets of thousands of codes into a cell.
            counted = d.numbers is not None or d.name == "postal_code"
            columns[d.name] = column.cast(pl.Int64) if counted else column
        more = {"number": np.arange(start, start + n), "income": rng.integers(0, 100_000, n)}
        parts.append(folder / f"part{start}.parquet")
        pl.DataFrame({**columns, **more}).write_parquet(parts[-1])
    whole = folder / "people.parquet"
    pl.scan_parquet(parts).sink_parquet(whole)
    for part in parts:
        part.unlink()
    return whole


def run(records: str, table: str | None, out: str) -> dict[str, Any]:
    """One release, in this process."""
    began, cpu = time.perf_counter(), time.process_time()
    held = Table(records, known=NAMES, memory=MEMORY, table=table)
    step = Mondrian(known=NAMES, rules=Rules(k=10))
    spent: dict[str, float] = {}

    def mark(name: str) -> None:
        spent[name] = time.perf_counter() - began - sum(spent.values())

    file = LargeFile(held, read_large(held)).with_settings(
        ReleaseSettings(protections="mondrian:10", out=Path(out), force=True)
    )
    mark("distinct rows")
    mechanism = OnTallies(step=step)
    view = mechanism(file.given, rng=None).view
    mark("recoding")
    with file.kept(Path(out)):
        file.write(view, np.empty(0, np.int64), Path(out))
        mark("join and write")
        reread = file.reread(Path(out), np.empty(0, np.int64))
        assert file.same(view, reread).holds and all(c.holds for c in mechanism.claims(reread))
        mark("verify")
    file.close()
    return {
        "rows": view.total,
        "distinct": len(view),
        "classes": len(reread),
        "spent": spent,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def apart(records: str, table: str | None, out: str) -> dict[str, Any]:
    """One release, in a process of its own."""
    said = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps([records, table, out])],
        check=True, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    return json.loads(said.stdout.splitlines()[-1])


def in_database(rows: int, folder: Path) -> dict[str, Any]:
    """One release of a table in PostgreSQL."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.postgresql import server

    whole = made(rows, folder)
    with server() as started:
        kinds = pl.read_parquet_schema(whole).items()
        columns = ", ".join(f"{c} {'bigint' if kind.is_integer() else 'text'}" for c, kind in kinds)
        started.run(f"CREATE TABLE people ({columns})")
        text = folder / "people.csv"
        pl.scan_parquet(whole).sink_csv(text, include_header=False)
        with text.open("rb") as opened:
            started.run("COPY people FROM STDIN (FORMAT csv)", opened)
        started.run("ANALYZE people")
        return apart(started.address, "people", str(folder / "safe.postgresql"))


def line(where: str, found: dict[str, Any]) -> str:
    spent = found["spent"]
    return row(
        where, f"{found['rows']:,}", f"{found['distinct']:,}", f"{found['classes']:,}",
        *(f"{spent[name]:.0f}" for name in ("distinct rows", "recoding", "join and write", "verify")),
        f"{sum(spent.values()):.0f}", f"{found['cpu']:.0f}", f"{found['peak']:.1f}",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000_000])
    parser.add_argument("--in-database", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run(*json.loads(asked.one))))
        return
    lines = [
        "# Tables too large to hold", "", machine(), "",
        f"Mondrian, k = 10, nine known columns of eleven, --memory {MEMORY}. Seconds by the clock, on a "
        "machine that others use too; CPU and peak of a database's client are without its server.", "",
        *head("where", "rows", "distinct rows", "classes", "distinct rows, s", "recoding, s",
              "join and write, s", "verify, s", "all, s", "CPU s", "peak GiB"),
    ]  # fmt: skip
    checks: list[tuple[str, bool]] = []
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            found = apart(str(made(rows, Path(folder))), None, f"{folder}/safe.parquet")
        lines.append(line("parquet file", found))
        print(lines[-1], flush=True)
        checks.append((f"{rows:,} rows of a file in 4 GB", found["peak"] <= 4e9 / 2**30))
    if asked.in_database:
        with tempfile.TemporaryDirectory() as folder:
            lines.append(line("PostgreSQL", in_database(asked.in_database, Path(folder))))
        print(lines[-1], flush=True)
    publish([*lines, "", *bars(checks)], "tables_large", write=asked.write)


if __name__ == "__main__":
    main()
