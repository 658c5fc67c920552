"""Tables, images and regressions: every attack that can speak about them does, and wins where it should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from tests.contracts.case import naive_auc

from confide.attacks.blind import Blind
from confide.attacks.membership import (
    BASE,
    RMIA,
    Calibrated,
    Default,
    LabelOnlyVotes,
    LiRA,
    Loss,
    Population,
    Quantile,
    Reference,
    StudentT,
)
from confide.attacks.membership.black_box.label_only import shaken
from confide.core.play import play
from confide.games.membership.models import IndependentWorlds
from confide.mechanisms.anchors.models import Everything
from confide.mechanisms.learn.fit import Fit
from confide.views.records import Records


def rng(seed: int = 2) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(n: int, seed: int) -> Records:
    draw = rng(seed)
    frame = pl.DataFrame(
        {
            "age": draw.normal(40, 10, n),
            "job": draw.choice(["cook", "nurse", "clerk"], n),
            "children": draw.integers(0, 5, n),
            "income": draw.lognormal(10, 1, n),
        }
    ).with_columns(age=pl.when(pl.col("children") == 4).then(None).otherwise(pl.col("age")))
    return Records(frame, draw.integers(2, size=n))


@pytest.mark.parametrize("attack", [LabelOnlyVotes(queries=4), Quantile(), Quantile(head="pinball")], ids=str)
@pytest.mark.parametrize("kind", ["frame", "image"])
def test_attacks_on_features_take_frames_and_images(attack, kind):
    draw = rng()
    people, strangers = (
        (table(200, 1), table(200, 2))
        if kind == "frame"
        else [Records(draw.random((200, 3, 8, 8), np.float32), draw.integers(2, size=200)) for _ in range(2)]
    )
    game = IndependentWorlds(mechanism=Everything(), records=people, population=strangers)
    assert naive_auc(play(game, attack, worlds=1, rng=rng())) > 0.99


def test_the_blind_adversary_reads_tables():
    game = IndependentWorlds(mechanism=Everything(), records=table(400, 1), told=0.5)
    evidence = play(game, Blind(), worlds=2, rng=rng())
    assert len(evidence) == 400 and abs(naive_auc(evidence) - 0.5) < 0.12  # four standard errors


def test_noise_keeps_shape_type_and_range():
    for x in (
        np.eye(4, dtype=np.uint8),
        rng().random((5, 2, 3)).astype(np.float32),
        np.arange(12).reshape(6, 2),
    ):
        noisy = shaken(x, 0.5, rng=rng())
        assert noisy.shape == x.shape and noisy.dtype == x.dtype
        assert noisy.min() >= x.min() and noisy.max() <= x.max() and (noisy != x).any()
        assert (shaken(x, 0.0, rng=rng()) == x).all()


def test_flips_and_redraws_have_the_stated_probability():
    """100,000 cells: the standard error is .0015."""
    bits = rng().integers(0, 2, (1_000, 100))
    assert (shaken(bits, 0.3, rng=rng(3)) != bits).mean() == pytest.approx(0.3, abs=0.006)
    frame = pl.DataFrame({"a": np.arange(100_000)})
    moved = (shaken(frame, 0.3, rng=rng(3))["a"] != frame["a"]).mean()
    assert moved == pytest.approx(0.3, abs=0.006)


@dataclass(frozen=True)
class Memory:
    """A regression that repeats its training values, with a little noise, and predicts 0 for all others."""

    task: str = "regression"

    def fit(self, records, *, rng):
        return Remembered(records, int(rng.integers(2**31)))


@dataclass(frozen=True, eq=False)
class Remembered:
    records: Records
    seed: int
    task: str = "regression"

    def predict(self, x):
        known = self.records.x[:, 0]
        order = np.argsort(known)
        place = order[np.searchsorted(known[order], x[:, 0]).clip(0, len(known) - 1)]
        noise = 0.3 * np.random.default_rng(self.seed).standard_normal(len(x))
        return (np.where(known[place] == x[:, 0], self.records.y[place], 0.0) + noise)[:, None]

    def labels(self, x):
        return self.predict(x)[:, 0]


@pytest.mark.parametrize(
    "attack",
    [
        Default(),
        Loss(),
        Population(),
        Quantile(),
        Reference(),
        Calibrated(),
        LiRA(),
        StudentT(),
        RMIA(),
        BASE(),
    ],
    ids=str,
)
def test_regressions_are_attacked_by_the_residual(attack):
    people, strangers = (Records(rng(s).random((400, 2)), rng(s).standard_normal(400)) for s in (5, 6))
    game = IndependentWorlds(mechanism=Fit(Memory()), records=people, population=strangers, references=6)
    assert naive_auc(play(game, attack, worlds=2, rng=rng())) > 0.7
