"""Nasr et al.: Tight Auditing of Differentially Private Machine Learning (USENIX Security 2023)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import DataError, ModelError
from confide.learners.tap import TrainingPlan

G = TypeVar("G")
LONG = 10.0
"""A canary's gradient in clipping norms: only a trainer that clips makes it one norm long."""
CLOSE = 1e-3
"""Sums that are apart by a smaller share of their length are the same but for rounding."""


@dataclass(slots=True)
class RunLog:
    """Records what a training did: sums over its steps, no step's whole gradient.

    Args:
        canaries: how many there are.
        plan: what the trainer accounts for.
        parameters: how many there are.
        batches: of each step, the positions of the records in it.
        signal: of each step float64[canaries]: the noised sum along each canary, in clipping norms.
        clean: the same before noise.
        entered: of each step bool[canaries], the canaries that were put in by the step's own coins.
        misclipped: of each step, how far the clipped sum is from that of the gradients clipped by the book,
            as a share of its length.
        misapplied: the same for what goes to the optimiser; NaN where it is not shown.
        squares, fourths, neighbours, successive: sums over all steps of the noise's powers, of products of
            neighbouring coordinates, and of products with the step before, in deviations.
        ignored: whether the trainer went on with its own gradients, in place of those that it got back.
        has_model: whether the trainer showed its model.
        mixing: names of the model's layers that mix the records of a batch.
        total: float64[parameters], the noise summed over steps, in deviations.
        first: float64[parameters], the noise of the first step, in deviations.
    """

    canaries: int
    plan: TrainingPlan | None = None
    parameters: int = 0
    batches: list[Ints] = field(default_factory=list)
    signal: list[Floats] = field(default_factory=list)
    clean: list[Floats] = field(default_factory=list)
    entered: list[Bools] = field(default_factory=list)
    misclipped: list[float] = field(default_factory=list)
    misapplied: list[float] = field(default_factory=list)
    ignored: bool = False
    has_model: bool = False
    mixing: set[str] = field(default_factory=set)
    squares: float = 0.0
    fourths: float = 0.0
    neighbours: float = 0.0
    successive: float = 0.0
    total: Floats = field(default_factory=lambda: np.zeros(0))
    first: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def steps(self) -> int:
        """How many steps there were."""
        return len(self.signal)

    def need_whole(self, name: str) -> TrainingPlan:
        """The plan; refuse a training that did not use its tap.

        Raises:
            ModelError: with what is missing.
        """
        if self.plan is None:
            raise ModelError(
                f"{name} never called tap.plan: an audit needs to know what the training accounts for. Call "
                "it before the first step."
            )
        if not self.steps:
            raise ModelError(f"{name} never called tap.noised: call it in every step, after adding noise.")
        if not any(map(len, self.batches)):
            raise ModelError(
                f"{name} never showed a gradient to tap.gradients: call it in every step before clipping, "
                "with the gradients of the batch's records."
            )
        return self.plan


class EnoughError(Exception):
    """Ends a training whose first steps are all that was to be seen."""


