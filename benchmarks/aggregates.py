"""Membership in aggregate counts: simulated commuters, counted for a week.

python benchmarks/aggregates.py [--write]

Five seeds, each with commuters of its own (200 people, 100 cells, a tenth of the hours seen). Counts say
how many people of a group were in a cell in an hour, 100 x 168 of them. Of 20 targets in each world a fair
coin decides who is in the group, of m people on average. A person counts in at most 30 (cell, hour) pairs,
and noise is two-sided geometric with epsilon / 30. The privacy gain is the share of the AUC above one half
that the noise takes away.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from page import bars, head, machine, publish, row

from confide.attacks.membership.counts import InnerProduct, KnockKnock
from confide.core.play import play
from confide.data.commuters import MONDAY, commuters
from confide.games.membership.counts import Aggregates
from confide.measure.privacy_gain import privacy_gain
from confide.measure.roc import auc
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Grid
from confide.views.traces import Traces

SEEDS, GROUPS, EPSILONS, AT_MOST = 5, (10, 50, 100), (None, 10.0, 1.0), 30
ATTACKS = {
    "inner product": (InnerProduct(), 40),
    "Knock-Knock, statistics and counts": (KnockKnock(groups=100), 4),
    "Knock-Knock, statistics alone (as published)": (KnockKnock(groups=100, counts=False), 4),
}
GRID = Grid(cells=100, start=MONDAY)


def reached(
    traces: Traces, attack: object, *, group: int, epsilon: float | None, worlds: int, seed: int
) -> float:
    """The AUC over all targets of all worlds."""
    mechanism = VisitCounts(epsilon=epsilon, at_most=AT_MOST, noise="rehearsal")
    game = Aggregates(traces=traces, grid=GRID, mechanism=mechanism, group=group)
    evidence = play(game, attack, worlds=worlds, rng=np.random.default_rng([seed, group]))
    return auc(evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]).value


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    started, found = time.perf_counter(), {}
    crowds = [commuters(rng=np.random.default_rng(seed)) for seed in range(SEEDS)]
    for name, (attack, worlds) in ATTACKS.items():
        for group in GROUPS:
            for epsilon in EPSILONS:
                found[name, group, epsilon] = np.array(
                    [
                        reached(crowd, attack, group=group, epsilon=epsilon, worlds=worlds, seed=seed)
                        for seed, crowd in enumerate(crowds)
                    ]
                )
    untrained, trained, _ = ATTACKS
    mean = {key: float(values.mean()) for key, values in found.items()}
    ten, one = mean[untrained, 100, 10.0], mean[untrained, 100, 1.0]
    checks = [
        (f"{untrained}, m = {m}, raw: AUC at least 0.99", mean[untrained, m, None] >= 0.99) for m in GROUPS
    ]
    checks += [
        (f"{trained}, m = 100, raw: AUC at least 0.99", mean[trained, 100, None] >= 0.99),
        (f"{untrained}, m = 100, epsilon 10: AUC 0.74 ± 0.07", abs(ten - 0.74) <= 0.07),
        (f"{untrained}, m = 100, epsilon 1: AUC at most 0.60", one <= 0.60),
    ]
    lines = ["# Membership in aggregate counts", "", *(__doc__ or "").splitlines()[4:], ""]
    lines += ["AUC, mean ± standard deviation over the seeds, and the privacy gain of the means.", ""]
    lines += head("attack", "m", "raw", "epsilon 10", "epsilon 1")
    for name in ATTACKS:
        for group in GROUPS:
            raw = mean[name, group, None]
            cells = [
                f"{mean[name, group, e]:.3f} ± {found[name, group, e].std(ddof=1):.3f}"
                + ("" if e is None else f" (gain {privacy_gain(raw, mean[name, group, e]):.2f})")
                for e in EPSILONS
            ]
            lines.append(row(name, group, *cells))
    rows = ", ".join(f"{20 * worlds} for {name}" for name, (_, worlds) in ATTACKS.items())
    lines += ["", f"Rows behind each AUC of a seed: {rows}.", ""]
    lines += bars(checks)
    lines += ["", f"`python benchmarks/aggregates.py --write`, {machine()}, seeds 0 to {SEEDS - 1}, "]
    lines[-1] += f"{time.perf_counter() - started:.0f} s."
    publish(lines, "aggregates", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
