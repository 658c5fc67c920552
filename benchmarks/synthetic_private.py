"""The attacks of `synthetic_files.py` on files of Adult that keep a promise: MST and AIM at epsilon 1.

CONFIDE_DATA=... OMP_NUM_THREADS=1 python benchmarks/synthetic_private.py [--seeds 3] [--write]

Adult's 14 columns, those over 16 values cut into 16 bins; epsilon 1, delta 1e-9. 39,073 people are given to
the mechanism; 2,000 of them and 2,000 controls are asked about. Every interval is corrected for having tried
all attacks.
"""

from __future__ import annotations

import argparse
from statistics import mean

import numpy as np
from page import bars, head, machine, publish, row
from synthetic_files import COLUMNS, GIVEN, NUMBERS, attacked, binned, interval, tpr
from tables_linkage import read

from confide.attacks.membership.synthetic import FILES
from confide.core.budget import Budget
from confide.measure.risk import Risk
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.mst import MST

BUDGET = Budget(1.0, 1e-9)
MOST = 0.53


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    adult = binned(read("tabular/adult.parquet", list(COLUMNS), NUMBERS))
    mechanisms = {
        "MST": MST(budget=BUDGET, noise="rehearsal"),
        "AIM": AIM(budget=BUDGET, noise="rehearsal"),
    }
    every: dict[str, list[dict[str, Risk]]] = {name: [] for name in mechanisms}
    for seed in range(asked.seeds):
        order = np.random.default_rng([15, seed]).permutation(len(adult))
        real, control = adult.take(order[:GIVEN]), adult.take(order[GIVEN:])
        for name, mechanism in mechanisms.items():
            file = mechanism(real, rng=np.random.default_rng([3, seed])).view
            every[name].append(attacked((file, real, control), seed)[0])
            print(seed, name, {k: round(r.auc.value, 3) for k, r in every[name][-1].items()}, flush=True)
    about, names = (__doc__ or "").split("\n\n")[2].strip(), [one.name for one in FILES]
    lines = [
        "# Attacks on synthetic files that keep a promise", "", machine(), "", about, "",
        f"Mean of {asked.seeds} seeds, AUC / TPR at FPR 1 %.", "",
        *head("mechanism", *(name.removeprefix("synthetic-") for name in names), "highest AUC, one seed"),
    ]  # fmt: skip
    checks: list[tuple[str, bool]] = []
    for name, found in every.items():
        aucs = [mean(risks[one.name].auc.value for risks in found) for one in FILES]
        tprs = [mean(tpr(risks[one.name]).value for risks in found) for one in FILES]
        highest = max((r.auc for risks in found for r in risks.values()), key=lambda auc: auc.low)
        cells = [f"{auc:.3f} / {rate:.3f}" for auc, rate in zip(aucs, tprs, strict=True)]
        lines.append(row(name, *cells, interval(highest)))
        checks.append((f"{name}: every attack's mean AUC <= {MOST}", max(aucs) <= MOST))
    publish([*lines, "", *bars(checks)], "synthetic_private", write=asked.write)


if __name__ == "__main__":
    main()
