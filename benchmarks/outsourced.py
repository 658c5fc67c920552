"""Outsourced scores, column layout: processor seconds, bytes and errors, forecast and found.

Run: PYTHONPATH=src python benchmarks/outsourced.py [--write]
Models have random weights and rows are uniform: costs and errors do not depend on what was learned.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from page import head, machine, publish, row

from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Square
from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
from confide.mechanisms.encrypt.plan import plan_columns

SEEDS = (1, 2, 3)


def affine(inputs: int, outputs: int, rng: np.random.Generator) -> Affine:
    """Weights of the size that training starts from."""
    return Affine(rng.normal(size=(outputs, inputs)) / np.sqrt(inputs), rng.normal(size=outputs))


def model(name: str, rng: np.random.Generator) -> Arithmetic:
    """The models of the page."""
    if name == "linear 30 to 10":
        return Arithmetic((affine(30, 10, rng),))
    if name == "logistic 91 to 1":
        return Arithmetic((affine(91, 1, rng),), "sigmoid")
    return Arithmetic((affine(16, 8, rng), Square(), affine(8, 3, rng)))


def measure(name: str, precision: float, seed: int) -> str:
    """One batch: forecast, and what was found."""
    rng = np.random.default_rng(seed)
    asked = model(name, rng)
    plan, forecast = plan_columns(asked, rows=4095, bound=1.0, precision=precision)
    client = SecretContext(plan)
    server = EvaluationKit(plan, client.kit(), key=client.key)
    rows = rng.uniform(-1, 1, (min(4095, plan.rows_a_batch), plan.inputs))
    start = time.process_time()
    sent = client.encrypt(rows)
    middle = time.process_time()
    answer = server.evaluate(asked, sent)
    evaluated = time.process_time()
    found = client.decrypt(answer)
    end = time.process_time()
    plain = asked.scores(rows)
    if asked.link == "sigmoid":
        plain = 1 / (1 + np.exp(-plain))
    n = len(rows)
    return row(
        name,
        seed,
        f"{plan.parameters.degree}, {list(plan.parameters.bits)}",
        f"{1e3 * (end - start) / n:.3f}",
        f"{1e3 * (evaluated - middle) / n:.3f}",
        f"{1e3 * forecast.cpu / (forecast.batches * n):.3f}",
        f"{np.abs(found - plain).max():.1e}",
        f"{forecast.worst_error:.1e}",
        f"{len(sent) / n:.0f}",
        f"{len(answer) / n:.0f}",
        f"{forecast.kit:,}",
    )


def main(write: bool) -> None:
    """The page."""
    lines = [
        "# Outsourced scores, column layout",
        "",
        f"`PYTHONPATH=src python benchmarks/outsourced.py --write`; seeds {SEEDS}; {machine()}.",
        "One batch, the processor time of one process, on a shared machine. Random weights, uniform rows.",
        "",
        *head(
            "model",
            "seed",
            "parameters",
            "ms a row",
            "of it evaluation",
            "forecast",
            "error",
            "promised",
            "bytes up a row",
            "down",
            "kit",
        ),
    ]
    for name, precision in (
        ("linear 30 to 10", 1e-6),
        ("logistic 91 to 1", 1e-6),
        ("16, 8 squares, 3", 1e-4),
    ):
        lines += [measure(name, precision, seed) for seed in SEEDS]
    publish(lines, "outsourced", write=write)


if __name__ == "__main__":
    main("--write" in sys.argv)