class Watch:
    """Watches one training, and puts the gradients of canaries in place of records' own.

    Each canary has a coordinate of the gradient to itself, so that canaries are orthogonal: its gradient is
    `LONG` clipping norms along it, with a sign of its own. All other records' gradients are 0 there, as if an
    adversary who knows them had subtracted them. What is left there is the canary, and noise.

    Args:
        known: how many of the trainer's records are no canaries; those behind them are.
        members: int[], for each record behind them, which canary it is.
        canaries: how many there are; with 0 the training is only watched, and no gradient is replaced.
        each_step: put each canary in by a fair coin of every step, not by the trainer's samples.
        looking: let a training only look, and go on with its own gradients.
        most: steps after which `EnoughError` ends the training; None for all.
        rng: draws coordinates, signs and the coins of steps.

    Raises:
        DataError: if there are more canaries than parameters.
    """

    def __init__(
        self,
        *,
        known: int,
        members: Ints,
        canaries: int,
        rng: Rng,
        each_step: bool = False,
        looking: bool = False,
        most: int | None = None,
    ) -> None:
        self.log = RunLog(canaries)
        self._known, self._members, self._each_step, self._most = known, members, each_step, most
        self._where, self._coins = rng.spawn(2)
        self._signs = np.where(self._where.random(canaries) < 0.5, -1.0, 1.0)
        self._at: Ints = np.zeros(0, np.int64)
        self._looking = looking
        # Of the step that is under way: a trainer may show its batch in parts.
        self._book: Floats | None = None
        self._own: Floats | None = None
        self._rows: list[Ints] = []
        self._entered: Bools | None = None
        self._before: Floats | None = None
        self._model: object = None

    def plan(self, plan: TrainingPlan, model: object = None) -> None:
        self.log.plan, self._model = plan, model
        self.log.has_model = model is not None

    def gradients(self, rows: Ints, gradients: G) -> G:
        plan = self._planned()
        rows = np.asarray(rows, np.int64)
        given: Any = gradients
        if given.ndim != 2 or len(given) != len(rows):
            raise ModelError(
                f"tap.gradients got gradients of shape {tuple(given.shape)} for {len(rows)} records: give "
                "one row a record, [b, parameters]."
            )
        self._placed(given.shape[1])
        self.log.mixing |= set(_mixing(self._model))
        new: Any = given.copy() if isinstance(given, np.ndarray) else given.detach().clone()
        new[:, self._at] = 0
        canary = np.flatnonzero(rows >= self._known)[: len(rows) * (self.log.canaries > 0)]
        self._replace(new, canary, self._members[rows[canary] - self._known], plan)
        self._rows.append(rows)
        if self._each_step and self._entered is None:
            self._entered = self._coins.random(self.log.canaries) < 0.5
            new = self._more(new, np.flatnonzero(self._entered), plan)
        clipped = _clipped(_array(new), plan.clip)
        self._book = clipped if self._book is None else self._book + clipped
        if self.log.canaries and not any(map(len, self.log.batches)):
            own = _clipped(_array(given), plan.clip)
            self._own = own if self._own is None else self._own + own
        return new

    def noised(self, clipped: object, noised: object, applied: object = None) -> None:
        plan, log = self._planned(), self.log
        before, after = (_array(one).astype(np.float64).ravel() for one in (clipped, noised))
        self._placed(len(before))
        rows, self._rows = self._rows, []
        book, self._book = self._book, None
        own, self._own = self._own, None
        if own is not None and book is not None:
            self._heeded(before, own, book, plan.clip)
        log.batches.append(np.concatenate([np.zeros(0, np.int64), *rows]))
        # A batch that was not shown is empty: then there is nothing to add up.
        book = np.zeros(len(before)) if book is None else book
        log.misclipped.append(_apart(before, book, plan.clip))
        entered, self._entered = self._entered, None
        log.entered.append(np.zeros(log.canaries, np.bool_) if entered is None else entered)
        log.clean.append(before[self._at] * self._signs / plan.clip)
        log.signal.append(after[self._at] * self._signs / plan.clip)
        self._noise((after - before) / (plan.multiplier * plan.clip))
        log.misapplied.append(
            math.nan
            if applied is None
            else _apart(
                _array(applied).astype(np.float64).ravel() * plan.batch, after, plan.multiplier * plan.clip
            )
        )
        if self._most is not None and log.steps >= self._most:
            raise EnoughError

    def _heeded(self, summed: Floats, own: Floats, book: Floats, clip: float) -> None:
        """See whether the gradients with canaries were added up."""
        self.log.ignored = _apart(summed, own, clip) < CLOSE < _apart(own, book, clip)
        if self.log.ignored and not self._looking:
            raise ModelError(
                "the training adds up its own gradients, not those that tap.gradients gave back: go on with "
                "them, as in `each = tap.gradients(rows, each)`. Without its canaries nothing can be seen."
            )

    def _noise(self, noise: Floats) -> None:
        log = self.log
        if self._before is None:
            log.total, log.first = np.zeros(len(noise)), noise
        else:
            log.successive += float(noise @ self._before)
        log.squares += float(noise @ noise)
        log.fourths += float((noise**2) @ (noise**2))
        log.neighbours += float(noise[1:] @ noise[:-1])
        log.total = log.total + noise
        self._before = noise

    def _planned(self) -> TrainingPlan:
        if self.log.plan is None:
            raise ModelError("the tap was used before tap.plan was called: call it before the first step.")
        return self.log.plan

    def _placed(self, parameters: int) -> None:
        if not self.log.parameters:
            if self.log.canaries > parameters:
                raise DataError(
                    f"{self.log.canaries:,} canaries do not fit a model of {parameters:,} parameters, since "
                    f"each needs a direction of its own: give at most {parameters:,}."
                )
            self.log.parameters = parameters
            self._at = self._where.permutation(parameters)[: self.log.canaries]
        elif parameters != self.log.parameters:
            raise ModelError(
                f"the tap saw gradients of {self.log.parameters:,} parameters, and now of {parameters:,}: "
                "give all trainable parameters, in one order, in every step."
            )

    def _replace(self, new: Any, places: Ints, which: Ints, plan: TrainingPlan) -> None:
        if len(places):
            new[places] = 0
            for sign in (-1.0, 1.0):
                those = self._signs[which] == sign
                new[places[those], self._at[which[those]]] = sign * LONG * plan.clip

    def _more(self, new: Any, which: Ints, plan: TrainingPlan) -> Any:
        shape = (len(which), self.log.parameters)
        if isinstance(new, np.ndarray):
            more: Any = np.zeros(shape, new.dtype)
            self._replace(more, np.arange(len(which)), which, plan)
            return np.concatenate([new, more])
        more = new.new_zeros(shape)
        self._replace(more, np.arange(len(which)), which, plan)
        import torch

        return torch.cat([new, more])


def _mixing(model: object) -> list[str]:
    """The layers of a torch module that mix records: batch norms in training mode."""
    layers: Any = getattr(model, "named_modules", None)
    if layers is None:
        return []
    return [name for name, layer in layers() if "BatchNorm" in type(layer).__name__ and layer.training]


def _array(given: object) -> Array:
    """A numpy array of what a trainer holds, be it a tensor."""
    return np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)  # pyright: ignore[reportAttributeAccessIssue]


def _clipped(each: Array, clip: float) -> Floats:
    """The sum of gradients clipped one by one; one that is not finite is left out."""
    lengths = np.sqrt(np.einsum("ij,ij->i", each, each))
    fine = np.isfinite(lengths)
    shares = np.where(fine, np.minimum(1.0, clip / np.maximum(lengths, 1e-30)), 0)
    return (shares.astype(each.dtype) @ (each if fine.all() else np.nan_to_num(each))).astype(np.float64)


def _apart(one: Floats, other: Floats, least: float) -> float:
    """How far two vectors are apart, as a share of the second one's length, or of `least` if that is more."""
    return float(np.linalg.norm(one - other) / max(float(np.linalg.norm(other)), least))
