"""Cases: attacks that rebuild a batch from its shared gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.reconstruction.updates import (
    AnalyticInversion,
    DeepLeakage,
    EmbeddingWords,
    InvertingGradients,
    LastLayerLabels,
    Spear,
)
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.games.reconstruction.updates import BatchLabels, BatchRebuilding, BatchWords
from confide.knowledge.updates import KnownInputs
from confide.learners.first_weights import dense_layers
from confide.measure.matching import Nearness
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.views.records import Records
from confide.views.shared_gradient import Layer, SharedGradient

FEATURES, CLASSES, WORDS = 12, 10, 60
KNOWN = KnownInputs(low=0.0, high=1.0, shape=(FEATURES,))
NEAR = Nearness(by="psnr", bound=25.0)


@cache
def people() -> Records:
    return Records(rng(1).random((200, FEATURES)), rng(2).integers(0, CLASSES, 200))


@cache
def texts() -> Records:
    """Records of one to six words out of sixty, with -1 where there is none."""
    words = rng(3).integers(0, WORDS, (200, 6))
    return Records(np.where(np.arange(6) <= rng(4).integers(0, 6, 200)[:, None], words, -1), people().y)


def dense(
    rng: np.random.Generator, *, activation: Any = "relu", bias: bool = True, units: int = 60
) -> tuple[Layer, ...]:
    return dense_layers((FEATURES, units, CLASSES), rng=rng, activation=activation, bias=bias)


def embedded(rng: np.random.Generator) -> tuple[Layer, ...]:
    words = Layer(weight=rng.standard_normal((WORDS, 8)), kind="embedding")
    return (words, *dense_layers((8, CLASSES), rng=rng))


@dataclass(frozen=True)
class Elsewhere:
    """Shares the gradient of made-up records that have nothing to do with the batch."""

    made_of: BatchGradient
    budget = Budget(0.0)

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[SharedGradient]:
        x = np.asarray(data.x)
        drawn = rng.integers(0, WORDS, x.shape) if x.dtype.kind == "i" else rng.random(x.shape)
        others = Records(drawn, rng.integers(0, CLASSES, len(data)))
        return Release(self.made_of(others, rng=rng).view, self.budget, "Elsewhere")


def game(
    kind: Any, network: Any, *, batch: int, silent: bool = False, records: Any = people, **how: Any
) -> Any:
    made = BatchGradient(network=network)
    mechanism = Elsewhere(made) if silent else made
    return kind(mechanism=mechanism, records=records(), batch=batch, known=KNOWN, **how)


def case(
    attack: Any, play: Any, *, lacks: Any, worlds: int, reaches: float = 0.99, label: str = ""
) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(play, silent=True), worlds),
        naked=Sitting(play, worlds),
        reaches=reaches,
        null=permuted_exposure,
        small=Sitting(play, 2),
        judge=ByScore(),
        lacks=(Lacks(*lacks),) if lacks else (),
        label=label,
    )


rebuilding = partial(game, BatchRebuilding, nearness=NEAR)
smooth = partial(dense, activation="logistic")
words = partial(game, BatchWords, embedded, batch=2, records=texts)

CASES = (
    case(
        AnalyticInversion(),
        partial(rebuilding, dense, batch=1),
        lacks=(partial(rebuilding, partial(dense, bias=False), batch=1), "has biases"),
        worlds=30,
    ),
    case(
        Spear(most=2_000),
        partial(rebuilding, partial(dense, units=200), batch=4),
        lacks=(partial(rebuilding, smooth, batch=4), "ReLU units"),
        worlds=10,
        reaches=0.95,
        label="small",
    ),
    case(
        DeepLeakage(starts=2, steps=100),
        partial(rebuilding, smooth, batch=1),
        lacks=(words, "takes words"),
        worlds=20,
        reaches=0.9,
        label="small",
    ),
    case(
        InvertingGradients(steps=150),
        partial(game, BatchRebuilding, smooth, batch=1, nearness=Nearness(by="psnr", bound=18.0)),
        lacks=(words, "takes words"),
        worlds=20,
        reaches=0.9,
        label="small",
    ),
    case(
        LastLayerLabels(),
        partial(game, BatchLabels, dense, batch=2),
        lacks=(),
        worlds=30,
        reaches=0.85,
    ),
    case(
        EmbeddingWords(),
        words,
        lacks=(partial(rebuilding, dense, batch=1), "the first layer is none"),
        worlds=15,
    ),
)
