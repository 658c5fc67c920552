"""The loop of DP-SGD: sample, clip, add noise, step; and what a run keeps beside its model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.arrays import Floats
from confide.core.nouns import Outcome
from confide.learners.tap import SILENT, Tap, TrainingPlan
from confide.learners.torch.training import seeded
from confide.mechanisms.learn.dpsgd import checkpoint
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.clipping import Clipped, Clipper, Rows
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.mechanisms.learn.dpsgd.individual import Spending
from confide.mechanisms.learn.dpsgd.noise import NOISE, SAMPLE, Bits, GridNoise, Source
from confide.mechanisms.learn.dpsgd.optimising import Stepper
from confide.mechanisms.learn.dpsgd.people import People
from confide.mechanisms.learn.dpsgd.sampling import poisson_sample
from confide.mechanisms.learn.dpsgd.watched import watched_sum
from confide.models.torch.model import TorchModel

Augment: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
"""One random view of each row: (inputs [b, ...], a generator) -> [b, ...]."""
_MASK = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is fixed before the first step.

    Args:
        people: the number of units, records or persons.
        batch: the expected sample, by which sums are divided.
        rate: the chance of each in a step.
        steps: their number.
        multiplier: the noise's deviation over the sensitivity.
    """

    people: int
    batch: int
    rate: float
    steps: int
    multiplier: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A trained model, and what its owner may know besides. Only `outcome` is covered by the promise.

    Args:
        outcome: the model, as a release or a rehearsal.
        plan: rate, steps and noise.
        unusable: gradients that were not finite, over all steps; each was clipped to zero.
        trimmed: rows left out, of persons with more than they may have.
        epsilons: what each unit spent, float64[people]; None if it was not asked for. For persons, in the
            order of their sorted ids.
        ways: how each layer's norms were computed.
    """

    outcome: Outcome[TorchModel]
    plan: Plan
    unusable: int
    trimmed: int
    epsilons: Floats | None
    ways: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """The records as tensors on the module's device, and whose they are."""

    x: Tensor
    y: Tensor
    people: People
    views: int
    augment: Augment | None

    def rows(self, units: Tensor, generator: torch.Generator) -> Rows:
        """The rows of some units; with several views of each row, these are averaged within the unit."""
        index, owner = self.people.rows_of(units.numpy())
        index = index.to(self.x.device)
        x, y = self.x[index], self.y[index]
        if self.augment is None:
            owner = owner if owner is None else owner.to(x.device)
            return Rows(x, y, owner, len(units))
        place = torch.arange(len(units)) if owner is None else owner
        x = torch.stack([self.augment(x, generator) for _ in range(self.views)], dim=1).flatten(0, 1)
        y, place = y.repeat_interleave(self.views, dim=0), place.repeat_interleave(self.views)
        return Rows(x, y, place.to(x.device), len(units), 1 / self.views)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loop:
    """One run.

    Args:
        module: is trained in place.
        clipper: of the module.
        noise: on the sums.
        stepper: moves the weights.
        source: of noise and samples.
        plan, data: of the run.
        spending: counts who spent what, or None.
        path: of the checkpoint, or None.
        every: steps between checkpoints.
        tap: watches the run.
    """

    module: nn.Module
    clipper: Clipper
    noise: GridNoise
    stepper: Stepper
    source: Source
    plan: Plan
    data: Data
    spending: Spending | None
    path: Path | None
    every: int
    tap: Tap

    def go(self, run: Run) -> Run:
        """Make the steps that are left."""
        if self.tap is not SILENT:
            noise, plan = self.noise, self.plan
            multiplier = noise.sigma / noise.clip
            said = TrainingPlan(
                rate=plan.rate, multiplier=multiplier, clip=noise.clip, steps=plan.steps, batch=plan.batch
            )
            self.tap.plan(said, self.module)
        while run.step < self.plan.steps:
            found = self._step(run)
            run = replace(run, step=run.step + 1, unusable=run.unusable + found.unusable)
            if self.path is not None and (run.step % self.every == 0 or run.step == self.plan.steps):
                self.save(run)
        return run

    def save(self, run: Run) -> None:
        """Write the checkpoint."""
        assert self.path is not None
        state = self.stepper.state()
        if self.spending is not None:
            state["spending/counts"] = torch.from_numpy(self.spending.counts)
            state["spending/last"] = torch.from_numpy(self.spending.last)
        checkpoint.write(self.path, run, self.module, state)

    def _step(self, run: Run) -> Clipped:
        step, people = run.step, self.data.people
        sample = poisson_sample(people.count, rate=self.plan.rate, bits=self.source.at(step, SAMPLE))
        key = int(np.random.SeedSequence((run.other_seed, step)).generate_state(1, np.uint64)[0]) & _MASK
        with seeded(key, self.data.x.device):  # dropout; a resumed run drops the same
            rows = self.data.rows(sample, torch.Generator().manual_seed(key))
            if self.tap is SILENT:
                found = self.clipper.clipped(rows)
            else:
                found = watched_sum(self.clipper, rows, sample.numpy(), self.tap)
        total = torch.cat([found.total[name].flatten() for name in trainable(self.module)])
        self.stepper.step(self._noised(total, self.source.at(step, NOISE)))
        if self.spending is not None:
            self.spending.note(sample.numpy(), found.norms.cpu().numpy())
        return found

    def _noised(self, total: Tensor, bits: Bits) -> Tensor:
        """The sum with noise, over the expected size of a sample: the realised one shows who was sampled."""
        if self.tap is SILENT:
            applied = self.noise.added(total, bits, over=self.plan.batch, dtype=total.dtype)
        else:
            noised = self.noise.added(total, bits)
            applied = noised / self.plan.batch
            self.tap.noised(total, noised, applied)
        return applied.to(total.device, total.dtype)
