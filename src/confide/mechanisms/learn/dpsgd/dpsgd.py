"""Abadi, Chu, Goodfellow, McMahan, Mironov et al.: Deep Learning with Differential Privacy (CCS 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from confide.core.access import Task
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget
from confide.core.nouns import Outcome
from confide.learners.tap import SILENT, Tap
from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd import checkpoint as checkpoints
from confide.mechanisms.learn.dpsgd.checking import CHECKED, check_moves, check_norms
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.digests import data_digest, settings_digest, weights_digest
from confide.mechanisms.learn.dpsgd.groups import groups_of, trainable
from confide.mechanisms.learn.dpsgd.individual import Spending
from confide.mechanisms.learn.dpsgd.losses import Losses, MeanLoss, default_losses
from confide.mechanisms.learn.dpsgd.mixing import check_passes
from confide.mechanisms.learn.dpsgd.noise import GridNoise, source_of
from confide.mechanisms.learn.dpsgd.optimising import OptimiserName, Stepper
from confide.mechanisms.learn.dpsgd.paying import charged_note, paid
from confide.mechanisms.learn.dpsgd.people import people_of
from confide.mechanisms.learn.dpsgd.planning import TIMED
from confide.mechanisms.learn.dpsgd.preparing import check_all, passing, tensors_of
from confide.mechanisms.learn.dpsgd.refusals import check_budget, check_module, check_records, check_settings
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.run import Loop, Trained, trained
from confide.mechanisms.learn.dpsgd.schedule import Plan, planned_run
from confide.mechanisms.learn.dpsgd.starting import asking, begun, held, in_training, keep, noting_charge
from confide.mechanisms.learn.dpsgd.stopping import NoiseRule, RenyiFilter, Until, as_shown, noise_by
from confide.mechanisms.learn.dpsgd.team import team_of
from confide.mechanisms.learn.dpsgd.tensors import Augment, Data
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
    budget. Optimiser, averages and prediction are post-processing. Masks of dropout and random views are
    drawn at each step and independently for each place in the sample; that this changes nothing, as long
    as they are secret, is proved in `masks.py`.

    *Conditions.* The number of units is public, since the rate of the samples is computed from it. The
    module, its first weights and all settings are chosen without the data. A unit's gradient depends on
    nobody else, which is checked on a few records before anything is charged. What a module itself draws
    comes from torch, whose generators a real run fills with secrets, and nowhere else. Sums are computed in
    the module's number type: a thousandth of the clip is charged for rounding. How long training takes, and
    an error that stops it, are not protected; neither is what `Trained` holds beside the model.

    Args:
        net: maps a batch [b, ...] to outputs [b, C] or [b]. Frozen parameters stay as they are.
        budget: what is promised. `Unit.person(column, at_most=20)` samples, clips and accounts for persons.
        epochs: how often each unit is taken in expectation; by itself 15, or with a `noise_multiplier` as
            often as the budget pays for.
        batch: the expected number of units in a step; by itself 1,024, or a fifth of them all if it is less.
        clip: the length that gradients are shortened to.
        optimiser: "sgd" or "adam".
        learning_rate: of the optimiser, on the mean of the clipped gradients.
        momentum: of SGD.
        average: the share of the average of all weights that stays at each step, such as 0.99; at the end the
            average takes the place of the last weights. 0 for none.
        noise_multiplier: the noise's deviation over the clip, by itself the least with which all epochs keep
            the budget. With a number the run makes as many steps as the budget pays for. With a function
            (model, steps made) -> number the noise is chosen on the way, and a privacy filter ends the run
            before the step that would overspend (`stopping.py` has the theorems); `epochs` is the most then.
        until: (model, steps made) -> bool ends the run earlier. It may look at the model and at public data,
            and at no private records. The price stays that of all planned steps.
        precision: "bfloat16" runs the module in mixed precision; norms, sums and noise stay as they are.
        loss: the loss of each row, (outputs, y [b]) -> [b]; None for cross-entropy or squared residuals.
        task: classification or regression.
        augment: one random view of each row, made of that row alone: (inputs, generator) -> inputs. The
            gradients of `views` of them are averaged before they are clipped: at no cost (De et al. 2022).
        views: of each row.
        individual: compute what each unit spent, for the owner of the data alone.
        memory_mb: the memory for one pass; larger samples are added up in several.
        device: where the module runs, such as "cpu" or "cuda".
        processes: of this machine that add up gradients, each a share of the sample; the noise is added once.
        noise: "secure" is drawn from a cryptographic source, for a real release. "rehearsal" is drawn from
            `rng`, and anyone who knows the seed can replay it: for audits and tests only.
        ledger: is charged the whole budget before the first step.
        analyst: whose part of the ledger pays.
        source: the digest that the ledger is bound to, where the records were read from a larger file.
        checkpoint: a file. A run that was killed goes on from it, and is charged nothing new.
        every: steps between checkpoints, and between questions to `until` and `noise_multiplier`.
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
    epochs: float | None = None
    batch: int | None = None
    clip: float = 1.0
    optimiser: OptimiserName = "sgd"
    learning_rate: float = 2.0
    momentum: float = 0.0
    average: float = 0.0
    noise_multiplier: float | NoiseRule | None = None
    until: Until | None = None
    precision: Precision = "float32"
    loss: Losses | None = None
    task: Task = "classification"
    augment: Augment | None = None
    views: int = 1
    individual: bool = False
    memory_mb: int = 512
    device: str = "cpu"
    processes: int = 1
    noise: Noise = "secure"
    ledger: Ledger | None = None
    analyst: str | None = None
    source: str | None = None
    checkpoint: str | Path | None = None
    every: int = 50
    tap: Tap = SILENT

    def __post_init__(self) -> None:
        check_settings({name: getattr(self, name) for name in self.__slots__})
        refuse_unknown(self.noise)

    def plan(self, people: int) -> Plan:
        """The rate, the steps and the noise for this number of units.

        Raises:
            PromiseError: if there are too few, or no noise keeps the budget.
        """
        check_budget(epsilon=self.budget.epsilon, delta=self.budget.delta, people=people)
        noise = self.noise_multiplier
        if callable(noise):
            with as_shown(self.net, self._model) as view:
                noise = noise_by(noise, view, 0)
        return planned_run(
            self.budget,
            people=people,
            batch=max(1, min(1024, people // 5)) if self.batch is None else self.batch,
            epochs=self.epochs,
            noise=noise,
            adaptive=callable(self.noise_multiplier),
        )

    def __call__(self, data: Records, *, rng: Rng, people: Array | None = None) -> Outcome[TorchModel]:
        """Train, and give the model.

        Args:
            data: the records; for persons a frame with their column, or `people` beside it.
            rng: of a rehearsal's noise, dropout and views. A real run draws nothing from it.
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
        check_records(records)
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
                run, tensors = self._begun(digest, plan, some, rng)
                loop = self._loop(run, plan, data, rng)
                check_passes(self.net, self._losses, passing(data, loop.clipper.at_once, plan))
                check_norms(loop.clipper, self._losses, some.of_units(0, min(CHECKED, some.count)))
                check_moves(self.net, self._stepper(), loop.noise.sigma / plan.batch)
            with team_of(loop.clipper, data, self.processes) as team:
                run = self._run(replace(loop, team=team), run, tensors)
        return trained(loop, run, outcome(self.noise, self._model(), self.budget, "DPSGD"))

    @property
    def _path(self) -> Path | None:
        return None if self.checkpoint is None else Path(self.checkpoint)

    @property
    def _losses(self) -> Losses:
        return self.loss or default_losses(default_loss(self.task))

    def _run(self, loop: Loop, run: Run, tensors: Mapping[str, Tensor] | None) -> Run:
        """Pay, and make all steps that are left."""
        keep(loop, run, tensors)  # before the charge, so that a run that is killed now is charged once
        payment = None
        if self.ledger is not None:
            payment = paid(
                self.ledger, run, loop.plan, budget=self.budget, source=self.source, analyst=self.analyst
            )
            payment.check_unfinished(run, self.checkpoint)
        with noting_charge(payment and charged_note(self.budget, self.checkpoint)):
            run = loop.go(run)
            loop.stepper.finish()
        if payment is not None:
            payment.settle(weights_digest(self.net))
        return run

    def _begun(self, data: str, plan: Plan, some: Rows, rng: Rng) -> tuple[Run, Mapping[str, Tensor] | None]:
        """A run that goes on, with its tensors, or a new one."""
        settings = settings_digest(self.net, {name: getattr(self, name) for name in self.__slots__})
        if self._path is not None and self._path.exists():
            return checkpoints.read(self._path, data=data, settings=settings)
        filter_ = self._filter(plan)
        run = begun(
            self.net, self._losses, some, rng, noise=self.noise, precision=self.precision,
            memory_mb=self.memory_mb, batch=-(-plan.batch * self.views // self.processes),
            most=(self.budget.unit.at_most or 1) * self.views, data=data, settings=settings,
        )  # fmt: skip
        return replace(run, order=filter_ and filter_.order), None

    def _filter(self, plan: Plan, order: int | None = None) -> RenyiFilter | None:
        if not callable(self.noise_multiplier):
            return None
        return RenyiFilter.of(self.budget, rate=plan.rate, multiplier=plan.multiplier, order=order)

    def _loop(self, run: Run, plan: Plan, data: Data, rng: Rng) -> Loop:
        stepper = self._stepper()
        groups = [group.by(way) for group, way in zip(groups_of(self.net), run.ways, strict=True)]
        numbers = sum(p.numel() for p in trainable(self.net).values())
        return Loop(
            module=self.net,
            clipper=Clipper(
                module=self.net, losses=self._losses, groups=groups, clip=self.clip, at_once=run.at_once,
                precision=self.precision,
            ),
            noise=GridNoise(multiplier=plan.multiplier, clip=self.clip, numbers=numbers),
            stepper=stepper,
            source=source_of(self.noise, rng, run.seed),
            plan=plan,
            data=data,
            spending=Spending(plan.people, self.clip) if self.individual else None,
            path=self._path,
            every=self.every,
            tap=self.tap,
            model=partial(as_shown, self.net, self._model, stepper),
            until=self.until,
            rule=self.noise_multiplier if callable(self.noise_multiplier) else None,
            filter=self._filter(plan, run.order),
        )  # fmt: skip

    def _stepper(self) -> Stepper:
        return Stepper(
            self.net, name=self.optimiser, rate=self.learning_rate, momentum=self.momentum,
            average=self.average,
        )  # fmt: skip

    def _model(self) -> TorchModel:
        loss = self.loss and MeanLoss(self.loss)
        return TorchModel(self.net, task=self.task, device=self.device, loss_function=loss)
