"""Three parties with made-up records, and the learner and protocols that their plans name."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget, Unit
from confide.mechanisms.federate.dp_fedavg import DPFedAvg
from confide.mechanisms.federate.dp_ftrl import DPFTRL
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.protocol import Plan
from confide.mechanisms.federate.selective_sgd import SelectiveSGD
from confide.views.records import Records

NAMES = ("a", "b", "c")
SLOW, PARTY = "CONFIDE_TEST_SLOW", "CONFIDE_TEST_PARTY"
"""Name a folder, and the party of a process. A party NAME that finds NAME.wait there trains as often as the
file says; after that it writes NAME.began, and works for as long as the file is there."""
CLASSES, FEATURES = 3, 4


@dataclass(frozen=True)
class Linear:
    """A model that scores each class by its row of weights."""

    weights: Array

    def predict(self, x: Any) -> Array:
        scores = np.asarray(x) @ self.weights.T
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Softmax:
    """Softmax regression by three steps on shuffled halves of the records, or on another part of them."""

    rate: float = 0.5
    classes: int = CLASSES
    features: int = FEATURES
    parts: int = 2

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.classes, self.features),)

    def start(self, *, rng: Rng) -> Array:
        return rng.normal(0.0, 0.01, self.classes * self.features).astype(np.float32)

    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        return np.stack([self._trained(*one) for one in zip(starts, records, rngs, strict=True)])

    def gradients(self, starts: Array, records: Sequence[Records]) -> Array:
        shaped = starts.reshape(-1, self.classes, self.features)
        return np.stack([_slope(s, r.x, r.y).ravel() for s, r in zip(shaped, records, strict=True)])

    def model(self, parameters: Array) -> Any:
        return Linear(parameters.reshape(self.classes, self.features))

    def _trained(self, start: Array, records: Records, rng: Rng) -> Array:
        _wait_if_asked()
        weights = start.astype(np.float64).reshape(self.classes, self.features)
        for _ in range(3):
            part = rng.permutation(len(records))[: len(records) // self.parts]
            weights = weights - self.rate * _slope(weights, records.x[part], records.y[part])
        return weights.ravel().astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced(FedAvg):
    """FedAvg that costs an epsilon of .1 a round: a price tag for tests of ledgers, and no promise at all."""

    @property
    def budget(self) -> Budget | None:
        return Budget(1.0, 0.0, Unit.client())

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        return Budget(round(0.1 * rounds, 6), 0.0, Unit.client())

    def cost(self, plan: Plan) -> Cost | None:
        return Cost.pure(round(0.1 * plan.rounds, 6))


def learner() -> Softmax:
    return Softmax()


def averaging() -> FedAvg:
    return FedAvg()


def priced() -> FedAvg:
    return Priced()


def noisy() -> DPFedAvg:
    return DPFedAvg(budget=Budget(50.0, 1e-2, Unit.client()), clip=1.0, sample=1.0, multiplier=20.0)


def correlated() -> DPFTRL:
    """Its noise is that of a rehearsal, so that two runs can be compared."""
    budget = Budget(50.0, 1e-2, Unit.client())
    return DPFTRL(budget=budget, clip=1.0, separation=1, noise="rehearsal")


def remembering() -> SelectiveSGD:
    return SelectiveSGD(upload=0.3)


def of(name: str) -> Records:
    """The records of a party: 40 around one centre for each class, the same for all parties."""
    place = "abcd".index(name)
    return drawn(40 + 10 * place, np.random.default_rng((5, place)))


def drawn(count: int, rng: Rng) -> Records:
    """Records around the corners of a triangle, with a constant feature."""
    y = rng.integers(CLASSES, size=count)
    x = np.concatenate(
        [np.eye(CLASSES)[y] + rng.normal(0, 0.4, (count, CLASSES)), np.ones((count, 1))], axis=1
    )
    return Records(x.astype(np.float32), y)


def accuracy(parameters: Array, records: Records) -> float:
    """The share of records that a model gets right."""
    scores = records.x @ np.asarray(parameters).reshape(CLASSES, FEATURES).T
    return float((scores.argmax(axis=1) == records.y).mean())


def none() -> Records:
    return of("a").take([])


def _wait_if_asked() -> None:
    folder, name = Path(os.environ.get(SLOW, "/nowhere")), os.environ.get(PARTY, "")
    wait = folder / f"{name}.wait"
    if wait.exists() and (left := int(wait.read_text())):
        wait.write_text(str(left - 1))
    elif wait.exists():
        (folder / f"{name}.began").touch()
        while wait.exists():
            time.sleep(0.1)


def _slope(weights: Array, x: Array, y: Array) -> Array:
    scores = x @ weights.T
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(y)), y] -= 1
    return shares.T @ x / len(y)


@dataclass(frozen=True)
class Leaking(Softmax):
    """A learner whose error tells of a record."""

    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        raise ValueError("row 3 has the salary 3141592")


def build(features: int, classes: int) -> Softmax:
    """The learner of a plan."""
    return Softmax(features=features, classes=classes)


def on_all(features: int, classes: int) -> Softmax:
    """The same by steps on all records, which any party could compute again."""
    return Softmax(features=features, classes=classes, parts=1)


def leaking(features: int, classes: int) -> Leaking:
    """The same, which fails."""
    return Leaking(features=features, classes=classes)
