"""Quantile regression (Bertran et al. 2023) with a Gaussian head, by ridge regressions penalty by penalty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from confide.attacks.membership import Quantile
from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Floats
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.views.records import Records

CLASSES, WIDTH = 3, 4
PENALTIES = [10 ** (-3 + i / 2) for i in range(17)]


@dataclass(frozen=True)
class Wavy(BlackBox):
    """A model whose answers no line describes, so that both regressions leave something."""

    weights: Array
    task: Task = "classification"

    def predict(self, x: Batch) -> Floats:
        return 3 * np.sin(4 * np.asarray(x, np.float64) @ self.weights)

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)


def people(n: int, rng: np.random.Generator) -> Records:
    """Features in [-1, 1], which are taken as they are."""
    return Records(rng.uniform(-1, 1, (n, WIDTH)).astype(np.float32), rng.integers(CLASSES, size=n))


def phi_of(view: BlackBox, records: Records) -> list[float]:
    """log(p / (1 - p)) of the true class, from probabilities."""
    found: list[float] = []
    for logits, y in zip(view.predict(records.x).tolist(), records.y.tolist(), strict=True):
        odds = [math.exp(z) for z in logits]
        found.append(math.log(odds[y] / (sum(odds) - odds[y])))
    return found


def described(records: Records) -> list[list[float]]:
    """Features, and 1 at the label."""
    return [
        [*map(float, x), *(float(c == y) for c in range(CLASSES))]
        for x, y in zip(records.x.tolist(), records.y.tolist(), strict=True)
    ]


def regressed(rows: list[list[float]], values: list[float]) -> Callable[[list[float]], float]:
    """The ridge regression, without penalty on its intercept, of least generalised cross-validation."""
    n, d = len(rows), len(rows[0])
    middle = [sum(row[j] for row in rows) / n for j in range(d)]
    level = sum(values) / n
    x = np.array([[row[j] - middle[j] for j in range(d)] for row in rows])
    best, weights = math.inf, np.zeros(d)
    for penalty in PENALTIES:
        inverse = np.linalg.inv(x.T @ x + penalty * np.eye(d))
        tried = inverse @ x.T @ (np.array(values) - level)
        freedom = sum(float(row @ inverse @ row) for row in x)
        rss = sum((values[i] - level - float(x[i] @ tried)) ** 2 for i in range(n))
        criterion = rss / (n - 1 - freedom) ** 2
        if criterion < best:
            best, weights = criterion, tried
    return lambda row: level + sum(w * (v - m) for w, v, m in zip(weights, row, middle, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_score_is_in_deviations_of_two_regressions(seed: int) -> None:
    """(phi - mean(x, y)) / sd(x, y): the mean by one regression, the logarithm of the variance by another."""
    rng = np.random.default_rng(seed)
    view = Wavy(rng.standard_normal((WIDTH, CLASSES)))
    strangers, targets = people(120, rng), people(50, rng)
    rows, phi = described(strangers), phi_of(view, strangers)
    mean = regressed(rows, phi)
    left = [p - mean(row) for p, row in zip(phi, rows, strict=True)]
    spread = regressed(rows, [math.log(r**2 + 1e-12) for r in left])
    # The mean of log squares is no log of the mean square: one factor for all sets it right.
    unit = sum(r**2 / math.exp(spread(row)) for r, row in zip(left, rows, strict=True)) / len(rows)
    expected = [
        (p - mean(row)) / math.sqrt(unit * math.exp(spread(row)))
        for p, row in zip(phi_of(view, targets), described(targets), strict=True)
    ]
    case = Case(view, Background(population=strangers, classes=CLASSES), targets)
    assert Quantile()(case, rng=rng).score == pytest.approx(expected, rel=1e-9, abs=1e-9)
