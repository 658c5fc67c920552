"""Abadi, Chu, Goodfellow, McMahan, Mironov et al.: Deep Learning with Differential Privacy (CCS 2016)."""

from __future__ import annotations

import math
import secrets
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from confide.core.access import Task
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.learners.tap import SILENT, Tap
from confide.mechanisms.learn.dpsgd import checkpoint as checkpoints
from confide.mechanisms.learn.dpsgd.accounting import noise_multiplier
from confide.mechanisms.learn.dpsgd.checking import CHECKED, check_moves, check_norms
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.clipping import Clipper, Rows
from confide.mechanisms.learn.dpsgd.digests import data_digest, settings_digest, weights_digest
from confide.mechanisms.learn.dpsgd.groups import groups_of, trainable
from confide.mechanisms.learn.dpsgd.individual import Spending
from confide.mechanisms.learn.dpsgd.losses import Losses, MeanLoss, default_losses
from confide.mechanisms.learn.dpsgd.noise import GridNoise, source_of
from confide.mechanisms.learn.dpsgd.optimising import OptimiserName, Stepper
from confide.mechanisms.learn.dpsgd.paying import Payment, paid
from confide.mechanisms.learn.dpsgd.people import people_of
from confide.mechanisms.learn.dpsgd.planning import TIMED, planned, units_at_once
from confide.mechanisms.learn.dpsgd.preparing import check_all, tensors_of
from confide.mechanisms.learn.dpsgd.refusals import check_budget, check_module
from confide.mechanisms.learn.dpsgd.run import Augment, Data, Loop, Plan, Trained
from confide.mechanisms.learn.dpsgd.sampling import rate_of, steps_of_epochs
from confide.mechanisms.learn.dpsgd.starting import (
    asking,
    held,
    in_training,
    restore,
    saying_what_was_charged,
)
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown
from confide.models.torch.losses import default_loss
from confide.models.torch.model import TorchModel
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


