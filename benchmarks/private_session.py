"""Private sessions over 10 million rows: how much longer than the plain query a start and a question take.

OMP_NUM_THREADS=1 python benchmarks/private_session.py [--rows 10000000] [--write]

1.94 million people; 1,172 of them have more than 20 rows, and hold 3 million. The question is a count and a
clipped sum in 100 groups. Every session is a process of its own. Ratios are to the plain query of DuckDB over
the same file, the quickest of five runs in the same process. Seconds are those of the processor, of all
threads together.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from page import bars, head, machine, publish, row

from confide import Budget, Unit, private

HEAVY, PEOPLE = 1_172, 1_940_000
PLAIN = "SELECT g, count(*), sum(least(greatest(x, 0), 100000)) FROM read_parquet('{}') GROUP BY g"
ASKED = "select g, count(*), sum(clip(x, 0, 100000)) from visits where g < {} group by g"
UNITS = {"person": Unit.person("u", at_most=20), "row": Unit.record()}


def made(rows: int, folder: Path) -> Path:
    """The table in a file."""
    path = folder / "visits.parquet"
    base = duckdb.connect(config={"threads": 1})
    base.execute(
        f"COPY (SELECT (CASE WHEN i % 10 < 3 THEN hash(i) % {HEAVY} "
        f"ELSE {HEAVY} + hash(i * 7) % {PEOPLE - HEAVY} END)::BIGINT AS u, (hash(i * 3) % 100)::INTEGER g, "
        f"(hash(i * 5) % 200000)::DOUBLE AS x FROM range({rows}) r(i)) TO '{path}' (FORMAT parquet)"
    )
    base.close()
    return path


def quickest(times: int, run: Callable[[int], object]) -> float:
    spent: list[float] = []
    for i in range(times):
        began = time.process_time()
        run(i)
        spent.append(time.process_time() - began)
    return min(spent)


def run(path: str, unit: str, keep: Any) -> dict[str, float]:
    """One session, in this process."""
    base = duckdb.connect()
    plain = quickest(5, lambda _: base.execute(PLAIN.format(path)).fetchall())
    small = Path(path).with_name("small.parquet")
    base.execute(f"COPY (SELECT 1 AS u, 1 AS g, 1.0 AS x) TO '{small}' (FORMAT parquet)")
    # Loading libraries is no part of a session.
    with private(small, unit=UNITS[unit], budget=Budget(1.0), ledger=f"sqlite:///{small}{unit}{keep}") as one:
        one.sql("select count(*) from small", epsilon=0.1)
    base.close()
    folder = Path(path).parent
    address = f"sqlite:///{folder}/{unit}-{keep}.ledger"
    began = time.process_time()
    with private(path, unit=UNITS[unit], budget=Budget(10.0), ledger=address, keep=keep) as session:
        start = time.process_time() - began

        def ask(i: int) -> object:
            # Another text each time: the same question would be answered from the ledger.
            return session.sql(ASKED.format(1_000 + i), keys={"g": range(100)}, epsilon=0.1)

        question = quickest(5, ask)
    return {
        "plain": plain,
        "start": start,
        "question": question,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def apart(path: Path, unit: str, keep: str) -> dict[str, float]:
    """One session, in a process of its own."""
    said = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps([str(path), unit, keep])],
        check=True, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    return json.loads(said.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run(*json.loads(asked.one))))
        return
    lines = [
        "# Private sessions", "", machine(), "",
        f"{asked.rows:,} rows of 1.94 million people, 100 groups, a count and a clipped sum. CPU seconds; in "
        "brackets as multiples of the plain query.", "",
        *head("unit", "extract", "plain query, s", "start of a session, s", "each question, s", "peak GiB"),
    ]  # fmt: skip
    checks: list[tuple[str, bool]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = made(asked.rows, Path(folder))
        for unit, keep in (("person", "memory"), ("person", "file"), ("row", "memory")):
            found = apart(path, unit, keep)
            start, question = (found[name] / found["plain"] for name in ("start", "question"))
            lines.append(
                row(
                    unit, keep, f"{found['plain']:.2f}", f"{found['start']:.1f} ({start:.1f})",
                    f"{found['question']:.2f} ({question:.2f})", f"{found['peak']:.1f}",
                )
            )  # fmt: skip
            print(lines[-1], flush=True)
            if unit == "person":
                checks.append((f"start of a session at most 10 plain queries ({keep})", start <= 10))
            checks.append((f"a question at most 1.5 plain queries ({unit}, {keep})", question <= 1.5))
            checks.append((f"memory at most 3 GB ({unit}, {keep})", found["peak"] <= 3e9 / 2**30))
    publish([*lines, "", *bars(checks)], "private_session", write=asked.write)


if __name__ == "__main__":
    main()
