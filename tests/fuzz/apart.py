"""A process that reads inputs and may die of one: then that input is kept, and another process goes on."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from .running import Counts, fuzz, save

MOST = 8 * 2**30
"""Bytes of address space beyond those at the beginning: for the machine's sake, no limit of a reader."""


def fuzz_apart(name: str, *, seconds: float, number: int, failures: Path | None) -> Counts:
    """Read inputs of a reader for this time, in a process of its own.

    Args:
        number: the seed.
        failures: where failing inputs are saved.
    """
    counts, until = Counts(), monotonic() + seconds
    while (left := until - monotonic()) > 0:
        with TemporaryDirectory() as folder:
            asked = [
                name,
                str(folder),
                str(left),
                str(number),
                *([] if failures is None else [str(failures)]),
            ]
            with (Path(folder) / "said").open("w+", encoding="utf-8", errors="replace") as said:
                done = subprocess.run(
                    [sys.executable, "-m", "tests.fuzz.apart", *asked], check=False, stderr=said
                )
                said.seek(0)
                last_words = said.read()[-2_000:]
            counts.add(Path(folder) / "counts.json")
            if done.returncode > 0:
                raise RuntimeError(f"the fuzz itself fails: {last_words}")
            if done.returncode < 0:
                kind = f"ended by signal {-done.returncode}"
                number += 1_000_000
                counts.again += kind in counts.faults
                counts.faults.setdefault(kind, (Path(folder) / "last.txt").read_text(encoding="utf-8"))
                if failures is not None:
                    _keep(failures, name, kind, Path(folder))
    return counts


def _keep(failures: Path, name: str, kind: str, folder: Path) -> None:
    """The input that ended a process: what it was, and its file."""
    save(failures, name, (folder / "last.txt").read_text(encoding="utf-8"), kind)
    for given in folder.glob("given.*"):
        shutil.copy(given, failures / f"{name}-signal-{sum(1 for _ in failures.iterdir())}{given.suffix}")


def _main(name: str, folder: str, seconds: str, number: str, *failures: str) -> None:
    from .readers import reader

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST, resource.RLIM_INFINITY))
    where = Path(failures[0]) if failures else None
    fuzz(reader(name), Path(folder), number=int(number), seconds=float(seconds), failures=where)


if __name__ == "__main__":
    _main(*sys.argv[1:])
