"""Do the intervals of a rate's mean over worlds hold: repeated pools of worlds from laws whose ROC is known.

python benchmarks/rate_means.py [--repeats 100] [--write]

Each cell draws new samples. The old rule is the mean of the plain shares at the threshold at hand, with the
error that their spread gives.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from page import bars, head, machine, publish, row
from rate_intervals import LAWS, SEED, Law
from scipy.stats import norm

from confide.core.evidence import Evidence
from confide.measure import measure
from confide.measure.rates import threshold_at

CELLS = ((5, 500, 0.01), (64, 500, 0.01), (64, 100, 0.1), (64, 100, 0.01))
"""How many worlds, people on each side of a world, and the false-positive rate."""
WANTED = 0.93


def over_worlds(law: Law, worlds: int, n: int, fpr: float, repeats: int) -> tuple[list[object], bool]:
    """The mean over worlds: coverage and bias of the new value, and of the mean of plain shares."""
    rng, truth = np.random.default_rng([SEED, worlds, n]), law.tpr(fpr)
    held, held_before, values = 0, 0, []
    for _ in range(repeats):
        exposed = np.tile(np.repeat([True, False], n), worlds)
        score = np.where(exposed, law.draw(rng, len(exposed)), rng.standard_normal(len(exposed)))
        world = np.repeat(np.arange(worlds), 2 * n)
        risk = measure(Evidence.of(exposed, score, world=world))
        at = next(at for at in risk.tpr_at if at.fpr == fpr)
        assert at.rate is not None
        held += at.rate.low <= truth <= at.rate.high
        values.append((at.rate.value, at.empirical))
        each = score.reshape(worlds, 2, n)
        shares = [(e > threshold_at(c, round(n * fpr))).mean() for e, c in each]
        half = norm.ppf(0.975) * np.std(shares, ddof=1) / np.sqrt(worlds)
        held_before += abs(np.mean(shares) - truth) <= half
    bias, bias_before = np.mean(values, axis=0) - truth
    ok = held / repeats >= WANTED - 2 * np.sqrt(WANTED * (1 - WANTED) / repeats)
    cells = [worlds, n, f"{fpr:g}", f"{truth:.3f}", f"{held / repeats:.3f}", f"{bias:+.4f}"]
    return [*cells, f"{held_before / repeats:.3f}", f"{bias_before:+.4f}", "yes" if ok else "**no**"], ok


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    start, rows, reached = time.perf_counter(), [], []
    for name in ("binormal, d' = 0", "binormal, d' = 2", "20 % memorised"):
        for worlds, n, fpr in CELLS:
            cells, ok = over_worlds(LAWS[name], worlds, n, fpr, asked.repeats)
            rows.append(row(name, *cells))
            reached.append(ok)
            print(rows[-1], flush=True)
    error = np.sqrt(WANTED * (1 - WANTED) / asked.repeats)
    lines = [
        "# Intervals of the mean over worlds of a true-positive rate",
        "",
        f"`python benchmarks/rate_means.py --repeats {asked.repeats} --write`",
        "",
        f"Seed {SEED}, {asked.repeats:,} repeats; {time.perf_counter() - start:,.0f} s on {machine()}.",
        "",
        "Held: how often the interval at 95 % holds the true rate. Bias: mean value - truth. Wanted: held",
        f"at least {WANTED}, less two standard errors of {error:.3f}.",
        "",
        *head("law", "worlds", "n a world", "f", "TPR", "held", "bias", "old: held", "bias", "reached"),
        *rows,
        "",
        *bars([("every cell", all(reached))]),
    ]
    publish(lines, "rate_means", write=asked.write)


if __name__ == "__main__":
    main()
