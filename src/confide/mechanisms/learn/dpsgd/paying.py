"""The charge for a run: all that it plans to spend, before its first step, once for each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confide.account.charge import digest_of
from confide.account.costs import Cost
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.mechanisms.learn.dpsgd.checkpoint import Run
from confide.mechanisms.learn.dpsgd.moments import cost_of_run
from confide.mechanisms.learn.dpsgd.schedule import Plan

if TYPE_CHECKING:
    from confide.account.ledger import Granted, Ledger


@dataclass(frozen=True, slots=True)
class Payment:
    """A run that was paid for.

    Args:
        ledger: that paid.
        granted: the charge.
    """

    ledger: Ledger
    granted: Granted

    def settle(self, weights: str) -> None:
        """Store the digest of the trained weights as the answer to the charge."""
        if self.granted.answer is None:
            self.ledger.answer(self.granted, {"weights": weights})

    def check_unfinished(self, run: Run, checkpoint: object) -> None:
        """Refuse to go on from a checkpoint of a run whose model is known already.

        Raises:
            DataError: if it is one.
        """
        if self.granted.answer is not None and not run.ended:
            raise DataError(
                f"{checkpoint} is an earlier checkpoint of a run that has ended, and going on from it would "
                "show a second model for one charge: give another path to train, and pay, again."
            )


def paid(
    ledger: Ledger, run: Run, plan: Plan, *, budget: Budget, source: str | None, analyst: str | None
) -> Payment:
    """Charge a run, or find that it was charged before.

    Args:
        ledger: bound to the data.
        run: a run that goes on has the same name, and is charged nothing new.
        plan: all that it may do; of its rate, steps and noise follows its rho where the ledger adds up rhos.
        budget: what the whole plan is to spend.
        source: the digest that the ledger is bound to, where the records were read from a larger file; None
            if it is bound to the records.
        analyst: whose part pays.

    Raises:
        BudgetError: if the ledger does not pay for it: what is left, and what would fit.
        LedgerError: if the ledger cannot be used, or is of other data or another unit.
    """
    from confide.account.ledger import Granted

    ledger.terms.check(data=source or run.data, budget=None, unit=budget.unit, composition=None)
    parameters = {"run": run.token, "settings": run.settings}
    question = digest_of(data=run.data, text="DP-SGD", parameters=parameters)
    entries = [e for e in ledger.history() if e.question == question]
    answer = next((e.payload for e in entries if e.kind == "answered"), None)
    for entry in entries:
        if entry.kind == "charged":
            cost = Cost.nothing()
            return Payment(ledger, Granted(number=entry.number, question=question, cost=cost, answer=answer))
    asked = f"DP-SGD: {plan.steps:,} steps of {plan.batch:,} in expectation, {budget}"
    if (
        ledger.terms.most_rho is None or run.order is not None
    ):  # noise chosen on the way has no rho of its own
        cost = Cost.pure(budget.epsilon, delta=budget.delta)
    else:
        cost = cost_of_run(budget, multiplier=plan.multiplier, rate=plan.rate, steps=plan.steps)
    return Payment(ledger, ledger.charge(question, cost, analyst=analyst, asked=asked))


def charged_note(budget: Budget, checkpoint: object) -> str:
    """What an error that stops a paid run says of its charge."""
    kept = (
        "Nothing of it is kept, and to train again charges again; with a checkpoint it would go on."
        if checkpoint is None
        else f"It goes on from {checkpoint} without another charge."
    )
    return f"The run was stopped, and the ledger was charged {budget} for all that it planned. {kept}"
