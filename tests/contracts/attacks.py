"""The table of attacks under contract, the people they are played on, and naive measures to judge them by.

*Add an attack*: one line in `ATTACKS`. It is then held to everything in `test_attacks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.membership import (
    BASE,
    RMIA,
    Blend,
    Calibrated,
    Default,
    Entropy,
    LabelOnlyVotes,
    LiRA,
    Loss,
    Population,
    Quantile,
    Reference,
    Shadow,
    StudentT,
)
from confide.core.arrays import Array, Batch, Floats, Rng
from confide.core.evidence import Evidence
from confide.core.records import Records
from confide.core.views import BlackBox, Task
from confide.games.membership import IndependentWorlds


@dataclass(frozen=True)
class Row:
    """An attack, what it cannot do without, and whether it may leave targets out."""

    attack: object
    references: bool = False
    population: bool = False
    classes: bool = False

    @property
    def id(self) -> str:
        extra = {k: v for k, v in vars_of(self.attack).items() if v != vars_of(type(self.attack)()).get(k)}
        return self.attack.name + "".join(f"-{k}={v}" for k, v in extra.items())


def vars_of(attack: object) -> dict[str, object]:
    return {name: getattr(attack, name) for name in attack.__dataclass_fields__}


ATTACKS = (
    Row(Default()),
    Row(Loss()),
    Row(Entropy(), classes=True),
    Row(Entropy(per_class=False), classes=True),
    Row(Population(), population=True),
    Row(Population(per_class=True), population=True, classes=True),
    Row(Reference(), references=True),
    Row(Shadow(), references=True, classes=True),
    Row(Shadow(vector="raw"), references=True, classes=True),
    Row(Calibrated(), references=True),
    Row(LiRA(), references=True),
    Row(LiRA(variance="per_target"), references=True),
    Row(LiRA(mode="offline"), references=True),
    Row(StudentT(), references=True),
    Row(StudentT(mode="offline"), references=True),
    Row(RMIA(), references=True),
    Row(RMIA(mode="offline"), references=True),
    Row(BASE(), references=True),
    Row(BASE(mode="offline"), references=True),
    Row(Blend(), references=True),
    Row(Quantile(), population=True),
    Row(Quantile(head="pinball"), population=True),
    Row(LabelOnlyVotes(queries=8), classes=True),
)

CLASSES = 3


def people(n: int, seed: int) -> Records:
    """n distinct people with six numbers each and one of three classes; fewer are the first of more."""
    x = np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)
    return Records(x, np.random.default_rng([seed, 1]).integers(CLASSES, size=n))


def game_against(
    mechanism: object, *, targets: int, references: int = 8, strangers: int = 300
) -> IndependentWorlds:
    return IndependentWorlds(
        mechanism=mechanism,
        records=people(targets, 1),
        population=people(strangers, 2),
        references=references,
        classes=CLASSES,
    )


def naive_auc(evidence: Evidence) -> float:
    """By counting pairs, in blocks."""
    yes = evidence.claims[evidence.exposed]
    no = evidence.claims[~evidence.exposed]
    return float(np.mean([(y > no).mean() + (y == no).mean() / 2 for y in yes]))


def naive_tpr(evidence: Evidence, fpr: float) -> float:
    """By the rule: the threshold is the control score of rank floor(fpr * controls), and ties do not pass."""
    no = sorted(evidence.claims[~evidence.exposed], reverse=True)
    assert int(fpr * len(no)) > 0, "too few controls"
    return float((evidence.claims[evidence.exposed] > no[int(fpr * len(no))]).mean())


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
class GaussianLearner:
    """Not learning, but its outcome in closed form: the true logit is N(difficulty + mu, 1) for members and
    N(difficulty, 1) for all others, anew in every model and record.

    The likelihood ratio of one record is linear in the logit, so no attack beats AUC Phi(mu / sqrt 2).
    """

    mu: float
    spread: float = 3.0
    task: Task = "classification"

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        return GaussianModel(self.mu, self.spread, np.sort(keys(records.x)), int(rng.integers(2**31)))


@dataclass(frozen=True)
class GaussianModel(BlackBox):
    mu: float
    spread: float
    members: Array
    seed: int
    task: Task = "classification"

    def predict(self, x: Batch) -> Floats:
        asked = keys(x)
        number = np.searchsorted(UNIVERSE_KEYS, asked) % len(UNIVERSE_KEYS)
        known = UNIVERSE_KEYS[number] == asked
        noise = np.random.default_rng(self.seed).standard_normal(len(UNIVERSE_KEYS))[number]
        phi = self.spread * DIFFICULTY[number] + noise + self.mu * np.isin(asked, self.members)
        others = np.log(CLASSES - 1)
        right = np.arange(CLASSES) == np.where(known, UNIVERSE_Y[number], 0)[:, None]
        return np.where(right, (phi + others)[:, None], 0.0)

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)


def keys(x: Batch) -> Array:
    return Records(x, np.zeros(len(x), np.int64)).fingerprints()


UNIVERSE = Records.concat([people(2_000, 1), people(2_000, 2)])
_ORDER = np.argsort(keys(UNIVERSE.x))
UNIVERSE_KEYS = keys(UNIVERSE.x)[_ORDER]
UNIVERSE_Y = UNIVERSE.y[_ORDER]
DIFFICULTY = np.random.default_rng(3).standard_normal(len(UNIVERSE))[_ORDER]
