"""Cronus on digits: 30 parties exchange predictions on 400 public images, with and without 9 poisoned ones.

python benchmarks/cronus.py [--write]

The digits of scikit-learn (1,797 images of 8 x 8): 30 parties hold 30 each, 400 are public without their
labels, and accuracy is that of the honest parties' models on the other 497. Parties train softmax
regressions. Poisoned parties know what an honest party would say: "next class" ones say that each record is
surely of the class after it, "far" ones send these numbers times -100. They train as the others do.

Sizes were fixed beforehand; the penalty is the default, and the filter's variance was chosen on a split
with another seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from page import bars, head, machine, publish, row
from private_regression import cell
from sklearn.datasets import load_digits

from confide.core.arrays import Batch, Floats, Rng
from confide.mechanisms.federate.cronus import Cronus, Trainee
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian, TrimmedMean
from confide.mechanisms.federate.means.filtering import EigenvectorFilter
from confide.mechanisms.federate.means.krum import Krum
from confide.mechanisms.federate.means.mean import Mean, PlainMean
from confide.mechanisms.federate.students import SoftmaxRegression
from confide.views.records import Records

SEEDS = range(5)
PARTIES, EACH, PUBLIC, POISONED, CLASSES = 30, 30, 400, 9, 10
MEANS: dict[str, Mean] = {
    "plain mean": PlainMean(),
    "median": CoordinateMedian(),
    "trimmed mean": TrimmedMean(POISONED / PARTIES),
    "Krum": Krum(poisoned=POISONED),
    "filter": EigenvectorFilter(share=POISONED / PARTIES, variance=0.01),
}
WAYS = ("nobody", "next class", "far")


@dataclass(frozen=True)
class Poisoner:
    """A party that trains as others do, and says something else."""

    inner: Trainee
    way: str

    def says(self, public: Batch) -> Floats:
        honest = self.inner.says(public)
        if self.way == "far":
            return -100 * honest
        return np.eye(CLASSES)[(honest.argmax(axis=1) + 1) % CLASSES]

    def taught(self, public: Batch, targets: Floats, *, rng: Rng) -> Poisoner:
        return Poisoner(self.inner.taught(public, targets, rng=rng), self.way)


def accuracy(parties: list[Trainee], held: Records) -> float:
    found = [(p.model.labels(held.x) == held.y).mean() for p in parties if p.model is not None]
    return float(np.mean(found))


def run(seed: int) -> dict[tuple[str, str], float]:
    """Accuracy alone, and after the exchange with each mean and each way of poisoning."""
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    every = Records(x[order] / 16, y[order])
    rows = np.arange(PARTIES * EACH).reshape(PARTIES, EACH)
    public = every.x[PARTIES * EACH : PARTIES * EACH + PUBLIC]
    held = every.take(np.arange(PARTIES * EACH + PUBLIC, len(every)))
    learner = SoftmaxRegression()
    parties = [
        Trainee(learner=learner, records=every.take(own), classes=CLASSES).alone(rng=rng) for own in rows
    ]
    found = {("alone", "nobody"): accuracy(parties, held)}
    for name, mean in MEANS.items():
        for way in WAYS:
            bad = 0 if way == "nobody" else POISONED
            mixed = [Poisoner(p, way) if i < bad else p for i, p in enumerate(parties)]
            exchange = Cronus(mean=mean, classes=CLASSES, rounds=2)(mixed, public, rng=rng).view
            honest = [p for p in exchange.parties if isinstance(p, Trainee)]
            found[name, way] = accuracy(honest, held)
    return found


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"write {Path('results/cronus.md')}")
    args = parser.parse_args()
    began = time.perf_counter()
    runs = [run(seed) for seed in SEEDS]
    found = {key: [one[key] for one in runs] for key in runs[0]}
    lines = [*head("mean", "nobody poisoned", "9 of 30 say the next class", "9 of 30 send far numbers")]
    lines.append(row("none: each party alone", cell(found["alone", "nobody"], 3), "", ""))
    lines += [row(name, *(cell(found[name, way], 3) for way in WAYS)) for name in MEANS]
    reached = {key: float(np.mean(values)) for key, values in found.items()}
    robust = [name for name in MEANS if name != "plain mean"]
    checks = [
        (
            "nobody poisoned: at least 0.85 with every mean",
            all(reached[name, "nobody"] >= 0.85 for name in MEANS),
        ),
        (
            "9 poisoned: at least 0.80 with every robust mean, both ways",
            all(reached[name, way] >= 0.80 for name in robust for way in WAYS),
        ),
        (
            "9 poisoned who say the next class: the plain mean is below 0.50",
            reached["plain mean", "next class"] < 0.5,
        ),
    ]
    page = [
        "# Exchange of predictions on digits",
        "",
        "`python benchmarks/cronus.py --write`; five seeds, each another split. 30 parties with 30",
        "images each, 400 public images without labels, two rounds, softmax regressions (penalty 1).",
        "Accuracy of the honest parties' own models on 497 other images, means ± standard deviations over",
        "the seeds. No differential privacy is promised.",
        "",
        *lines,
        "",
        *bars(checks),
        "",
        f"{machine()}; {time.perf_counter() - began:.0f} s.",
    ]
    publish(page, "cronus", write=args.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
