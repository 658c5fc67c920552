"""A process that reads inputs and may die of one: then that input is kept, and another process goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from .running import Counts, fuzz, save

ALONE = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
"""Inputs are small, so that more threads would only wait for each other."""
MOST = 8 * 2**30
"""Bytes of address space beyond those at the beginning: for the machine's sake, no limit of a reader."""
LONGEST = 60
"""Seconds that one input may take."""
APART = 1_000_000
"""From one seed to that of the process which follows: each round of a process takes the next one."""


def fuzz_apart(home: str, *, seconds: float, number: int, failures: Path) -> Counts:
    """Read inputs of a reader for this time, in a process of its own.

    Args:
        home: the module of the reader.
        number: the seed.
        failures: where failing inputs are saved.
    """
    counts, until = Counts(), monotonic() + seconds
    while (left := until - monotonic()) > 0:
        with TemporaryDirectory() as kept:
            folder = Path(kept)
            code, said = _process(home, kept, str(left), str(number), str(failures))
            counts.add(folder / "counts.json")
            if code > 0:
                raise RuntimeError(f"the fuzz itself fails: {said}")
            if code < 0:
                kind, last = f"ended by signal {-code}", (folder / "last.txt").read_text(encoding="utf-8")
                counts.again += kind in counts.faults
                counts.faults.setdefault(kind, f"{kind}: {last}")
                save(failures, home.rpartition(".")[2], last, kind)
                for given in folder.glob("given.*"):
                    shutil.copy(
                        given, failures / f"signal-{sum(1 for _ in failures.iterdir())}{given.suffix}"
                    )
        number += APART
    return counts


def _process(*asked: str) -> tuple[int, str]:
    """Run a process; its code, and the last that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.apart", *asked],
        check=False,
        env={**os.environ, **ALONE},
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stderr[-2_000:]


def _main(home: str, folder: str, seconds: str, number: str, failures: str) -> None:
    statm = Path("/proc/self/statm")
    if statm.exists():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST, resource.RLIM_INFINITY))
    reader = import_module(home).READER
    fuzz(
        reader,
        Path(folder),
        number=int(number),
        seconds=float(seconds),
        failures=Path(failures),
        longest=LONGEST,
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])
