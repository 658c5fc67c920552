"""Attacks with the generator: shadow worlds, and everything that MST measures.

CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthetic_worlds.py [--measured 6000] [--write]

Adult's 14 columns. Shadow worlds: the 40 least likely rows of 20,000 people are asked about in every world,
about 1,000 rows are given to the generator, and the adversary makes 150 worlds of its own from 10,000 others.
A bootstrap works on rows as they are, MST on 16 bins a column. Measured: one of 100 people is asked about in
each world by somebody who knows the other 999 and every number that MST measured; in theory the AUC is
Phi(mu / sqrt 2), where mu is the square root of 4 rho / 3.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np
from page import bars, head, machine, publish, row
from scipy.stats import norm
from synthetic_files import COLUMNS, NUMBERS, binned, interval
from tables_linkage import read

from confide.attacks.membership.synthetic import NoisedMarginsLR, ShadowQueries
from confide.audits.synthetic.generated import outliers
from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.core.play import play
from confide.games.membership.synthetic import Synthesis
from confide.games.membership.synthetic_margins import MarginsOfAllButOne
from confide.measure import measure
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.mst import MST
from confide.mechanisms.synthesize.only_margins import OnlyMargins
from confide.views.table import Table

TARGETS, GROUP, SHADOWS = 40, 1_000, 150
BUDGETS = (Budget(1.0, 1e-9), Budget(4.0, 1e-5))
NEAR = 0.02


def shadows(table: Table, mechanism: object, worlds: int) -> tuple[Estimate, float]:
    """The pooled AUC of the shadow attack, and its CPU seconds."""
    order = np.random.default_rng(15).permutation(len(table))
    people, reference = table.take(order[:20_000]), table.take(order[20_000:30_000])
    asked = outliers(people, TARGETS, rng=np.random.default_rng(1))
    game = Synthesis(people=people, generator=mechanism, reference=reference, group=GROUP, asked=asked)  # pyright: ignore[reportArgumentType]
    began = time.process_time()
    evidence = play(game, ShadowQueries(worlds=SHADOWS), worlds=worlds, rng=np.random.default_rng(2))
    return measure(evidence).auc, time.process_time() - began


def measured(table: Table, budget: Budget, worlds: int) -> tuple[Estimate, float, float]:
    """The AUC on all noised margins, that of theory, and the CPU seconds."""
    made = MST(budget=budget, noise="rehearsal")
    few = table.take(np.random.default_rng(16).permutation(len(table))[:GROUP])
    game = MarginsOfAllButOne(table=few, measuring=OnlyMargins(made), targets=np.arange(100))
    began = time.process_time()
    evidence = play(game, NoisedMarginsLR(), worlds=worlds, rng=np.random.default_rng(3))
    best = float(norm.cdf(math.sqrt(4 * made.rho / 3) / math.sqrt(2)))
    return measure(evidence).auc, best, time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=50)
    parser.add_argument("--measured", type=int, default=6_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    adult = read("tabular/adult.parquet", list(COLUMNS), NUMBERS)
    bins = binned(adult)
    about = (__doc__ or "").split("\n\n")[2].strip()
    lines = ["# Attacks on synthetic data with the generator", "", machine(), "", about, ""]
    boot, boot_seconds = shadows(adult, Bootstrap(noise="rehearsal"), asked.worlds)
    private, private_seconds = shadows(bins, MST(budget=BUDGETS[0], noise="rehearsal"), asked.worlds)
    lines += [f"Shadow attack, {asked.worlds} worlds played.", "", *head("generator", "AUC", "CPU s")]
    lines.append(row("bootstrap", interval(boot), f"{boot_seconds:.0f}"))
    lines += [row("MST at (1, 1e-9)", interval(private), f"{private_seconds:.0f}"), ""]
    checks = [("bootstrap: AUC >= .80", boot.value >= 0.80), ("MST: AUC <= .56", private.value <= 0.56)]
    lines += [f"Measured margins, {asked.measured:,} worlds.", "", *head("budget", "AUC", "theory", "CPU s")]
    for budget in BUDGETS:
        found, best, seconds = measured(bins, budget, asked.measured)
        lines.append(
            row(f"({budget.epsilon:g}, {budget.delta:g})", interval(found), f"{best:.3f}", f"{seconds:.0f}")
        )
        checks.append(
            (f"epsilon {budget.epsilon:g}: AUC of theory +- {NEAR}", abs(found.value - best) <= NEAR)
        )
    publish([*lines, "", *bars(checks)], "synthetic_worlds", write=asked.write)


if __name__ == "__main__":
    main()
