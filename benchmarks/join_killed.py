"""What is left of a joint computation when a party is killed (kill -9) at a random moment.

python benchmarks/join_killed.py [--kills 20] [--write]

Three parties run `confide join` on one machine, each in a process of its own: k-means of 60 records each, in
400 steps, which take a few seconds. One of them, drawn each time, is killed at a moment drawn evenly from
the duration of a run that nobody disturbs, the shortest of three. Moments and victims are drawn from the
system's source, and stand in the table. A party that is killed after its last word leaves the result with the
others: then both have it. The deadline is the time until all must have come (5 s), that one may be silent (3
s), and 2 s to end. The logs of all are searched for every value of a record and every line of a key.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from killed import Folder, Page, asked, ended, ports, seconds
from page import head, row

from confide.serve.parties import joining  # noqa: F401 - loaded once, before processes are forked
from confide.serve.parties.keys import make_keys

NAMES = ("north", "south", "east")
DEADLINE = 5.0 + 3.0 + 2.0
PLAN = """\
run = "killed"
computation = "kmeans"
rows = 60
keys = "keys/keys.toml"
[settings]
steps = 400
[columns]
x = [-4, 4]
z = [-4, 4]
[deadlines]
arrival = "5s"
silence = "3s"
[parties]
"""


def desk(path: Path) -> tuple[Folder, list[str]]:
    """Keys, plan and records of all; and what no log may hold."""
    hosts = [f"127.0.0.1:{port}" for port in ports(len(NAMES))]
    addresses = make_keys(path / "keys", NAMES, hosts=hosts)
    lines = [f'{name} = "{address}"' for name, address in addresses.items()]
    (path / "plan.toml").write_text(PLAN + "\n".join(lines) + "\n")
    values: list[str] = []
    for seed, name in enumerate(NAMES):
        rows = [f"{x:.6f},{z:.6f}" for x, z in np.random.default_rng(seed).uniform(-4, 4, (60, 2))]
        (path / f"{name}.csv").write_text("\n".join(["x,z", *rows]) + "\n")
        values += [value.lstrip("-") for line in rows for value in line.split(",")]
    folder = Folder(path)
    return folder, [*values, *folder.keys()]


def words(name: str) -> list[str]:
    given = ["--data", f"{name}.csv", "--keys", "keys", "--out", f"{name}.json"]
    return ["join", "plan.toml", "--party", name, *given]


def undisturbed() -> None:
    """A run of which nobody is killed."""
    with TemporaryDirectory() as name:
        folder, _ = desk(Path(name))
        processes = [folder.start(party, *words(party)) for party in NAMES]
        assert [ended(process) for process in processes] == [0, 0, 0], folder.log("north")


def killed(victim: str, moment: float) -> tuple[float, str, int]:
    """Seconds until the last survivor ended, how both did, and how many secrets stand in logs."""
    with TemporaryDirectory() as name:
        folder, secrets = desk(Path(name))
        processes = {party: folder.start(party, *words(party)) for party in NAMES}
        time.sleep(moment)
        processes[victim].kill()
        began = time.monotonic()
        found: set[str] = set()
        for party, process in processes.items():
            if party == victim:
                continue
            code = ended(process)
            there = (folder.path / f"{party}.json").exists()
            if code == 2 and not there and victim in folder.last(party):
                found.add("named")
            elif code == 0 and there:
                found.add("finished")
            else:
                found.add(f"wrong: exit {code}, {folder.last(party):.100}")
        return time.monotonic() - began, " and ".join(sorted(found)), folder.found(secrets)


def main() -> None:
    kills, write = asked(__doc__ or "")
    rng, whole = np.random.default_rng(), min(seconds(undisturbed) for _ in range(3))
    page = Page("join_killed", "A party killed in a joint computation", __doc__ or "", kills)
    page.lines += [f"A run that nobody disturbs took {whole:.1f} s.", ""]
    page.lines += head("after", "killed", "survivors ended after", "how")
    ends: list[tuple[float, str, int]] = []
    for moment in np.sort(rng.uniform(0, whole, kills)):
        victim = str(rng.choice(NAMES))
        ends.append(killed(victim, float(moment)))
        page.lines.append(row(f"{moment:.2f} s", victim, f"{ends[-1][0]:.2f} s", ends[-1][1]))
    slowest = max(taken for taken, _, _ in ends)
    within = f"every survivor ended within {DEADLINE:g} s (the slowest after {slowest:.2f} s)"
    early = sum(how == "named" for _, how, _ in ends)
    page.checks = [
        (within, slowest <= DEADLINE),
        (
            "both survivors named the killed party and had no result, or both had it",
            all(how in ("named", "finished") for _, how, _ in ends),
        ),
        (f"at least half were killed before the result ({early})", 2 * early >= len(ends)),
        ("no value of a record and no line of a key stands in a log", not any(n for _, _, n in ends)),
    ]
    page.publish(write=write)


if __name__ == "__main__":
    main()