@dataclass(frozen=True, slots=True, eq=False)
class DPSGD:
    """Trains a PyTorch module by gradients that hide any one record, or all rows of any one person.

    Each step takes a Poisson sample, computes the gradient of each unit in it, shortens the ones that are
    longer than `clip`, adds them up, adds normal noise, and divides by the *expected* size of a sample. An
    optimiser takes a step along that. The module is trained in place. It stays the plain module that it was:
    no wrapper, no hook, the same names of weights. It ends in eval mode.

    *Statement.* The weights of all steps together are (epsilon, delta)-differentially private for one unit
    more or less.

    *Proof.* A step's clipped sums differ by at most `clip` between neighbours, and by a little more after
    rounding to the noise's grid (`noise.py`; the noise is made larger for it). So a step is a Gaussian
    mechanism on a Poisson sample, whatever the weights are that earlier steps have led to. The accountant
    composes the privacy losses of all steps (`accounting.py`), and the noise is the least that keeps the
    budget. Optimiser, averages and prediction are post-processing.

    *Conditions.* The number of units is public, since the rate of the samples is computed from it. The
    module, its first weights and all settings are chosen without the data. A unit's gradient depends on
    nobody else, which is checked on four records before anything is charged. Sums are computed in the
    module's number type: a thousandth of the clip is charged for rounding. How long training takes, and an
    error that stops it, are not protected; neither is what `Trained` holds beside the model.

    Args:
        net: maps a batch [b, ...] to outputs [b, C] or [b]. Frozen parameters stay as they are.
        budget: what is promised. `Unit.person(column, at_most=20)` samples, clips and accounts for persons.
        epochs: how often each unit is taken in expectation.
        batch: the expected number of units in a step; by itself 1,024, or a fifth of them all if it is less.
        clip: the length that gradients are shortened to.
        optimiser: "sgd" or "adam".
        learning_rate: of the optimiser, on the mean of the clipped gradients.
        momentum: of SGD.
        average: the share of the average of all weights that stays at each step, such as 0.99; at the end the
            average takes the place of the last weights. 0 for none.
        loss: the loss of each row, (outputs, y [b]) -> [b]; None for cross-entropy or squared residuals.
        task: classification or regression.
        augment: one random view of each row: (inputs, generator) -> inputs. The gradients of `views` of them
            are averaged before they are clipped, so that they cost nothing (De et al. 2022).
        views: of each row.
        individual: compute what each unit spent, for the owner of the data alone.
        memory_mb: the memory for one pass; larger samples are added up in several.
        device: where the module runs, such as "cpu" or "cuda".
        noise: "secure" is drawn from a cryptographic source, for a real release. "rehearsal" is drawn from
            `rng`, and anyone who knows the seed can replay it: for audits and tests only.
        ledger: is charged the whole budget before the first step.
        analyst: whose part of the ledger pays.
        source: the digest that the ledger is bound to, where the records were read from a larger file.
        checkpoint: a file. A run that was killed goes on from it, and is charged nothing new.
        every: steps between checkpoints.
        tap: watches a rehearsal for an audit of its promise (`confide audit training`).

    Raises:
        PromiseError: if the budget or a setting cannot be kept.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 2)).astype(np.float32)
    >>> records = Records(x, (x[:, 0] > 0).astype(np.int64))
    >>> net = nn.Linear(2, 2)
    >>> private = DPSGD(net, budget=Budget(2.0, 1e-5), epochs=10, batch=100, noise="rehearsal")
    >>> model = private(records, rng=rng).view
    >>> bool((model.labels(x) == records.y).mean() > 0.8)
    True
    """

    net: nn.Module
    _: KW_ONLY
    budget: Budget
    epochs: float = 15
    batch: int | None = None
    clip: float = 1.0
    optimiser: OptimiserName = "sgd"
    learning_rate: float = 2.0
    momentum: float = 0.0
    average: float = 0.0
    loss: Losses | None = None
    task: Task = "classification"
    augment: Augment | None = None
    views: int = 1
    individual: bool = False
    memory_mb: int = 512
    device: str = "cpu"
    noise: Noise = "secure"
    ledger: Ledger | None = None
    analyst: str | None = None
    source: str | None = None
    checkpoint: str | Path | None = None
    every: int = 50
    tap: Tap = SILENT

    def __post_init__(self) -> None:
        check_budget(epsilon=self.budget.epsilon, delta=self.budget.delta, people=0)
        for name in ("clip", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise PromiseError(f"{name} is {getattr(self, name)}: give a finite number above 0.")
        for name in ("momentum", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise PromiseError(f"{name} is {getattr(self, name)}: give a number from 0 to below 1.")
        for name in ("views", "memory_mb", "every"):
            if getattr(self, name) < 1:
                raise PromiseError(f"{name} is {getattr(self, name)}: give 1 or more.")
        if self.optimiser not in ("sgd", "adam"):
            raise PromiseError(f"optimiser is {self.optimiser!r}: say 'sgd' or 'adam'.")
        if self.views > 1 and self.augment is None:
            raise PromiseError(f"there are {self.views} views of each row, and no augment that makes them.")
        refuse_unknown(self.noise)
        if self.tap is not SILENT and not (self.noise == "rehearsal" and self.budget.unit == Unit.record()):
            raise PromiseError(
                "a tap sees gradients without noise, and whose they are: watch a rehearsal "
                "(noise='rehearsal') that hides records, and no release."
            )

    def plan(self, people: int) -> Plan:
        """The rate, the steps and the noise for this number of units.

        Raises:
            PromiseError: if there are too few, or no noise keeps the budget.
        """
        check_budget(epsilon=self.budget.epsilon, delta=self.budget.delta, people=people)
        batch = max(1, min(1024, people // 5)) if self.batch is None else self.batch
        rate = rate_of(batch, people)
        steps = steps_of_epochs(self.epochs, rate)
        epsilon, delta = self.budget.epsilon, self.budget.delta
        multiplier = noise_multiplier(epsilon=epsilon, delta=delta, rate=rate, steps=steps)
        return Plan(people=people, batch=batch, rate=rate, steps=steps, multiplier=multiplier)

    def __call__(self, data: Records, *, rng: Rng, people: Array | None = None) -> Outcome[TorchModel]:
        """Train, and give the model.

        Args:
            data: the records; for persons a frame with their column, or `people` beside it.
            rng: of a rehearsal's noise, and of dropout and views.
            people: whose each row is, [n].

        Raises:
            ModelError: if the module or the loss cannot be trained so.
            DataError: if the records cannot be used, or the checkpoint is of another run.
            PromiseError: if the budget cannot be kept on these records.
            BudgetError: if the ledger does not pay; nothing was trained then.
        """
        return self.train(data, rng=rng, people=people).outcome

    def train(self, records: Records, *, rng: Rng, people: Array | None = None) -> Trained:
        """Train, and give the model with what its owner may know besides; arguments and errors as above."""
        check_module(self.net)
        digest = data_digest(records, people)
        records, who = people_of(records, self.budget.unit, people)
        plan = self.plan(who.count)
        with in_training(self.net.to(self.device)), held(self._path):
            with asking(self.net):
                data = tensors_of(
                    self.net, records, who, task=self.task, device=self.device, views=self.views,
                    augment=self.augment,
                )  # fmt: skip
                task = self.task if self.loss is None else None
                check_all(self.net, self._losses, data, plan, task=task)
                some = data.rows(torch.arange(min(TIMED, who.count)), torch.Generator().manual_seed(0))
                run, tensors = self._begun(digest, some, rng)
                loop = self._loop(run, plan, data, rng)
                check_norms(loop.clipper, self._losses, some.of_units(0, min(CHECKED, some.count)))
                check_moves(self.net, self._stepper(), loop.noise.sigma / plan.batch)
            if tensors is not None:
                restore(loop, tensors)
            elif self.checkpoint is not None:
                loop.save(run)  # before the charge, so that a run that is killed now is charged once
            payment = self._paid(run, plan)
            if payment is not None and payment.granted.answer is not None and run.step < plan.steps:
                raise DataError(
                    f"{self.checkpoint} is an earlier checkpoint of a run that has ended, and going on from "
                    "it would show a second model for one charge: give another path to train, and pay, again."
                )
            with saying_what_was_charged(self._charged(payment, run)):
                run = loop.go(run)
                loop.stepper.finish()
            if payment is not None:
                payment.settle(weights_digest(self.net))
        return self._trained(loop, run)

    @property
    def _path(self) -> Path | None:
        return None if self.checkpoint is None else Path(self.checkpoint)

    @property
    def _losses(self) -> Losses:
        return self.loss or default_losses(default_loss(self.task))

    def _begun(self, data: str, some: Rows, rng: Rng) -> tuple[Run, dict[str, Tensor] | None]:
        """A run that goes on, with its tensors, or a new one."""
        left_out = ("net", "budget", "ledger", "analyst", "source", "checkpoint", "every", "memory_mb", "tap")
        named = {name: getattr(self, name) for name in self.__slots__ if name not in left_out}
        settings = settings_digest(self.net, named | {"budget": str(self.budget)})
        if self._path is not None and self._path.exists():
            return checkpoints.read(self._path, data=data, settings=settings)
        groups = planned(self.net, self._losses, some, timed=self.noise == "secure")
        at_once = units_at_once(self.net, self._losses, groups, some, memory_mb=self.memory_mb)
        seeds = [int(seed) for seed in rng.integers(1 << 62, size=2)]
        return Run(
            token=secrets.token_hex(16),
            data=data,
            settings=settings,
            ways=tuple(group.way for group in groups),
            at_once=at_once,
            seed=seeds[0] if self.noise == "rehearsal" else None,
            other_seed=seeds[1],
        ), None

    def _loop(self, run: Run, plan: Plan, data: Data, rng: Rng) -> Loop:
        groups = [group.by(way) for group, way in zip(groups_of(self.net), run.ways, strict=True)]
        numbers = sum(p.numel() for p in trainable(self.net).values())
        return Loop(
            module=self.net,
            clipper=Clipper(
                module=self.net, losses=self._losses, groups=groups, clip=self.clip, at_once=run.at_once
            ),
            noise=GridNoise(multiplier=plan.multiplier, clip=self.clip, numbers=numbers),
            stepper=self._stepper(),
            source=source_of(self.noise, rng, run.seed),
            plan=plan,
            data=data,
            spending=Spending(plan.people, self.clip) if self.individual else None,
            path=self._path,
            every=self.every,
            tap=self.tap,
        )

    def _stepper(self) -> Stepper:
        return Stepper(
            self.net,
            name=self.optimiser,
            rate=self.learning_rate,
            momentum=self.momentum,
            average=self.average,
        )

    def _paid(self, run: Run, plan: Plan) -> Payment | None:
        if self.ledger is None:
            return None
        asked = f"DP-SGD: {plan.steps:,} steps of {plan.batch:,} in expectation, {self.budget}"
        return paid(
            self.ledger,
            token=run.token,
            budget=self.budget,
            plan=plan,
            data=run.data,
            source=self.source,
            settings=run.settings,
            analyst=self.analyst,
            asked=asked,
        )

    def _charged(self, payment: Payment | None, run: Run) -> str | None:
        if payment is None:
            return None
        kept = (
            "" if self.checkpoint is None else f" It goes on from {self.checkpoint} without another charge."
        )
        return f"The run was stopped, and the ledger was charged {self.budget} for all that it planned.{kept}"

    def _trained(self, loop: Loop, run: Run) -> Trained:
        view = TorchModel(
            self.net, task=self.task, device=self.device, loss_function=self.loss and MeanLoss(self.loss)
        )
        plan = loop.plan
        spent = loop.spending and loop.spending.epsilons(
            multiplier=plan.multiplier,
            rate=plan.rate,
            delta=self.budget.delta,
            promised=self.budget.epsilon,
        )
        return Trained(
            outcome=outcome(self.noise, view, self.budget, "DPSGD"),
            plan=plan,
            unusable=run.unusable,
            trimmed=loop.data.people.trimmed,
            epsilons=spent,
            ways={group.title: group.way for group in loop.clipper.groups},
        )
