"""The loop of DP-SGD: sample, clip, add noise, step; and what a run keeps beside its model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.arrays import Floats
from confide.core.nouns import Outcome
from confide.learners.tap import SILENT, Tap, TrainingPlan
from confide.mechanisms.learn.dpsgd import checkpoint
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.clipping import Clipped, Clipper
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.mechanisms.learn.dpsgd.individual import Spending
from confide.mechanisms.learn.dpsgd.masks import drawing
from confide.mechanisms.learn.dpsgd.noise import NOISE, SAMPLE, Bits, GridNoise, Source
from confide.mechanisms.learn.dpsgd.optimising import Stepper
from confide.mechanisms.learn.dpsgd.sampling import poisson_sample
from confide.mechanisms.learn.dpsgd.schedule import Plan
from confide.mechanisms.learn.dpsgd.stopping import NoiseRule, RenyiFilter, Until, noise_by
from confide.mechanisms.learn.dpsgd.team import Team
from confide.mechanisms.learn.dpsgd.tensors import Data
from confide.mechanisms.learn.dpsgd.unwritten import same_values, unwritten
from confide.mechanisms.learn.dpsgd.watched import watched_sum
from confide.models.torch.model import TorchModel

_MASK = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A trained model, and what its owner may know besides. Only `outcome` is covered by the promise.

    Args:
        outcome: the model, as a release or a rehearsal.
        plan: rate, steps and noise.
        steps: how many were made: all that were planned, or as many as the filter or `until` let.
        unusable: gradients that were not finite, over all steps; each was clipped to zero.
        trimmed: rows left out, of persons with more than they may have.
        epsilons: what each unit spent, float64[people]; None if it was not asked for. For persons, in the
            order of their sorted ids.
        ways: how each layer's norms were computed.
    """

    outcome: Outcome[TorchModel]
    plan: Plan
    steps: int
    unusable: int
    trimmed: int
    epsilons: Floats | None
    ways: dict[str, str]


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
        every: steps between checkpoints, and between questions to `until` and `rule`.
        tap: watches the run.
        team: other processes that add up gradients, or None.
        until: says when to stop, or None.
        rule: chooses the noise on the way, or None.
        filter: says how long it may, or None.
        model: the model as it would be published now; a block, since it may not be the last weights.
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
    model: Callable[[], AbstractContextManager[TorchModel]]
    team: Team | None = None
    until: Until | None = None
    rule: NoiseRule | None = None
    filter: RenyiFilter | None = None

    def go(self, run: Run) -> Run:
        """Make the steps that are left.

        Raises:
            ModelError: if the module writes to its own tensors, or a process was killed.
        """
        if self.tap is not SILENT:
            noise, plan = self.noise, self.plan
            multiplier = noise.sigma / noise.clip
            said = TrainingPlan(
                rate=plan.rate, multiplier=multiplier, clip=noise.clip, steps=plan.steps, batch=plan.batch
            )
            self.tap.plan(said, self.module)
        noise = self.noise
        with same_values(self.module, frozen=True):
            while not run.ended:
                if run.step % self.every == 0 and run.step < self.plan.steps:
                    run, noise = self._asked(run, noise)
                if not run.ended:
                    run = self._onward(run, noise)
                if self.path is not None and (run.ended or run.step % self.every == 0):
                    self.save(run)
        return run

    def _asked(self, run: Run, noise: GridNoise) -> tuple[Run, GridNoise]:
        """The run, ended if the user's rule says so, and the noise of its next steps."""
        if self.until is None and self.rule is None:
            return run, noise
        with self.model() as view:
            if self.until is not None and run.step and self.until(view, run.step):
                return replace(run, ended=True), noise
            if self.rule is not None:
                noise = replace(noise, multiplier=noise_by(self.rule, view, run.step))
        return run, noise

    def _onward(self, run: Run, noise: GridNoise) -> Run:
        """One step more, or the end where the plan or the filter has no other."""
        spent = run.spent
        if run.step == self.plan.steps:
            return replace(run, ended=True)
        if self.filter is not None:
            if not self.filter.grants(spent, noise.multiplier):
                return replace(run, ended=True)
            spent += self.filter.cost(noise.multiplier)
        found = self._step(run, noise)
        return replace(run, step=run.step + 1, unusable=run.unusable + found.unusable, spent=spent)

    def save(self, run: Run) -> None:
        """Write the checkpoint."""
        assert self.path is not None
        state = self.stepper.state()
        if self.spending is not None:
            state["spending/counts"] = torch.from_numpy(self.spending.counts)
            state["spending/last"] = torch.from_numpy(self.spending.last)
        checkpoint.write(self.path, run, self.module, state)

    def _step(self, run: Run, noise: GridNoise) -> Clipped:
        step, people = run.step, self.data.people
        sample = poisson_sample(people.count, rate=self.plan.rate, bits=self.source.at(step, SAMPLE))
        key = None
        if run.other_seed is not None:
            key = int(np.random.SeedSequence((run.other_seed, step)).generate_state(1, np.uint64)[0]) & _MASK
        if self.team is not None:
            found = self.team.clipped(sample, key)
        else:
            with (
                unwritten(self.module),
                drawing(key, self.data.x.device) as views,
            ):  # a resumed rehearsal drops the same
                rows = self.data.rows(sample, views)
                if self.tap is SILENT:
                    found = self.clipper.clipped(rows)
                else:
                    found = watched_sum(self.clipper, rows, sample.numpy(), self.tap)
        total = torch.cat([found.total[name].flatten() for name in trainable(self.module)])
        self.stepper.step(self._noised(total, noise, self.source.at(step, NOISE)))
        if self.spending is not None:
            self.spending.note(sample.numpy(), found.norms.cpu().numpy())
        return found

    def _noised(self, total: Tensor, noise: GridNoise, bits: Bits) -> Tensor:
        """The sum with noise, over the expected size of a sample: the realised one shows who was sampled."""
        if self.tap is SILENT:
            applied = noise.added(total, bits, over=self.plan.batch, dtype=total.dtype)
        else:
            noised = noise.added(total, bits)
            applied = noised / self.plan.batch
            self.tap.noised(total, noised, applied)
        return applied.to(total.device, total.dtype)


def trained(loop: Loop, run: Run, model: Outcome[TorchModel]) -> Trained:
    """What a run that has ended gives."""
    plan, budget = loop.plan, model.budget
    assert budget is not None
    spent = loop.spending and loop.spending.epsilons(
        multiplier=plan.multiplier, rate=plan.rate, delta=budget.delta, promised=budget.epsilon
    )
    return Trained(
        outcome=model,
        plan=plan,
        steps=run.step,
        unusable=run.unusable,
        trimmed=loop.data.people.trimmed,
        epsilons=spent,
        ways={group.title: group.way for group in loop.clipper.groups},
    )
