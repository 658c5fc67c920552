"""How many worlds an audit deals, and how long it takes, against the version that dealt them for each use.

python benchmarks/worlds_once.py --before CHECKOUT [--runs 3] [--write]

Until commit 6977a26 attacks, tables and utility each dealt their own worlds. CHECKOUT is a work tree of that
commit (`git worktree add CHECKOUT 6977a26`). Both versions audit the same two files under the same two
protections through the command line, taking turns, one process and one thread each: 943 people with about
100,000 made-up ratings (MovieLens 100K's shape), and 1,500 people with made-up likes and a trait. Seconds
are the median of the runs, with the least and the most. Without --before only this version is run, and no
page is written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row

from confide.data.deezer_likes import twin
from confide.data.ratings_like import ratings_like

SEED = 7
HERE = Path(__file__).resolve().parents[1]
COUNTED = """
import importlib, json, pkgutil, sys, time
import confide.games
dealt = [0]

def counting(deal):
    def dealing(self, world, *, rng):
        dealt[0] += 1
        return deal(self, world, rng=rng)
    return dealing

for found in pkgutil.walk_packages(confide.games.__path__, "confide.games."):
    for kind in vars(importlib.import_module(found.name)).values():
        # A game without a mechanism shows worlds that were dealt already.
        fields = getattr(kind, "__dataclass_fields__", {})
        if isinstance(kind, type) and "mechanism" in fields and "deal" in vars(kind):
            if kind.__module__ == found.name:
                kind.deal = counting(kind.deal)
from confide.cli import main
begun = time.perf_counter(), time.process_time()
try:
    main(sys.argv[1:], standalone_mode=False)
except SystemExit:
    pass
ended = time.perf_counter(), time.process_time()
print(json.dumps([dealt[0], ended[0] - begun[0], ended[1] - begun[1]]))
"""
"""An audit that counts the worlds that it deals; it also measures wall and CPU seconds."""


def tables(folder: Path) -> None:
    """Write what is audited."""
    made = ratings_like(people=943, items=1_682, each=106, rng=np.random.default_rng(SEED))
    assert made.rating is not None and made.day is not None
    when = made.day.astype(np.int64) * 86_400
    ratings = pl.DataFrame({"user": made.person, "item": made.item, "stars": made.rating, "at": when})
    ratings.write_parquet(folder / "ratings.parquet")
    likes, traits = twin(1_500, rng=np.random.default_rng(SEED))
    pl.DataFrame({"user": likes.person, "item": likes.item}).write_parquet(folder / "likes.parquet")
    who = pl.Series("user", np.arange(likes.people), dtype=pl.Int32)
    traits.select("gender").with_columns(who).write_parquet(folder / "traits.parquet")


AUDITS = {
    "ratings": "audit ratings ratings.parquet --user user --item item --rating stars --time at "
    "--protect rare:20 --protect months:1",
    "likes": "audit likes likes.parquet --user user --item item --traits traits.parquet --trait gender "
    "--having 1 --folds 5 --protect rare:20 --protect response:4",
}


def run(source: Path, command: str, folder: Path) -> tuple[int, float, float]:
    """Worlds dealt, wall seconds and CPU seconds of one audit by the package in this folder."""
    with tempfile.TemporaryDirectory() as kept:
        environment = {**os.environ, "PYTHONPATH": str(source / "src"), "OMP_NUM_THREADS": "1"}
        words = [*command.split(), "--cache", kept, "--out", f"{kept}/report"]
        done = subprocess.run(
            [sys.executable, "-c", COUNTED, *words],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def said(seconds: list[float]) -> str:
    return f"{median(seconds):.1f} [{min(seconds):.1f}, {max(seconds):.1f}]"


def main() -> int:
    """Print the page; exit code 1 if a world is dealt twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    versions = {"now": HERE} if options.before is None else {"before": options.before.resolve(), "now": HERE}
    lines_of: list[str] = []
    worlds: dict[tuple[str, str], int] = {}
    with tempfile.TemporaryDirectory() as made:
        tables(Path(made))
        for kind, command in AUDITS.items():
            found: dict[str, list[tuple[int, float, float]]] = {version: [] for version in versions}
            for _ in range(options.runs):
                for version, source in versions.items():
                    found[version].append(run(source, command, Path(made)))
            for version, runs in found.items():
                worlds[kind, version] = runs[0][0]
                wall, cpu = ([r[i] for r in runs] for i in (1, 2))
                lines_of.append(row(kind, version, runs[0][0], said(wall), said(cpu)))
    checks = [("ratings: three releases, four worlds each, once", worlds["ratings", "now"] == 12)]
    checks += [("likes: three releases, five parts each, once", worlds["likes", "now"] == 15)]
    lines = [
        "# Worlds dealt once",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        *head("audit", "version", "worlds dealt", "wall seconds", "CPU seconds"),
        *lines_of,
        "",
        *bars(checks),
        "",
        f"{options.runs} runs each, seed {SEED}; {machine()}.",
    ]
    publish(lines, "worlds_once", write=options.write and options.before is not None)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
