"""What a collaboration costs: checked against its budget, and charged before the first message."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from confide.account.charge import digest_of
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.federate.protocol import AnyCollaboration, NeedsSum, Plan

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


def check_plan(protocol: AnyCollaboration, plan: Plan) -> Budget | None:
    """The promise of a whole plan, once it is known to be within the protocol's budget.

    Raises:
        PromiseError: if a round of it would exceed the budget: how many rounds fit.
    """
    promise, most = protocol.spent(plan, plan.rounds), protocol.budget
    if most is None or _within(promise, most):
        return promise
    fit = rounds_within(protocol, plan, most)
    cost = (
        "nothing bounds" if promise is None else f"epsilon {promise.epsilon:.4g}, delta {promise.delta:g} is"
    )
    advice = f"{fit:,} rounds fit" if fit else "not one round fits: give more noise"
    raise PromiseError(
        f"{cost} what {plan.rounds:,} rounds of {protocol.name} cost, and the budget is epsilon "
        f"{most.epsilon:g}, delta {most.delta:g}: {advice}, or give a larger budget."
    )


def rounds_within(protocol: AnyCollaboration, plan: Plan, budget: Budget) -> int:
    """The largest number of rounds, up to those of the plan, that a budget pays for; by bisection."""
    low, high = 0, plan.rounds + 1
    while high > low + 1:
        middle = (low + high) // 2
        if _within(protocol.spent(plan, middle), budget):
            low = middle
        else:
            high = middle
    return low


def pay(
    ledger: Ledger,
    protocol: AnyCollaboration,
    plan: Plan,
    promise: Budget | None,
    *,
    analyst: str | None,
    run: str | None = None,
) -> None:
    """Charge all rounds of a plan at once.

    The epsilon of several rounds together is no sum of numbers for each, so that a plan is one question. What
    is charged is never given back: a round whose uploads were lost has been seen by somebody.

    Args:
        ledger: that pays; its unit must be the promise's.
        protocol, plan: what is run.
        promise: of the whole plan.
        analyst: whose part pays.
        run: a name that no other run has, for one that may go on after a crash: it is charged once, however
            often it is asked to pay.

    Raises:
        PromiseError: if there is no promise that could be charged.
        BudgetError: if the ledger does not pay for it.
        LedgerError: if it hides another unit, or cannot be used.
    """
    cost = protocol.cost(plan)
    if promise is None or cost is None:
        raise PromiseError(
            f"{protocol.name} promises nothing, so that no budget pays for it: run it without a ledger, or "
            "choose a protocol with a promise."
        )
    ledger.terms.check(data=ledger.terms.data, budget=None, unit=promise.unit, composition=None)
    # A number drawn now: each run draws noise of its own, and shows something new.
    settings = {"protocol": repr(protocol), "run": run or secrets.token_hex(16)}
    question = digest_of(data=ledger.terms.data, text="collaboration", parameters=settings)
    asked = f"{protocol.name}: {plan.rounds:,} rounds of {plan.clients:,} clients, {promise}"
    if isinstance(protocol, NeedsSum):
        asked += f", {protocol.assumed}"
    granted = ledger.charge(question, cost, analyst=analyst, asked=asked)
    if run is not None and granted.answer is None:
        ledger.answer(granted, {"run": run})  # what is answered is not charged again


def _within(promise: Budget | None, most: Budget) -> bool:
    if promise is None or promise.unit != most.unit:
        return False
    return promise.epsilon <= most.epsilon and promise.delta <= most.delta
