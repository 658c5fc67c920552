"""What noise inside a joint computation of three parties costs, by its law and in every step.

python benchmarks/joint_noise.py [--repeats 5] [--write]

One of three parties may share what it saw; epsilon 1, delta 1e-6. Laws: deviations of the noise on each
opened number, where a record adds at most 1 to each of them, and owners have declared a million rows at
most; beside them normal noise that a curator whom all trust would add, the coins that a party throws for a
number, and the deviation that as many coins have as the paper's own bound on epsilon asks for (Agarwal and
others 2018, theorem 1, on the same grid). Steps: logistic regression on Adult, one-hot, dealt in turn to
three processes that are connected over TLS 1.3, 6 steps, a penalty of 1, records shortened to a length of 3
or not at all; the accuracy is that on the test part, of the repeats the median, lowest and highest, beside
the pooled coefficients' without noise.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from statistics import median
from typing import Any

import numpy as np
from joint import NAMES, of_people, people, pooled_logistic, ready, run
from page import bars, head, machine, publish, row

from confide.core.budget import Budget
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.share.joint import stepwise
from confide.mechanisms.share.joint.binomial import BinomialNoise
from confide.mechanisms.share.joint.engine import Engine
from confide.mechanisms.share.joint.noise import JointNoise, NoisyTotals
from confide.releases.join.computations import noise_of

BUDGET = Budget(1.0, 1e-6)
ROUNDING = 1e12 * 2.0**-53
"""Of float64 in a sum over a million rows."""
LENGTHS = (3.0, None)
CPU, LOST = 60.0, 0.02
"""CPU seconds of a party, and accuracy that may be lost with records of length 3."""


def accuracy(beta: np.ndarray, rows: np.ndarray) -> float:
    return float((((np.column_stack([np.ones(len(rows)), rows[:, :-1]]) @ beta) > 0) == rows[:, -1]).mean())


def private(rows: np.ndarray, held_out: np.ndarray, length: float | None) -> tuple[float, float, float]:
    """Accuracy, CPU seconds of a party and megabytes."""
    settings = {} if length is None else {"length": length}
    plan, own = of_people(rows, epsilon=BUDGET.epsilon, delta=BUDGET.delta, **settings)
    noise = noise_of(plan)
    assert noise is not None

    async def compute(name: str, engine: Engine) -> Any:
        totals = NoisyTotals(engine, plan, noise, lambda rho: None)
        return await stepwise.logistic(rows[NAMES.index(name) :: 3], plan, totals, noise.deviation)

    found, cpu, sent = run(plan, own, compute)
    return accuracy(found["coefficients"], held_out), cpu, sent


def by_paper(noise: BinomialNoise) -> float:
    """The deviation on an opened number, where theorem 1 says how many coins the honest need.

    It is solved for the least number with epsilon = first / sqrt(coins) + second / coins.
    """
    coins, delta, words = noise.coins, BUDGET.delta, noise.words
    moved, apart = coins.moved, math.sqrt(words) * coins.moved  # in the norms L2 and L1; the largest is moved
    tail, tails = math.log(1.25 / delta), math.log(20 * words / delta) * math.log(10 / delta)
    first = 2 * moved * math.sqrt(2 * tail)
    second = 4 * (
        (moved * math.sqrt(2) * 7 / 4 * math.sqrt(math.log(10 / delta)) + apart / 3) / (1 - delta / 10)
        + 2 / 3 * moved * (tail + tails)
    )
    root = (first + math.sqrt(first**2 + 4 * BUDGET.epsilon * second)) / (2 * BUDGET.epsilon)
    needed = max(root**2, 4 * max(23 * math.log(10 * words / delta), 2 * moved))
    return math.sqrt(needed * noise.parties / noise.honest) / 2 / coins.steps


def laws() -> tuple[list[str], float]:
    """The table, and how much wider binomial noise is at most where ten numbers are opened."""
    lines = head(
        "numbers opened", "curator", "discrete Gaussian", "binomial", "coins", "binomial by the paper's bound"
    )
    wider = 0.0
    for words in (1, 10, 66, 500):
        terms: dict[str, Any] = {"budget": BUDGET, "sensitivity": words**0.5, "words": words}
        terms |= {"parties": 3, "colluding": 1, "off": ROUNDING}
        coins, normal = BinomialNoise(**terms), JointNoise(**terms)
        trusted = gaussian_sigma(BUDGET, sensitivity=words**0.5)
        found = (trusted, normal.deviation, coins.deviation)
        theirs = by_paper(coins)
        lines.append(
            row(f"{words}", *(f"{one:.4g}" for one in found), f"{2 * coins.widest:,}", f"{theirs:.4g}")
        )
        if words <= 10:
            wider = max(wider, coins.deviation / normal.deviation)
    return lines, wider


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    asyncio.run(ready())
    rows, held_out = people()
    best = accuracy(pooled_logistic(rows), held_out)
    lines, checks = head("records", "accuracy", "CPU s a party", "MB sent"), []
    lines.append(row("pooled, no noise", f"{best:.4f}", "", ""))
    for length in LENGTHS:
        found = [private(rows, held_out, length) for _ in range(given.repeats)]
        right, cpu, sent = (list(each) for each in zip(*found, strict=True))
        told = f"{median(right):.4f} ({min(right):.4f} to {max(right):.4f})"
        title = "as they are" if length is None else f"of length {length:g}"
        lines.append(row(title, told, f"{median(cpu):.3g}", f"{max(sent):.2f}"))
        if length is not None:
            checks.append(
                (f"accuracy, records {title}, within {LOST:g} of pooled", median(right) > best - LOST)
            )
        checks.append((f"records {title}: at most {CPU:g} CPU s a party", median(cpu) <= CPU))
    table, wider = laws()
    checks.append(("binomial noise at most 1.01 of discrete Gaussian, up to 10 numbers", wider <= 1.01))
    about, *how = (__doc__ or "").strip().split("\n\n")
    page = [
        "# Noise inside a joint computation",
        "",
        about,
        "",
        f"`python benchmarks/joint_noise.py --repeats {given.repeats} --write`; {machine()}.",
        how[-1],
        "",
        *table,
        "",
        *lines,
        "",
        *bars(checks),
    ]
    publish(page, "joint_noise", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
