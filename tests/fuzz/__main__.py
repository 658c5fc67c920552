"""Fuzz readers, all by default, for ten minutes each, and print what became of the inputs.

python -m tests.fuzz [READER ...] [--minutes 10] [--seed 0] [--failures FOLDER]

A failing input is made smaller and saved in the folder, by default `confide-fuzz` among the temporary files.
A fault is an error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .apart import fuzz_apart
from .oracle import AS_WRITTEN, READ, REFUSED
from .running import Counts

HOMES = {
    name: f"tests.fuzz.{file}"
    for name, file in (
        *(("tables", "tables"), ("times", "times"), ("evidence", "evidence")),
        *(("report", "reports"), ("skops", "skops"), ("npz", "npz")),
    )
}
"""Name of a reader -> its module. Each is loaded by its own process alone."""

HEAD = (
    "| reader | inputs | refused in a sentence | by how many lines | read | read as written | anything else |"
)


def row(name: str, counts: Counts) -> str:
    kinds = [counts.outcomes[outcome] for outcome in (READ, AS_WRITTEN)]
    numbers = (
        counts.tried,
        counts.outcomes[REFUSED],
        len(counts.refusals),
        *kinds,
        len(counts.faults) + counts.again,
    )
    return f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |"


def main(words: list[str]) -> bool:
    """Fuzz; whether there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("readers", nargs="*", metavar="READER", help=", ".join(HOMES))
    parser.add_argument("--minutes", type=float, default=10.0, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    failures = Path(tempfile.gettempdir()) / "confide-fuzz"
    parser.add_argument("--failures", type=Path, default=failures, help="a folder for failing inputs")
    asked = parser.parse_args(words)
    if unknown := set(asked.readers) - set(HOMES):
        parser.error(f"no reader {', '.join(sorted(unknown))}: choose from {', '.join(HOMES)}")
    print(HEAD, "| --- |" + " ---: |" * 6, sep="\n", flush=True)
    faults: list[str] = []
    for name in asked.readers or HOMES:
        counts = fuzz_apart(
            HOMES[name], seconds=60 * asked.minutes, number=asked.seed, failures=asked.failures
        )
        print(row(name, counts), flush=True)
        faults += [f"{name}: {fault}" for fault in counts.faults.values()]
    for fault in faults:
        print("FAULT", fault[:2_000], file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
