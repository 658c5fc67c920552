"""What a private match costs both parties, and that it finds exactly the shared identifiers.

python benchmarks/matching.py [--repeats 3] [--largest 100000] [--write]

Two lists of which half are shared, both parties in one process and one thread; every message is signed,
packed to bytes and unpacked. CPU seconds are those of both sides together (the median, with the lowest and
highest), bytes those of all four messages. One identifier costs each side two multiplications of a point by a
secret number of 256 bits, and lists are compared after sorting: the time grows with exponent 1.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from math import log
from statistics import median
from typing import Any

from page import bars, head, machine, publish, row

from confide.mechanisms.share.matching.match_plan import MatchPlan
from confide.mechanisms.share.matching.party import KINDS, MatchParty
from confide.mechanisms.share.messages import Identity, unpacked

SIZE = 10_000
SECONDS = 6.0


@dataclass(frozen=True)
class Spent:
    """CPU seconds, bytes on the wire, and whether the result is the intersection."""

    seconds: float
    bytes: int
    exact: bool


def spent(size: int, **terms: Any) -> Spent:
    """One match of two lists of this size."""
    one, two = Identity.new("bank"), Identity.new("shop")
    usual = {"reveal": "ids", "learns": ("bank",), "most": size, **terms}
    plan = MatchPlan(name="benchmark", parties={"bank": one.public, "shop": two.public}, **usual)
    mine = [f"person{k}@example.org" for k in range(size)]
    theirs = [f"person{k}@example.org" for k in range(size // 2, size // 2 + size)]
    start = time.process_time()
    bank, shop = MatchParty(plan, one, mine), MatchParty(plan, two, theirs)
    sent = [bank.opening().packed(), shop.opening().packed()]
    first, second = (unpacked(data, kinds=KINDS) for data in sent)
    sent.append(bank.request(second).packed())
    sent.append(shop.answer(first, unpacked(sent[2], kinds=KINDS)).packed())
    found = bank.result(unpacked(sent[3], kinds=KINDS))
    seconds = time.process_time() - start
    rows = found.rows is None or found.rows == tuple(range(size // 2, size))
    return Spent(seconds, sum(map(len, sent)), rows and found.size == size // 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    settings: list[tuple[str, dict[str, Any]]] = [
        ("raw, ids", {}),
        ("raw, size alone", {"reveal": "size"}),
        ("Golomb filter, ids", {"form": "golomb", "false_rate": 1e-6}),
    ]
    lines = head("lists of", "list, result", "CPU s of both sides", "MB on the wire", "exact")
    runs: dict[str, list[Spent]] = {}
    for what, terms in settings:
        runs[what] = [spent(SIZE, **terms) for _ in range(given.repeats)]
        lines.append(_line(SIZE, what, runs[what]))
    large = spent(given.largest)
    lines.append(_line(given.largest, "raw, ids", [large]))
    usual = median(run.seconds for run in runs["raw, ids"])
    exponent = log(large.seconds / usual) / log(given.largest / SIZE)
    lines += ["", f"Seconds grow with the length of the lists to the power of {exponent:.2f}.", ""]
    every = [*(run for found in runs.values() for run in found), large]
    lines += bars(
        [
            (f"lists of {SIZE:,}, raw: CPU seconds of both sides <= {SECONDS:g}", usual <= SECONDS),
            ("the result is the intersection in every run", all(run.exact for run in every)),
            (f"lists of {given.largest:,} are matched", large.exact),
        ]
    )
    top = ["# Private matches", "", (__doc__ or "").split("\n\n", 1)[1].strip(), ""]
    publish([*top, *lines, "", f"{given.repeats} repeats. {machine()}."], "matching", write=given.write)


def _line(size: int, what: str, runs: list[Spent]) -> str:
    seconds = sorted(run.seconds for run in runs)
    spread = f"{median(seconds):.2f} ({seconds[0]:.2f}, {seconds[-1]:.2f})"
    exact = "yes" if all(run.exact for run in runs) else "**no**"
    return row(f"{size:,}", what, spread, f"{median(run.bytes for run in runs) / 1e6:.2f}", exact)


if __name__ == "__main__":
    main()
