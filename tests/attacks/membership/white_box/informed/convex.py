"""A convex model whose every number is known: logistic regression with an L2 penalty, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from confide.core.access import Task
from confide.core.arrays import Rng
from confide.models.torch.model import TorchModel
from confide.views.records import Records


@dataclass(frozen=True)
class Logistic:
    """mean loss + penalty/2 |w|^2, no intercept (the features hold a 1). steps: of plain gradient descent
    instead of Newton's method, which is stopping early."""

    penalty: float = 1e-3
    steps: int | None = None
    task: Task = "classification"

    def fit(self, records: Records, *, rng: Rng) -> TorchModel:
        x, y = np.asarray(records.x, np.float64), records.y
        w = np.zeros(x.shape[1])
        for _ in range(self.steps or 30):
            p = 1 / (1 + np.exp(-x @ w))
            slope = x.T @ (p - y) / len(y) + self.penalty * w
            bend = np.eye(len(w)) * 2
            if self.steps is None:
                bend = (x * (p * (1 - p))[:, None]).T @ x / len(y) + self.penalty * np.eye(len(w))
            w = w - np.linalg.solve(bend, slope)
        return of_weights(w)


def of_weights(w: np.ndarray) -> TorchModel:
    """In float64, so that stationary means stationary."""
    module = nn.Linear(len(w), 1, bias=False).double()
    with torch.no_grad():
        module.weight[:] = torch.from_numpy(w)
    return TorchModel(module)


def crowd(n: int, d: int, seed: int) -> Records:
    """n people with d - 1 normal features and a 1, and labels drawn from a logistic model."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.standard_normal((n, d - 1)), np.ones(n)]).astype(np.float32)
    logit = x @ rng.standard_normal(d) * 2 / np.sqrt(d)
    return Records(x, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64))
