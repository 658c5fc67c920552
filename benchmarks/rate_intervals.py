"""Do the intervals of TPR at a stated FPR hold: repeated samples from laws whose ROC is known.

python benchmarks/rate_intervals.py [--repeats 2000] [--write]

Each cell draws new samples. The old rule is the plain share at the threshold at hand, with the interval
of Clopper and Pearson, which takes that threshold for the true one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from page import bars, head, machine, publish, row
from scipy.stats import norm

from confide.measure import proportion, tpr_at
from confide.measure.rates import threshold_at

SEED = 11
SIZES, RATES = (200, 500, 1000, 10_000), (0.1, 0.01, 0.001)
NEW = ("law", "n", "f", "TPR", "held", "held, 7", "width", "bias")
LEVELS = (0.95, 1 - 0.05 / 7)
COVERED = (0.93, 0.99)
"""The least coverage wanted at each level; at the second the error may be 1.4 times its nominal size too."""


@dataclass(frozen=True)
class Law:
    """Exposed scores against N(0, 1): how to draw them, and their ROC with its slope."""

    draw: Callable[[np.random.Generator, int], np.ndarray]
    tpr: Callable[[float], float]
    slope: Callable[[float], float]


def binormal(d: float) -> Law:
    return Law(
        lambda rng, n: rng.standard_normal(n) + d,
        lambda f: float(norm.sf(norm.isf(f) - d)),
        lambda f: float(np.exp(d * norm.isf(f) - d * d / 2)),
    )


LAWS = {
    **{f"binormal, d' = {d}": binormal(d) for d in (0, 1, 2, 3)},
    # On the scale of the logarithm: lognormal scores, those of members with twice the spread.
    "lognormal members": Law(
        lambda rng, n: 2 * rng.standard_normal(n),
        lambda f: float(norm.sf(norm.isf(f) / 2)),
        lambda f: float(norm.pdf(norm.isf(f) / 2) / 2 / norm.pdf(norm.isf(f))),
    ),
    "20 % memorised": Law(
        lambda rng, n: rng.standard_normal(n) + 50 * (rng.random(n) < 0.2),
        lambda f: 0.2 + 0.8 * f,
        lambda f: 0.8,
    ),
}


def cell(law: Law, n: int, fpr: float, repeats: int) -> tuple[list[object], bool]:
    """One row of the table, and whether it reaches what was wanted."""
    rng, truth = np.random.default_rng([SEED, n, int(1 / fpr)]), law.tpr(fpr)
    noise = np.sqrt(truth * (1 - truth) / n + law.slope(fpr) ** 2 * fpr * (1 - fpr) / n)
    found, old = np.empty((repeats, len(LEVELS), 3)), np.empty((repeats, len(LEVELS), 3))
    for i in range(repeats):
        exposed, control = law.draw(rng, n), rng.standard_normal(n)
        plain = int((exposed > threshold_at(control, round(n * fpr))).sum())
        for j, level in enumerate(LEVELS):
            rate, was = (
                tpr_at(exposed, control, fpr=fpr, confidence=level).rate,
                proportion(plain, n, confidence=level),
            )
            assert rate is not None
            found[i, j], old[i, j] = (rate.value, rate.low, rate.high), (was.value, was.low, was.high)
    held, held_before = (np.mean((e[..., 1] <= truth) & (truth <= e[..., 2]), axis=0) for e in (found, old))
    width, width_before = (
        (e[:, 0, 2] - e[:, 0, 1]).mean() / (2 * norm.ppf(0.975) * noise) for e in (found, old)
    )
    bias, bias_before = (e[:, 0, 0].mean() - truth for e in (found, old))
    ok = all(held >= COVERED) and (n * fpr < 5 or width <= 1.3)
    return [
        f"{fpr:g}",
        f"{truth:.4f}",
        f"{held[0]:.3f}",
        f"{held[1]:.4f}",
        f"{width:.2f}",
        f"{bias:+.4f}",
        f"{held_before[0]:.3f}",
        f"{held_before[1]:.4f}",
        f"{width_before:.2f}",
        f"{bias_before:+.4f}",
        "yes" if ok else "**no**",
    ], ok


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    start, rows, reached = time.perf_counter(), [], []
    for name, law in LAWS.items():
        for n in SIZES:
            for fpr in RATES:
                if n * fpr >= 1:
                    cells, ok = cell(law, n, fpr, asked.repeats)
                    rows.append(row(name, n, *cells))
                    reached.append(ok)
                    print(rows[-1], flush=True)
    seconds = time.perf_counter() - start
    lines = [
        "# Intervals of the true-positive rate at a stated false-positive rate",
        "",
        f"`python benchmarks/rate_intervals.py --repeats {asked.repeats} --write`",
        "",
        f"Seed {SEED}, {asked.repeats:,} repeats a cell, n exposed and n control scores; {seconds:,.0f} s on "
        f"{machine()}.",
        "",
        "Held: how often the interval holds the true rate, at 95 % and at 1 - .05 / 7 (seven attacks).",
        "Width: the mean width at 95 % over 2 x 1.96 sqrt(TPR (1 - TPR) / N1 + s^2 f (1 - f) / N0), s the",
        "true slope of the ROC. Bias: mean value - true rate. Wanted: held at least .93 and .99; width at",
        "most 1.3 where N0 f >= 5.",
        "",
        *head(
            "law",
            "n",
            "f",
            "TPR",
            "held",
            "held, 7",
            "width",
            "bias",
            "old: held",
            "held, 7",
            "width",
            "bias",
            "reached",
        ),
        *rows,
        "",
        *bars([("every cell", all(reached))]),
    ]
    publish(lines, "rate_intervals", write=asked.write)


if __name__ == "__main__":
    main()
