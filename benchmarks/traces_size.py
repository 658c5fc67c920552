"""Unicity on ten million check-ins: time and memory.

python benchmarks/traces_size.py [--visits 10000000] [--write]

Made-up wanderers with long tails (a few people have most visits, a few places most visitors), 500,000 people,
200,000 places, 90 days, bins of an hour; 10,000 draws for 1 to 6 points; then the attack on 1,000 targets.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.linkage import UniquePoints
from confide.core.play import play
from confide.data.twins_traces import wanderers
from confide.games.linkage.traces import PointsKnown
from confide.measure.identification import linked
from confide.measure.unicity import unicity
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces

SEEDS = range(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000_000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    people = options.visits // 20
    lines = head("seed", "visits", "1 point", "2", "3", "4", "6", "unicity, s", "attack right", "attack, s")
    slowest = 0.0
    for seed in SEEDS:
        made = wanderers(
            people,
            around=(40.74, -73.98),
            each=20,
            places=2 * people // 5,
            days=90,
            rng=np.random.default_rng(seed),
        )
        hourly = CoarseTraces(seconds=3_600)(made, rng=None).view
        del made
        start = time.perf_counter()
        curve = unicity(hourly, points=range(1, 7), draws=10_000, rng=np.random.default_rng([seed, 1]))
        took = time.perf_counter() - start
        game = PointsKnown(traces=hourly, mechanism=Published(), targets=1_000)
        start = time.perf_counter()
        found = linked(play(game, UniquePoints(), worlds=1, rng=np.random.default_rng(seed)), threshold=0.5)
        attack = time.perf_counter() - start
        slowest = max(slowest, took + attack)
        shares = [f"{curve[p - 1].share.value:.3f}" for p in (1, 2, 3, 4, 6)]
        lines.append(
            row(seed, f"{len(hourly):,}", *shares, f"{took:.1f}", f"{found.right.value:.3f}", f"{attack:.1f}")
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    page = [
        "# Unicity on ten million check-ins",
        "",
        f"`python benchmarks/traces_size.py --write`; seeds 0 to 4; {machine()}.",
        "",
        *lines,
        "",
        f"Largest memory of the process, making the records included: {peak:.1f} GiB.",
        "",
        *bars(
            [
                (f"within 16 GB ({peak:.1f} GiB)", peak < 16e9 / 2**30),
                (f"within minutes (slowest seed {slowest:.0f} s)", slowest < 300),
            ]
        ),
    ]
    publish(page, "traces_size", write=options.write)


if __name__ == "__main__":
    main()
