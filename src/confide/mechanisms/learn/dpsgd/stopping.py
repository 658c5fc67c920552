"""Stopping early, and noise that is chosen on the way, under a budget that is fixed beforehand.

Somebody looks at the weights after some steps: are they good enough, and how much noise is next? What they
decide depends on the data, through the weights. Two theorems say what that costs.

**A stop.** With noise that is fixed beforehand, the weights of all T steps *together* are (epsilon,
delta)-differentially private: the account of DP-SGD is one of every step's weights, not of the last ones. A
rule that sees nothing but those weights and public data is a function of them, and so is the number of the
step at which it stops. So the model at the stop keeps the promise of T steps, whatever the rule (closure
under post-processing). The price is that of T steps and stays it: on neighbouring data the rule may have
gone on to the end. A rule that looks at private records themselves, those that are trained on or others,
is no function of the weights, and nothing is promised then.

**A filter.** Where each step's noise is chosen by what the steps before it gave, the costs are not known
beforehand. Let a > 1 be an order that is fixed before the first step, r_t the Renyi divergence of order a of
step t with the noise that was chosen for it, and B fixed. If each run makes a step only if the divergences so
far and its own add up to B at most, then the run is (a, B)-Renyi differentially private (Feldman, Zrnic
2021).

*Proof.* Let P and Q be the laws of all that is seen, on two neighbouring data sets, and w_t = p_t / q_t the
density ratio of step t given all before. Given the past, E_Q[w_t^a] <= exp((a - 1) r_t), and r_t is known by
then. So the product of w_s^a exp(-(a - 1) r_s) over s <= t has a mean under Q that is at most 1, step by
step; a run that has stopped adds steps that show nothing. As the r_s add up to B at most on every run,
E_Q[(P / Q)^a] <= exp((a - 1) B). Both directions hold, as r_t bounds both.

(a, B)-Renyi is (epsilon, delta) with epsilon = B + log(1 - 1/a) - (log delta + log a) / (a - 1) (Canonne,
Kamath, Steinke 2020), so B is what that leaves. One order only: the best of several orders, chosen after the
run, is not covered by this proof. It is the one that pays for the most steps with the first step's noise,
which is chosen before any data is seen. A run in which noise never changes makes more steps by the first
theorem, whose account (privacy loss distributions) is exact: give a number then, and no function.

The filter's decision to end is a function of the noises chosen so far, and so of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from torch import nn

from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.optimising import Stepper
from confide.mechanisms.learn.dpsgd.renyi import ORDERS, at_delta, renyi_of_step
from confide.models.torch.model import TorchModel

Until: TypeAlias = Callable[[TorchModel, int], bool]
"""Whether to stop: (the model so far, steps made) -> bool. It may look at public data besides."""
NoiseRule: TypeAlias = Callable[[TorchModel, int], float]
"""The noise multiplier of the next steps: (the model so far, steps made) -> a number above 0."""

SAFETY = 1e-9
"""The share by which a step's divergence is raised, and a hundredth of it: far more than floats are wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenyiFilter:
    """A fully adaptive privacy filter of one Renyi order; the module holds theorem and proof.

    Args:
        order: a, a whole number, fixed before the first step.
        most: B, what divergences may add up to.
        rate: of the samples.

    >>> filter = RenyiFilter.of(Budget(1.0, 1e-5), rate=0.1, multiplier=4.0)
    >>> one = filter.cost(4.0)
    >>> filter.grants(0.0, 4.0), filter.grants(filter.most - one / 2, 4.0)
    (True, False)
    """

    order: int
    most: float
    rate: float

    @classmethod
    def of(cls, budget: Budget, *, rate: float, multiplier: float, order: int | None = None) -> RenyiFilter:
        """The filter that keeps a budget.

        Args:
            budget: epsilon and delta.
            rate: of the samples.
            multiplier: the first step's, which decides the order.
            order: of a run that goes on, instead.

        Raises:
            PromiseError: if the first step alone costs more.
        """
        most = budget.epsilon - at_delta(budget.delta)
        chosen = int(ORDERS[np.argmax(most / renyi_of_step(multiplier, rate))]) if order is None else order
        made = cls(order=chosen, most=float(most[chosen == ORDERS][0]), rate=rate)
        if order is None and not made.grants(0.0, multiplier):
            raise PromiseError(
                f"one step with a noise multiplier of {multiplier:g} costs more than {budget}: give more "
                "noise, a larger epsilon, or smaller batches."
            )
        return made

    def cost(self, multiplier: float) -> float:
        """The divergence of one step."""
        return _cost(multiplier, self.rate, self.order)

    def grants(self, spent: float, multiplier: float) -> bool:
        """Whether, after these divergences, one more step with this noise is within the budget."""
        return spent + self.cost(multiplier) <= self.most


@lru_cache(maxsize=256)
def _cost(multiplier: float, rate: float, order: int) -> float:
    exact = float(renyi_of_step(multiplier, rate, np.array([order]))[0])
    return exact * (1 + SAFETY) + SAFETY / 100


def noise_by(rule: NoiseRule, view: TorchModel, step: int) -> float:
    """The noise multiplier that a rule gives.

    Raises:
        PromiseError: if it is none.
    """
    found = float(rule(view, step))
    if not 0 < found < math.inf:
        raise PromiseError(
            f"noise_multiplier gave {found} after {step:,} steps: return a finite number above 0."
        )
    return found


@contextmanager
def as_shown(
    module: nn.Module, model: Callable[[], TorchModel], stepper: Stepper | None = None
) -> Generator[TorchModel]:
    """The model as it would be published now, in eval mode; afterwards the module is as it was.

    Args:
        module: in any modes.
        model: makes the view of it.
        stepper: whose average, where it keeps one, stands in place of the last weights.
    """
    modes = {part: part.training for part in module.modules()}
    with nullcontext() if stepper is None else stepper.shown():
        try:
            yield model()
        finally:
            for part, mode in modes.items():
                part.training = mode
