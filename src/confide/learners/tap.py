"""The tap: how a private trainer shows an audit what it does, step by step.

A trainer calls it three times: once with its plan, and in every step with the gradients before they are
clipped, and with the sum after noise was added. In ordinary training the tap is `SILENT`, which does nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeVar

from confide.core.arrays import Ints
from confide.core.errors import PromiseError

G = TypeVar("G")
"""Per-example gradients: a numpy array or a torch tensor, [b, parameters]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """States what a private training accounts for, before its first step.

    Args:
        rate: the probability with which a record is in a step's batch, each by its own coin.
        multiplier: the deviation of the noise, as a multiple of the clipping norm.
        clip: the clipping norm of one record's gradient.
        steps: how many steps there are.
        batch: what the noised sum is divided by: the expected batch, a public number.

    Raises:
        PromiseError: if one of them is out of range.

    >>> TrainingPlan(rate=0.2, multiplier=1.5, clip=1.0, steps=100, batch=200.0).mu
    0.6666666666666666
    """

    rate: float
    multiplier: float
    clip: float
    steps: int
    batch: float

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise PromiseError(f"the sampling rate is {self.rate}: give a number above 0, and at most 1.")
        for name in ("multiplier", "clip", "batch"):
            if not 0 < getattr(self, name) < math.inf:
                raise PromiseError(f"{name} is {getattr(self, name)}: give a finite number above 0.")
        if self.steps < 1:
            raise PromiseError(f"the plan has {self.steps} steps: give 1 or more.")

    @property
    def mu(self) -> float:
        """The mu of one step for a record that is in its batch (Gaussian differential privacy)."""
        return 1 / self.multiplier


class Tap(Protocol):
    """What a trainer calls while it trains.

    The order is `plan` once, then for every step `gradients` and `noised`. A step whose batch is empty is a
    step too: it calls `noised`.
    """

    def plan(self, plan: TrainingPlan, model: object = None) -> None:
        """Hear what the training accounts for.

        Args:
            plan: of the training.
            model: that is trained. Of a torch module the layers are checked: those that mix records break a
                promise. Without it the audit says that it could not look.
        """
        ...

    def gradients(self, rows: Ints, gradients: G) -> G:
        """See the gradients of a batch, and give back those to go on with.

        Args:
            rows: int[b], the positions of the batch's records in the data that the trainer was given.
            gradients: [b, parameters], one a record, not yet clipped.

        Returns:
            gradients [b + k, parameters]: the trainer clips all of them, and adds them up.
        """
        ...

    def noised(self, clipped: object, noised: object, applied: object = None) -> None:
        """See a step's sum before and after noise.

        Args:
            clipped: [parameters], the sum of the clipped gradients.
            noised: [parameters], the same with noise.
            applied: [parameters], what goes to the optimiser, if it is to be checked: noised / batch.
        """
        ...


class _Silent:
    """Does nothing: training without an audit."""

    def plan(self, plan: TrainingPlan, model: object = None) -> None:
        pass

    def gradients(self, rows: Ints, gradients: G) -> G:
        return gradients

    def noised(self, clipped: object, noised: object, applied: object = None) -> None:
        pass


SILENT: Tap = _Silent()
