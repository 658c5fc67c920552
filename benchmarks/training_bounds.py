"""How often a bound of the audit of a training is above the truth: small runs of sound trainers.

python benchmarks/training_bounds.py [--runs 200] [--write]

Each run is a whole audit, through `confide.audit`, of the trainer in plain numpy that the tests use: 200
canaries with coins of their own, a training, the attacks, and a second training for single steps. The truth
is the epsilon of the plan by privacy loss distributions, and one over the noise multiplier for the mu of a
step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from null_learning import people
from null_tally import share
from page import head, publish, row
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.audits.training.trainers import Trainer

import confide
from confide.measure import measure
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of
from confide.report import Table

SEED, DELTA, STEPS, CANARIES = 20, 1e-5, 20, 200
CASES = {"sampled": (0.3, 1.4), "full batches": (1.0, 4.0), "full batches, much noise": (1.0, 40.0)}
"""Sampling rate and noise multiplier. In full batches canaries' scores are normal, as the hypothesis says."""
TITLE = "## How often a bound is above the truth"
RULED = "the audit's own, of both attacks"


def run(rate: float, multiplier: float, seed: int) -> tuple[dict[str, float], float, float, bool]:
    """One audit: bounds by name, mu shown with 97.5 and 99.95 % confidence, whether a check failed."""
    trainer = Trainer(multiplier=multiplier, rate=rate, steps=STEPS, hidden=24, classes=2)
    data = people(np.random.default_rng([SEED, seed]), 400)
    held = confide.Training(trainer, data=data, epsilon=50.0, delta=DELTA, canaries=CANARIES)
    section = confide.audit(held, seed=seed).sections[0]
    alone = measure(section.evidence["step-likelihood"], delta=DELTA).epsilon
    bounds = {f"{b.method}{'' if b.certified else ' (a hypothesis)'}": b.low for b in alone}
    bounds[RULED] = max(f.bound.low for f in section.findings if f.bound is not None)
    steps = next(x for x in section.exhibits if isinstance(x, Table) and x.title.startswith("One step"))
    mu = steps.rows[0][1]
    assert isinstance(mu, confide.Estimate)
    narrower = float(norm.isf(0.025) / norm.isf((1 - mu.confidence) / 2))
    return bounds, mu.value - narrower * (mu.value - mu.low), mu.low, bool(section.broken)


def section(runs: int) -> list[str]:
    """The section of the page."""
    columns = ("trainings", "bound", "truth", "above the truth", "mean", "largest")
    lines = head(*columns)
    failed: Mapping[str, str] = {}
    for name, (rate, multiplier) in CASES.items():
        true = epsilon_of(multiplier=multiplier, delta=DELTA, rate=rate, steps=STEPS)
        found = [run(rate, multiplier, seed) for seed in range(runs)]
        numbers = {what: (true, np.array([bounds[what] for bounds, *_ in found])) for what in found[0][0]}
        numbers |= {
            f"mu of one step, low end at {level}": (1 / multiplier, np.array([f[place] for f in found]))
            for place, level in ((1, "97.5 %"), (2, "99.95 %, the audit's own"))
        }
        for what, (truth, low) in numbers.items():
            above = share(int((low > truth).sum()), runs)
            lines.append(row(name, what, f"{truth:.3g}", above, f"{low.mean():.2f}", f"{low.max():.2f}"))
            print(lines[-1], flush=True)
        failed = {**failed, name: share(sum(broken for *_, broken in found), runs)}
    return [
        TITLE,
        "",
        f"`python benchmarks/training_bounds.py --runs {runs}`: {runs} audits of each sound training through "
        f"`confide.audit`, seeds 0 to {runs - 1}; {CANARIES} canaries, {STEPS} steps, 314 parameters, 400 "
        f"records, delta {DELTA:g}; "
        + "; ".join(f"{name}: rate {rate:g}, noise {noise:g}" for name, (rate, noise) in CASES.items())
        + ". Bounds of epsilon are at 95 % each, of the attack step-likelihood alone; the audit's own is the "
        "larger one of both attacks, corrected for all attacks that it has. Exact intervals at 95 %.",
        "",
        *lines,
        "",
        "Audits of these sound trainings in which a check failed: "
        + ", ".join(f"{name} {said}" for name, said in failed.items())
        + " (by intent once in 1,000, and single steps once in 2,000).",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    made = section(options.runs)
    page = (Path(__file__).parent / "results" / "training_audit.md").read_text()
    before = page.partition(TITLE)[0].rstrip()
    publish([before, "", *made], "training_audit", write=options.write)


if __name__ == "__main__":
    main()
