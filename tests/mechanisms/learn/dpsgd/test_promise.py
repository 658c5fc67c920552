"""An audit of DP-SGD proves less than its promise, and more than that of trainers that break it.

One run has 1,000 canaries. Each canary's gradient is a direction of its own, the worst case, and a coin of
its own decides whether it is in the data. The adversary sees the last weights. By the theorem (Steinke, Nasr,
Jagielski 2023) a sound trainer's bound is above a claim of (1, 1e-5) in one run of 20 at most. The seeds are
set.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import confide
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.learners.tap import SILENT, Tap
from confide.measure.one_run import Tally, fdp_epsilon, steinke_epsilon
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.dpsgd.noise import GridNoise
from confide.mechanisms.learn.dpsgd.run import Loop
from confide.views.records import Records

CLAIM = Budget(1.0, 1e-5)
CANARIES, GUESSES, STEPS = 1000, 250, 10


class QuarterOfTheNoise(DPSGD):
    def _loop(self, *given, **named) -> Loop:
        loop = super()._loop(*given, **named)
        return replace(loop, noise=replace(loop.noise, multiplier=loop.noise.multiplier / 4))


class NoClipping(DPSGD):
    def _loop(self, *given, **named) -> Loop:
        loop = super()._loop(*given, **named)
        return replace(loop, clipper=replace(loop.clipper, clip=1e9))


class NoNoise(DPSGD):
    def _loop(self, *given, **named) -> Loop:
        loop = super()._loop(*given, **named)
        return replace(loop, noise=Silent(multiplier=1.0, clip=1.0, numbers=loop.noise.numbers))


class Silent(GridNoise):
    def added(self, total: Tensor, bits, *, over: float = 1.0, dtype=torch.float64) -> Tensor:
        return total.to(dtype) / over


def sloping(out: Tensor, y: Tensor) -> Tensor:
    return out[:, 0]


def shown(trainer: type[DPSGD], seed: int, rate: float = 1.0) -> tuple[float, float]:
    """The epsilons that one run proves: certified, and by the trade-off curve."""
    rng = np.random.default_rng(seed)
    there = rng.random(CANARIES) < 0.5
    x = 10 * np.eye(CANARIES, dtype=np.float32)[there]  # ten clips long
    net = nn.Linear(CANARIES, 1, bias=False)
    nn.init.zeros_(net.weight)
    private = trainer(
        net, budget=CLAIM, loss=sloping, batch=round(rate * len(x)), epochs=STEPS * rate, learning_rate=1.0,
        noise="rehearsal",
    )  # fmt: skip
    private(Records(x, np.zeros(len(x), np.int64)), rng=rng)
    order = np.argsort(net.weight.detach().numpy()[0])  # training lowers the weight of those within
    right = int(there[order[:GUESSES]].sum() + (~there[order[-GUESSES:]]).sum())
    tally = Tally(right=right, guesses=2 * GUESSES, canaries=CANARIES)
    return tuple(proof(tally, error=0.05, delta=CLAIM.delta) for proof in (steinke_epsilon, fdp_epsilon))


def test_a_sound_trainer_is_below_its_promise_and_something_is_seen() -> None:
    found = [shown(DPSGD, seed) for seed in range(6)]
    assert max(max(pair) for pair in found) <= CLAIM.epsilon
    assert max(curve for _, curve in found) > 0.05, "an audit that sees nothing would prove nothing"


@pytest.mark.parametrize("trainer", [QuarterOfTheNoise, NoClipping, NoNoise])
def test_a_broken_trainer_is_above_its_promise(trainer: type[DPSGD]) -> None:
    torch.manual_seed(0)
    certified, curve = shown(trainer, 1)
    assert certified > CLAIM.epsilon and curve > CLAIM.epsilon


def watched(trainer: type[DPSGD], dtype: torch.dtype = torch.float32) -> confide.Audit:
    """`confide audit training` of a trainer that is built on this one."""

    def train(data: Records, tap: Tap, *, rng: np.random.Generator) -> nn.Module:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(20, 100), nn.Tanh(), nn.Linear(100, 2))
        settings = {"budget": Budget(2.0, 1e-4), "batch": 100, "epochs": 5, "noise": "rehearsal", "tap": tap}
        return trainer(net.to(dtype), **settings)(data, rng=rng).view.module

    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 20)).astype(np.float32)
    people = Records(x, (x[:, 0] > 0).astype(np.int64))
    held = confide.Training(train, data=people, epsilon=2.0, delta=1e-4, canaries=100)
    return confide.audit(held, seed=3)


@pytest.mark.slow
def test_the_audit_of_trainings_finds_nothing_here_and_finds_a_broken_twin() -> None:
    """Conformance, single steps and end to end; each check of conformance errs once in 1,000 runs or less."""
    assert watched(DPSGD).verdict == "measured"
    assert watched(DPSGD, torch.float64).verdict == "measured"
    assert watched(QuarterOfTheNoise).verdict != "measured"


def test_a_tap_watches_rehearsals_alone() -> None:
    tap: Tap = Listening()
    for changes in ({"noise": "secure"}, {"budget": Budget(1.0, 1e-5, Unit.person("who", at_most=2))}):
        with pytest.raises(PromiseError, match="watch a rehearsal"):
            DPSGD(nn.Linear(2, 2), **({"budget": CLAIM, "noise": "rehearsal", "tap": tap} | changes))


class Listening:
    """Keeps what it hears, and changes nothing."""

    def __init__(self) -> None:
        self.heard: list[tuple] = []

    def plan(self, plan, model=None) -> None:
        self.heard.append(("plan", plan, model))

    def gradients(self, rows, gradients):
        self.heard.append(("gradients", rows, gradients))
        return gradients

    def noised(self, clipped, noised, applied=None) -> None:
        self.heard.append(("noised", clipped, noised, applied))


def test_a_watched_run_ends_as_one_that_nobody_watches() -> None:
    x = np.random.default_rng(5).normal(size=(300, 20)).astype(np.float32)
    people, found = Records(x, (x[:, 0] > 0).astype(np.int64)), []
    for tap in (SILENT, Listening()):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 2))
        DPSGD(net, budget=CLAIM, batch=100, epochs=2, noise="rehearsal", tap=tap)(
            people, rng=np.random.default_rng(1)
        )
        found.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    assert torch.allclose(*found, atol=1e-4)
    plan = tap.heard[0][1]
    assert (plan.rate, plan.steps, plan.batch, plan.clip) == (100 / 300, 6, 100, 1.0)
    assert [kind for kind, *_ in tap.heard[1:]] == ["gradients", "noised"] * 6
    sizes = [len(rows) for kind, rows, *_ in tap.heard if kind == "gradients"]
    assert len(set(sizes)) > 1, "Poisson samples have no one size"
