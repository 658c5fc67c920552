"""A private trainer in plain numpy, sound or with one fault: an independent reference for the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.learners.tap import TrainingPlan
from confide.views.records import Records

FAULTS = (
    "no noise",
    "quarter of the noise",
    "half of the noise",
    "noise 1 % too small",
    "no clipping",
    "clipping after averaging",
    "the same noise",
    "seeded noise",
    "one seed for all",
    "four times the steps",
    "wrong rate",
    "shuffled batches",
    "realised batch",
)


class Network:
    """An MLP with one hidden layer of tanh, and its per-example gradients by hand."""

    def __init__(self, features: int, hidden: int, classes: int, rng: np.random.Generator) -> None:
        self.shapes = [(features, hidden), (hidden,), (hidden, classes), (classes,)]
        self.w = np.concatenate(
            [rng.standard_normal(int(np.prod(s))) / np.sqrt(s[0]) * (len(s) > 1) for s in self.shapes]
        ).astype(np.float32)

    def parts(self) -> list[Any]:
        ends = np.cumsum([int(np.prod(s)) for s in self.shapes])
        return [p.reshape(s) for p, s in zip(np.split(self.w, ends[:-1]), self.shapes, strict=True)]

    def predict(self, x: Any) -> Any:
        a, b, c, d = self.parts()
        z = np.tanh(np.asarray(x).reshape(len(x), -1) @ a + b) @ c + d
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def gradients(self, x: Any, y: Any) -> Any:
        a, b, c, _ = self.parts()
        x = x.reshape(len(x), -1)
        h = np.tanh(x @ a + b)
        off = self.predict(x)
        off[np.arange(len(y)), y] -= 1
        back = (off @ c.T) * (1 - h**2)
        pieces = [x[:, :, None] * back[:, None, :], back, h[:, :, None] * off[:, None, :], off]
        return np.concatenate([p.reshape(len(x), -1) for p in pieces], axis=1)


@dataclass(frozen=True)
class Trainer:
    """Differentially private gradient descent, with Poisson batches, and perhaps a fault."""

    multiplier: float
    rate: float = 0.2
    steps: int = 100
    clip: float = 1.0
    hidden: int = 256
    classes: int = 10
    fault: str = ""
    learning: float = 0.5

    def __call__(self, data: Records, tap: Any, *, rng: np.random.Generator) -> Network:
        fault, n = self.fault, len(data)
        batch = self.rate * n
        x = np.asarray(data.x, np.float32).reshape(n, -1)
        net = Network(x.shape[1], self.hidden, self.classes, np.random.default_rng(0))
        tap.plan(
            TrainingPlan(
                rate=self.rate, multiplier=self.multiplier, clip=self.clip, steps=self.steps, batch=batch
            ),
            net,
        )
        # One generator for batches and noise draws them at other places where there are other records.
        rng = np.random.default_rng(5) if fault == "one seed for all" else rng
        noise = np.random.default_rng(5) if fault == "seeded noise" else rng
        kept: Any = None
        rate = self.rate * 1.5 if fault == "wrong rate" else self.rate
        order: list[int] = []
        for _ in range(self.steps * (4 if fault == "four times the steps" else 1)):
            if fault == "shuffled batches":
                if len(order) < int(batch):
                    order = list(rng.permutation(n))
                rows, order = np.array(order[: int(batch)]), order[int(batch) :]
            else:
                rows = np.flatnonzero(rng.random(n) < rate)
            g = tap.gradients(rows, net.gradients(x[rows], data.y[rows]))
            total = self.added(g)
            sigma = self.multiplier * self.clip
            sigma *= {"no noise": 1e-6, "quarter of the noise": 0.25, "half of the noise": 0.5,
                      "noise 1 % too small": 0.99}.get(fault, 1.0)  # fmt: skip
            drawn = noise.standard_normal(len(total), np.float32)
            kept = drawn if kept is None else kept
            noised = total + sigma * (kept if fault == "the same noise" else drawn)
            applied = noised / (max(len(rows), 1) if fault == "realised batch" else batch)
            tap.noised(total, noised, applied)
            net.w = net.w - np.float32(self.learning) * applied
        return net

    def added(self, g: Any) -> Any:
        if self.fault == "no clipping":
            return g.sum(0)
        if self.fault == "clipping after averaging":
            mean = g.mean(0)
            return mean * min(1, self.clip / np.linalg.norm(mean)) * len(g)
        lengths = np.linalg.norm(g, axis=1)
        return np.minimum(1, self.clip / np.maximum(lengths, 1e-12)).astype(g.dtype) @ g
