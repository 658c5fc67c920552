"""What the audit of a private training proves: sound trainers by epsilon and canaries, and broken ones.

python benchmarks/training_audit.py [--seeds 8] [--write]

An MLP of 19,210 parameters on the digits of scikit-learn, 100 steps, sampling rate .2, delta 1e-5, by the
trainer in plain numpy that the tests use.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import training_bounds
from page import head, machine, publish, row

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.audits.test_training import digits
from tests.audits.training.trainers import FAULTS, Trainer

import confide
from confide.mechanisms.learn.dpsgd.accounting import noise_multiplier

DELTA, RATE, STEPS = 1e-5, 0.2, 100
BARS = {
    (4.0, 1_000): (1.1, 0.0),
    (8.0, 1_000): (2.0, 0.0),
    (4.0, 5_000): (1.5, 2.4),
    (8.0, 5_000): (2.6, 4.8),
}
"""By epsilon and canaries: the certified bound, and the one under the Gaussian hypothesis."""


def audited(train: Trainer, *, epsilon: float, canaries: int, seed: int) -> confide.Audit:
    held = confide.Training(train, data=digits(), epsilon=epsilon, delta=DELTA, canaries=canaries)
    return confide.audit(held, seed=seed)


def bounds(audit: confide.Audit) -> tuple[float, float]:
    """The largest certified bound, and the largest under a hypothesis."""
    found = [b for f in audit.sections[0].findings for b in f.risk.epsilon]
    return (
        max((b.low for b in found if b.certified), default=0.0),
        max((b.low for b in found if not b.certified), default=0.0),
    )


def mean(values: list[float]) -> str:
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.2f}"


def sound(seeds: int) -> list[str]:
    columns = (
        "promised",
        "canaries",
        "certified",
        "bar",
        "if Gaussian",
        "bar",
        "above promise",
        "failed checks",
    )
    lines = head(*columns)
    for (epsilon, canaries), (bar, gaussian) in BARS.items():
        noise = noise_multiplier(epsilon=epsilon, delta=DELTA, rate=RATE, steps=STEPS)
        train = Trainer(multiplier=noise, rate=RATE, steps=STEPS)
        audits = [audited(train, epsilon=epsilon, canaries=canaries, seed=s) for s in range(seeds)]
        certified, hypothesis = zip(*map(bounds, audits), strict=True)
        lines.append(
            row(
                f"{epsilon:g}",
                f"{canaries:,}",
                mean(list(certified)),
                bar or "–",
                mean(list(hypothesis)),
                gaussian or "–",
                f"{sum(c > epsilon for c in certified)} of {seeds}",
                f"{sum(bool(a.sections[0].broken) for a in audits)} of {seeds}",
            )
        )
    return lines


def broken(seeds: int) -> list[str]:
    lines = head("fault", "certified, claim (1, 1e-5)", "checks that fail", "audits that fail")
    noise = noise_multiplier(epsilon=1.0, delta=DELTA, rate=RATE, steps=STEPS)
    for fault in ("", *FAULTS):
        train = Trainer(multiplier=noise, rate=RATE, steps=STEPS, fault=fault)
        audits = [audited(train, epsilon=1.0, canaries=1_000, seed=s) for s in range(seeds)]
        names = dict.fromkeys(n for a in audits for n in a.sections[0].broken)
        lines.append(
            row(
                fault or "none: a sound trainer",
                mean([bounds(a)[0] for a in audits]),
                "; ".join(names) or "–",
                f"{sum(a.exit_code for a in audits)} of {seeds}",
            )
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    begun = time.perf_counter()
    lines = [
        "# Audits of private trainings",
        "",
        f"`python benchmarks/training_audit.py --seeds {options.seeds}`; {machine()}. Means over "
        f"{options.seeds} seeds, with standard errors. An MLP of 19,210 parameters on digits, {STEPS} steps, "
        f"sampling rate {RATE}, delta {DELTA:g}; white-box canaries.",
        "",
        "## Sound trainers",
        "",
        *sound(options.seeds),
        "",
        "## Broken trainers, 1,000 canaries",
        "",
        *broken(min(options.seeds, 3)),
        "",
        f"{(time.perf_counter() - begun) / 60:.0f} minutes.",
        "",
        *training_bounds.section(200),
    ]
    publish(lines, "training_audit", write=options.write)


if __name__ == "__main__":
    main()
