"""What is left of a private match when one of its two parties is killed (kill -9) at a random moment.

python benchmarks/match_killed.py [--kills 20] [--write]

Two parties run `confide match` on one machine, each in a process of its own, with 10,000 people each, of whom
half are on both lists; both learn them. One party, drawn each time, is killed at a moment drawn evenly from
the duration of a run that nobody disturbs, the shortest of three. Moments and victims are drawn from the
system's source, and stand in the table. A party that is killed after its last word leaves the result with the
other. Where the first run left no result, both start once more, by a plan that allows two runs, of which a
lost one is one. The deadline is the time until the other must have come (5 s), that it may be silent (3 s),
and 2 s to end. The logs of all are searched for every identifier, the size of the result, and every line of a
key.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from killed import Folder, Page, asked, ended, ports, seconds
from page import head, row

from confide.serve.parties import match_run  # noqa: F401 - loaded once, before processes are forked
from confide.serve.parties.keys import make_keys

NAMES = ("bank", "shop")
PEOPLE, SHARED = 10_000, 5_003
DEADLINE = 5.0 + 3.0 + 2.0
PLAN = """\
name = "killed"
learns = ["bank", "shop"]
reveal = "ids"
most = 20_000
times = 2
keys = "keys/keys.toml"
[deadlines]
arrival = "5s"
silence = "3s"
[parties]
"""


def people(name: str) -> list[str]:
    first = 0 if name == "bank" else PEOPLE - SHARED
    return [f"marked{number}@example.org" for number in range(first, first + PEOPLE)]


def desk(path: Path) -> tuple[Folder, list[str]]:
    """Keys, plan and lists of both; and what no log may hold."""
    addresses = make_keys(path / "keys", NAMES, hosts=[f"127.0.0.1:{port}" for port in ports(2)])
    lines = [f'{name} = "{address}"' for name, address in addresses.items()]
    (path / "plan.toml").write_text(PLAN + "\n".join(lines) + "\n")
    for name in NAMES:
        (path / f"{name}.csv").write_text("\n".join(["email", *people(name)]) + "\n")
    folder = Folder(path)
    return folder, ["marked", "example.org", f" {SHARED}", f"{SHARED:,}", *folder.keys()]


def words(name: str) -> list[str]:
    given = ["--data", f"{name}.csv", "--id", "email", "--keys", f"keys/parties/{name}"]
    return ["match", "plan.toml", "--party", name, *given, "--out", f"shared-{name}.csv"]


def exact(folder: Folder, name: str) -> bool:
    """Whether a party's file holds those who are on both lists, and nobody else."""
    held = (folder.path / f"shared-{name}.csv").read_text().splitlines()
    return held[0] == "email" and sorted(held[1:]) == sorted(set(people("bank")) & set(people("shop")))


def both(folder: Folder, log: str = "") -> bool:
    """Run both sides, and say whether both have the right result."""
    processes = {name: folder.start(name + log, *words(name)) for name in NAMES}
    codes = [ended(process) for process in processes.values()]
    return codes == [0, 0] and all(exact(folder, name) for name in NAMES)


def undisturbed() -> None:
    """A run of which nobody is killed."""
    with TemporaryDirectory() as name:
        assert both(folder := desk(Path(name))[0]), folder.log("bank")


def killed(victim: str, moment: float) -> tuple[float, str, str, int]:
    """Seconds until the survivor ended, how it did, how another run did, and secrets in logs."""
    survivor = next(name for name in NAMES if name != victim)
    with TemporaryDirectory() as name:
        folder, secrets = desk(Path(name))
        processes = {party: folder.start(party, *words(party)) for party in NAMES}
        time.sleep(moment)
        processes[victim].kill()
        began = time.monotonic()
        code = ended(processes[survivor])
        taken = time.monotonic() - began
        ended(processes[victim])
        there = (folder.path / f"shared-{survivor}.csv").exists()
        again = ""
        if code == 2 and not there and victim in folder.last(survivor):
            how = "named"
            none = not (folder.path / f"shared-{victim}.csv").exists() and not _left(folder)
            again = ("whole" if both(folder, "-again") else "wrong") if none else "wrong: something was left"
        elif code == 0 and there and exact(folder, survivor):
            how = "finished"
        else:
            how = f"wrong: exit {code}, {folder.last(survivor):.100}"
        return taken, how, again, folder.found(secrets)


def _left(folder: Folder) -> list[str]:
    """Files of a run that are neither input nor log."""
    known = {"keys", "plan.toml", *(f"{name}.{end}" for name in NAMES for end in ("csv", "log"))}
    return [path.name for path in folder.path.iterdir() if path.name not in known]


def main() -> None:
    kills, write = asked(__doc__ or "")
    rng, whole = np.random.default_rng(), min(seconds(undisturbed) for _ in range(3))
    page = Page("match_killed", "A party killed in a private match", __doc__ or "", kills)
    page.lines += [f"A run that nobody disturbs took {whole:.1f} s.", ""]
    page.lines += head("after", "killed", "the survivor ended after", "how", "another run")
    ends: list[tuple[float, str, str, int]] = []
    for moment in np.sort(rng.uniform(0, whole, kills)):
        victim = str(rng.choice(NAMES))
        ends.append(killed(victim, float(moment)))
        page.lines.append(row(f"{moment:.2f} s", victim, f"{ends[-1][0]:.2f} s", *ends[-1][1:3]))
    slowest, hows = max(end[0] for end in ends), Counter(end[1] for end in ends)
    page.checks = [
        (
            f"every survivor ended within {DEADLINE:g} s (the slowest after {slowest:.2f} s)",
            slowest <= DEADLINE,
        ),
        (
            "each named the killed party and had no result, or had the whole result",
            set(hows) <= {"named", "finished"},
        ),
        (
            f"at least half were killed before the result ({hows['named']})",
            2 * hows["named"] >= len(ends),
        ),
        (
            "after each of these nothing was left, and another run gave both the exact result",
            all(again == "whole" for _, how, again, _ in ends if how == "named"),
        ),
        ("no identifier, size or line of a key stands in a log", not any(end[3] for end in ends)),
    ]
    page.publish(write=write)


if __name__ == "__main__":
    main()
