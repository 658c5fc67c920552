"""What is left of a joint computation when a party is killed (kill -9) at a random moment.

python benchmarks/join_killed.py [--kills 20] [--write]

Three parties run `confide join` on one machine, each in a process of its own: k-means of 60 records each, in
200 steps, which take a few seconds. One of them, drawn each time, is killed at a moment drawn evenly from
the duration of a run that nobody disturbs, the shortest of three. Moments and victims are drawn from the
system's source, and stand in the table. A party that is killed after its last word leaves the result with the
others: then both have it. The deadline is the time until all must have come (5 s), that one may be silent (3
s), and 2 s to end.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from page import bars, head, machine, publish, row

from confide.cli import main as confide
from confide.serve.parties import joining  # noqa: F401 - loaded once, before processes are forked
from confide.serve.parties.keys import make_keys

NAMES = ("north", "south", "east")
FORK = get_context("fork")
DEADLINE = 5.0 + 3.0 + 2.0
PLAN = """\
run = "killed"
computation = "kmeans"
rows = 60
keys = "keys/keys.toml"
[settings]
steps = 200
[columns]
x = [-4, 4]
z = [-4, 4]
[deadlines]
arrival = "5s"
silence = "3s"
[parties]
"""


def desk(folder: Path) -> None:
    """Keys, plan and records of all."""
    held = [socket.socket() for _ in NAMES]
    for each in held:
        each.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{each.getsockname()[1]}" for each in held]
    for each in held:
        each.close()
    addresses = make_keys(folder / "keys", NAMES, hosts=hosts)
    lines = [f'{name} = "{address}"' for name, address in addresses.items()]
    (folder / "plan.toml").write_text(PLAN + "\n".join(lines) + "\n")
    for seed, name in enumerate(NAMES):
        values = np.random.default_rng(seed).uniform(-4, 4, (60, 2))
        text = "\n".join(f"{x:.6f},{z:.6f}" for x, z in values)
        (folder / f"{name}.csv").write_text(f"x,z\n{text}\n")


def started(folder: Path, name: str) -> BaseProcess:
    process = FORK.Process(target=one, args=(folder, name))
    process.start()
    return process


def one(folder: Path, name: str) -> None:
    with (folder / f"{name}.log").open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    given = ["--data", str(folder / f"{name}.csv"), "--keys", str(folder / "keys")]
    words = [
        "join",
        str(folder / "plan.toml"),
        "--party",
        name,
        *given,
        "--out",
        str(folder / f"{name}.json"),
    ]
    try:
        confide(words)
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)


def undisturbed() -> float:
    """Seconds that a run takes."""
    with TemporaryDirectory() as name:
        desk(folder := Path(name))
        began = time.monotonic()
        processes = [started(folder, party) for party in NAMES]
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0, 0], (folder / "north.log").read_text()
        return time.monotonic() - began


def killed(victim: str, moment: float) -> tuple[float, str]:
    """Seconds until the last survivor ended, and how both did: "named", "finished", or what was wrong."""
    with TemporaryDirectory() as name:
        desk(folder := Path(name))
        processes = {party: started(folder, party) for party in NAMES}
        time.sleep(moment)
        processes[victim].kill()
        began = time.monotonic()
        found: set[str] = set()
        for party, process in processes.items():
            if party == victim:
                continue
            process.join(60)
            there = (folder / f"{party}.json").exists()
            said = (folder / f"{party}.log").read_text().splitlines() or [""]
            if process.exitcode == 2 and not there and victim in said[-1]:
                found.add("named")
            elif process.exitcode == 0 and there:
                found.add("finished")
            else:
                process.kill()
                found.add(f"wrong: exit {process.exitcode}, {said[-1]:.100}")
        return time.monotonic() - began, " and ".join(sorted(found))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    rng, whole = np.random.default_rng(), min(undisturbed() for _ in range(3))
    lines = head("after", "killed", "survivors ended after", "how")
    ends: list[tuple[float, str]] = []
    for moment in np.sort(rng.uniform(0, whole, given.kills)):
        victim = str(rng.choice(NAMES))
        ends.append(killed(victim, float(moment)))
        lines.append(row(f"{moment:.2f} s", victim, f"{ends[-1][0]:.2f} s", ends[-1][1]))
    about, *how = (__doc__ or "").strip().split("\n\n")
    slowest = max(seconds for seconds, _ in ends)
    within = f"every survivor ended within {DEADLINE:g} s (the slowest after {slowest:.2f} s)"
    whole_or_none = all(how in ("named", "finished") for _, how in ends)
    early = sum(how == "named" for _, how in ends)
    checks = [
        (within, slowest <= DEADLINE),
        ("both survivors named the killed party and had no result, or both had it", whole_or_none),
        (f"at least half were killed before the result ({early})", 2 * early >= len(ends)),
    ]
    page = [
        "# A party killed in a joint computation",
        "",
        about,
        "",
        f"`python benchmarks/join_killed.py --kills {given.kills} --write`; {machine()}. A run that nobody "
        f"disturbs took {whole:.1f} s.",
        how[-1],
        "",
        *lines,
        "",
        *bars(checks),
    ]
    publish(page, "join_killed", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
