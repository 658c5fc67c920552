"""What is fixed before the first step: rate, steps and noise."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.accounting import MOST_STEPS, epsilon_of, most_steps, noise_multiplier
from confide.mechanisms.learn.dpsgd.sampling import rate_of, steps_of_epochs

EPOCHS = 15
"""Where neither epochs nor noise are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is fixed before the first step.

    Args:
        people: the number of units, records or persons.
        batch: the expected sample, by which sums are divided.
        rate: the chance of each in a step.
        steps: the most that are made.
        multiplier: the noise's deviation over the sensitivity; of the first step, where a function chooses.
    """

    people: int
    batch: int
    rate: float
    steps: int
    multiplier: float


def planned_run(
    budget: Budget, *, people: int, batch: int, epochs: float | None, noise: float | None, adaptive: bool
) -> Plan:
    """The plan of a run.

    Args:
        budget: epsilon and delta.
        people: the number of units.
        batch: the expected sample.
        epochs: the most; None for 15, or with fixed noise for as many as the budget pays.
        noise: the multiplier, the first one if it is adaptive; None for the least that keeps the budget.
        adaptive: whether later steps may have other noise.

    Raises:
        PromiseError: if there are too few people, no noise keeps the budget, or it pays for no step.
    """
    rate = rate_of(batch, people)
    epsilon, delta = budget.epsilon, budget.delta
    if noise is None or adaptive:
        steps = steps_of_epochs(EPOCHS if epochs is None else epochs, rate)
        if noise is None:
            noise = noise_multiplier(epsilon=epsilon, delta=delta, rate=rate, steps=steps)
        return Plan(people=people, batch=batch, rate=rate, steps=steps, multiplier=noise)
    most = MOST_STEPS if epochs is None else steps_of_epochs(epochs, rate)
    steps = most_steps(multiplier=noise, epsilon=epsilon, delta=delta, rate=rate, at_most=most)
    if not steps:
        one = epsilon_of(multiplier=noise, delta=delta, rate=rate, steps=1)
        raise PromiseError(
            f"one step with a noise multiplier of {noise:g} costs epsilon {one:.3g}, and the budget is "
            f"{epsilon:g}: give more noise, a larger epsilon, or a smaller batch."
        )
    if epochs is None and steps == MOST_STEPS:
        raise PromiseError(
            f"with a noise multiplier of {noise:g} the budget pays for {MOST_STEPS:,} steps and more: give "
            "epochs, or less noise."
        )
    return Plan(people=people, batch=batch, rate=rate, steps=steps, multiplier=noise)
