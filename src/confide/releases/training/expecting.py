"""What is to be expected of a training, said or refused before the charge, from what is public alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from confide.core.errors import PromiseError
from confide.mechanisms.learn.foretelling import ENOUGH, LITTLE, foretold
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.mechanisms.learn.public_columns import PublicColumns

if TYPE_CHECKING:
    from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD

ADRIFT, LOST = 10.0, 1_000.0
"""How many times the first weights' own length noise alone may move them: much, and beyond all use."""
FAINT = 3.0
"""Gradients over noise, both over all steps, below which little is learned."""


def expected_of_regression(
    maker: GradientDescent, columns: PublicColumns, *, people: int
) -> tuple[str, bool]:
    """A forecast in a sentence, and whether it is a warning.

    Args:
        maker: of the regression.
        columns: how records are encoded.
        people: how many records, or persons, train it.

    Raises:
        PromiseError: if nothing would be learned.
    """
    # The forecast shows nothing of the records: a fixed seed gives the same for the same question.
    found = foretold(maker, columns, people=people, rng=np.random.default_rng(0))
    if found.kept < LITTLE:
        raise PromiseError(
            f"at epsilon {maker.budget.epsilon:g} the noise drowns what {people:,} could teach: {found}. "
            f"{found.remedy.capitalize()}."
        )
    if found.kept < ENOUGH:
        return f"the noise will cost much: {found}; {found.remedy}", True
    return f"forecast: {found}", False


def expected_of_module(private: DPSGD, *, people: int) -> tuple[str, bool]:
    """How long noise and gradients are against each other, in a sentence, and whether it is a warning.

    Args:
        private: the training, with its module as it begins.
        people: how many records, or persons, train it.

    Raises:
        PromiseError: if noise alone would move the weights beyond all use.
    """
    plan = private.plan(people)
    parameters = [p.detach() for p in private.net.parameters() if p.requires_grad]
    numbers = sum(p.numel() for p in parameters)
    own = math.sqrt(sum(float(p.double().square().sum()) for p in parameters)) or 1.0
    noise = plan.multiplier * math.sqrt(numbers)
    heard = plan.batch * math.sqrt(plan.steps) / noise
    moved = private.learning_rate * private.clip * noise * math.sqrt(plan.steps) / plan.batch / own
    if moved > LOST:
        raise PromiseError(
            f"with a learning rate of {private.learning_rate:g} noise alone would move the weights by "
            f"{moved:,.0f} times their own length, and nothing would be learned: give some "
            f"{float(f'{private.learning_rate / moved:.1g}'):g}."
        )
    said = (
        f"over {plan.steps:,} steps the gradients add up to at most {heard:.3g} times the noise, and noise "
        f"alone moves the weights by {moved:.2g} times their own length"
    )
    if moved > ADRIFT:
        return (
            f"{said}: a learning rate of some {private.learning_rate / moved:.1g} would move them once",
            True,
        )
    if heard < FAINT:
        enough = float(f"{people * FAINT / heard:.2g}")
        return f"{said}: some {enough:,.0f} records would do, or a larger epsilon", True
    return f"forecast: {said}", False
