"""A crowd on one ledger: 32 processes, 200 questions each, a budget for 3,840, in SQLite and PostgreSQL.

OMP_NUM_THREADS=1 python benchmarks/ledger.py [--folder FOLDER] [--write]

All processes ask at once, each question another one, without a pause. Each is charged, answered and its
answer stored: two transactions, both on the disk when they end; a refusal is one. A wait is the time from
asking to the answer or the refusal. CPU seconds are those of the processes that ask; those of PostgreSQL's
server, on this machine, are not among them. Afterwards the ledger is opened, which verifies its whole chain,
and the charges and answers in it are counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from page import bars, head, machine, publish, row

from confide.account.opening import open_ledger
from confide.core.budget import Budget

PROCESSES, QUESTIONS, PAID = 32, 200, 3_840
SLOWEST = {"SQLite": 11.0, "PostgreSQL": 3.0}
TOTAL = {"SQLite": 18.0, "PostgreSQL": 31.0}
"""Seconds of a prototype: the slowest wait, and all."""


def measured(kind: str, address: str) -> tuple[str, list[tuple[str, bool]]]:
    """The line of the table, and the bars."""
    from tests.account.crowd import DATA, crowd

    open_ledger(address, data=DATA, budget=Budget(PAID / 1000)).close()
    crowd(address, processes=PROCESSES, questions=0)  # the processes' imports are not measured
    begun = time.monotonic()
    met = crowd(address, processes=PROCESSES, questions=QUESTIONS)
    seconds = time.monotonic() - begun
    ledger = open_ledger(address, data=DATA, budget=None)
    kinds, spent = Counter(e.kind for e in ledger.history()), ledger.spent
    ledger.close()
    granted, refused = sum(m.granted for m in met), sum(m.refused for m in met)
    errors, slowest = [m.wrong for m in met if m.wrong], max(m.slowest for m in met)
    print(*errors, sep="\n", file=sys.stderr)
    exact = (
        granted == kinds["charged"] == kinds["answered"] == PAID
        and refused == PROCESSES * QUESTIONS - PAID
        and spent.epsilon == PAID * 1000
    )
    line = row(
        kind, f"{granted:,}", f"{refused:,}", len(errors), f"{seconds:.1f}", f"{slowest:.2f}",
        f"{sum(m.processor for m in met):.1f}",
    )  # fmt: skip
    return line, [
        (f"{kind}: exactly {PAID:,} granted, charged and answered, no error", exact and not errors),
        (f"{kind}: at most {TOTAL[kind]:g} s in all", seconds <= TOTAL[kind]),
        (f"{kind}: no wait above {SLOWEST[kind]:g} s", slowest <= SLOWEST[kind]),
    ]


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="for the file of SQLite: on a disk, not in memory")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.postgresql import programs, server

    lines: list[str] = []
    checks: list[tuple[str, bool]] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = [measured("SQLite", f"sqlite:///{folder}/people.ledger")]
    if programs() is None:
        checks.append(("PostgreSQL: a server on this machine", False))
    else:
        with server(durable=True) as made:
            found.append(measured("PostgreSQL", made.address))
    for line, reached in found:
        lines.append(line)
        checks += reached
    page = [
        "# A crowd on one ledger",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        f"{PROCESSES} processes, {QUESTIONS} questions each. Load of the machine before it: {load:.1f}. The "
        "bars on seconds are what a prototype took.",
        "",
        *head("ledger", "granted", "refused", "errors", "seconds", "slowest wait, s", "CPU seconds"),
        *lines,
        "",
        *bars(checks),
        "",
        f"{machine()}.",
    ]
    publish(page, "ledger", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
