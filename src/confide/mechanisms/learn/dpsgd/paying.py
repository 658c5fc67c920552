"""The charge for a run: all that it plans to spend, before its first step, once for each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confide.account.charge import digest_of
from confide.account.costs import Cost
from confide.core.budget import Budget
from confide.mechanisms.learn.dpsgd.moments import cost_of_run
from confide.mechanisms.learn.dpsgd.run import Plan

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


def paid(
    ledger: Ledger, *, token: str, budget: Budget, plan: Plan, data: str, source: str | None, settings: str,
    analyst: str | None, asked: str,
) -> Payment:  # fmt: skip
    """Charge a run, or find that it was charged before.

    Args:
        ledger: bound to the data.
        token: the run's name: a run that goes on has the same, and is charged nothing new.
        budget: what the whole run is planned to spend.
        plan: its rate, steps and noise, from which its rho follows where the ledger adds up rhos.
        data: the digest of the records.
        source: the digest that the ledger is bound to, where the records were read from a larger file; None
            if it is bound to the records.
        settings: the run's digest of settings.
        analyst: whose part pays.
        asked: in words, for the history.

    Raises:
        BudgetError: if the ledger does not pay for it: what is left, and what would fit.
        LedgerError: if the ledger cannot be used, or is of other data or another unit.
    """
    from confide.account.ledger import Granted

    ledger.terms.check(data=source or data, budget=None, unit=budget.unit, composition=None)
    question = digest_of(data=data, text="DP-SGD", parameters={"run": token, "settings": settings})
    entries = [e for e in ledger.history() if e.question == question]
    answer = next((e.payload for e in entries if e.kind == "answered"), None)
    for entry in entries:
        if entry.kind == "charged":
            cost = Cost.nothing()
            return Payment(ledger, Granted(number=entry.number, question=question, cost=cost, answer=answer))
    if ledger.terms.most_rho is None:
        cost = Cost.pure(budget.epsilon, delta=budget.delta)
    else:
        cost = cost_of_run(budget, multiplier=plan.multiplier, rate=plan.rate, steps=plan.steps)
    return Payment(ledger, ledger.charge(question, cost, analyst=analyst, asked=asked))
