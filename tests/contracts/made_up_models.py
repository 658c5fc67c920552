"""Made-up models for contracts on membership: their people, their games, and one with a closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Floats, Rng
from confide.games.membership.models import IndependentWorlds
from confide.mechanisms.anchors.white_box import LAYERS, Inside, keys, split
from confide.views.records import Records

CLASSES = 3


def people(n: int, seed: int) -> Records:
    """n distinct people with six numbers each and one of three classes; fewer are the first of more."""
    x = np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)
    return Records(x, np.random.default_rng([seed, 1]).integers(CLASSES, size=n))


def game_against(
    mechanism: object, *, targets: int, references: int = 8, strangers: int = 300, **knows
) -> IndependentWorlds:
    return IndependentWorlds(
        mechanism=mechanism,
        records=people(targets, 1),
        population=people(strangers, 2),
        references=references,
        classes=CLASSES,
        **knows,
    )


@dataclass(frozen=True)
class Table(BlackBox):
    """A model that answers record number x[i, 0] with that row of `logits`."""

    logits: Array
    task: Task = "classification"

    def predict(self, x: Batch) -> Floats:
        return self.logits[np.asarray(x)[:, 0].astype(np.int64)]

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)


@dataclass(frozen=True)
class Deep(Inside):
    """The same, and an inside that says as much: a gradient is as long as the error of the probabilities."""

    logits: Array

    def predict(self, x: Batch) -> Floats:
        return np.asarray(self.logits[np.asarray(x)[:, 0].astype(np.int64)], np.float64)

    def length(self, x: Batch, y: Array) -> Floats:
        return error(self.predict(x), y)

    def shift(self, x: Batch) -> Floats:
        return np.zeros(len(x))

    def weights(self) -> tuple[Floats, ...]:
        return split(np.zeros(sum(LAYERS.values())))


def error(logits: Array, y: Array) -> Floats:
    """The distance between the probabilities and the truth, float64[n]."""
    return np.linalg.norm(softmax(logits, axis=1) - (y[:, None] == np.arange(logits.shape[1])), axis=1)


@dataclass(frozen=True)
class GaussianLearner:
    """Not learning, but its outcome in closed form: the true logit is N(difficulty + mu, 1) for members and
    N(difficulty, 1) for all others, drawn again in every model and record.

    From outside, the likelihood ratio of one record is linear in the logit, so no black-box attack beats AUC
    Phi(mu / sqrt 2). Inside, gradients are as long as the error of the probabilities, and the weights are
    stationary, as a penalty and training to the end make them.
    """

    mu: float
    spread: float = 3.0
    task: Task = "classification"

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        members = np.sort(keys(records.x))
        return GaussianModel(self.mu, self.spread, members, int(rng.integers(2**31)), records)


@dataclass(frozen=True)
class GaussianModel(Inside):
    mu: float
    spread: float
    members: Array
    seed: int
    data: Records

    def phi(self, x: Batch) -> Floats:
        asked = keys(x)
        number = np.searchsorted(UNIVERSE_KEYS, asked) % len(UNIVERSE_KEYS)
        noise = np.random.default_rng(self.seed).standard_normal(len(UNIVERSE_KEYS))[number]
        return self.spread * DIFFICULTY[number] + noise + self.mu * np.isin(asked, self.members)

    def predict(self, x: Batch) -> Floats:
        asked = keys(x)
        number = np.searchsorted(UNIVERSE_KEYS, asked) % len(UNIVERSE_KEYS)
        known = UNIVERSE_KEYS[number] == asked
        others = np.log(CLASSES - 1)
        right = np.arange(CLASSES) == np.where(known, UNIVERSE_Y[number], 0)[:, None]
        return np.where(right, (self.phi(x) + others)[:, None], 0.0)

    def length(self, x: Batch, y: Array) -> Floats:
        return error(self.predict(x), y)

    def shift(self, x: Batch) -> Floats:
        return self.phi(x) / 4

    def weights(self) -> tuple[Floats, ...]:
        return tuple(-total for total in self.gradient_sum(self.data))


UNIVERSE = Records.concat([people(2_000, 1), people(2_000, 2)])
_ORDER = np.argsort(keys(UNIVERSE.x))
UNIVERSE_KEYS = keys(UNIVERSE.x)[_ORDER]
UNIVERSE_Y = UNIVERSE.y[_ORDER]
DIFFICULTY = np.random.default_rng(3).standard_normal(len(UNIVERSE))[_ORDER]
