"""Charging a training or a synthesis to the ledger of a budget before its first step, with its whole cost."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from confide.account.charge import answered, digest_of
from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Cost
from confide.account.filters import Left
from confide.core.budget import Budget
from confide.core.errors import BudgetError, LedgerError
from confide.mechanisms.noise.gaussian import gaussian_delta

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


def charged(
    ledger: Ledger | None,
    budget: Budget,
    *,
    mu: float | None,
    asked: str,
    settings: Mapping[str, object],
    analyst: str | None = None,
    train: Callable[[], Any],
    what: str = "training",
) -> Any:
    """What `train` returns, after the ledger paid for it; stored there before anybody sees it.

    Every call is charged, also for the same data and settings: a training draws noise of its own, and shows
    something new. An error in it costs what was charged.

    Args:
        ledger: that pays; None where nobody keeps account.
        budget: of the training, with its unit.
        mu: if the training is mu-GDP as a whole by normal noise; its rho of mu^2 / 2 is charged where the
            ledger adds up rhos. None charges epsilon and delta.
        asked: the training in words, for the history.
        settings: of the training, for its digest.
        analyst: whose part of the ledger pays, where it has parts.
        train: runs it; what it returns is of what JSON can say.
        what: it is called in messages, if it is no training.

    Raises:
        BudgetError: if the ledger does not pay for it; nothing was trained then.
        LedgerError: if the ledger hides another unit, or cannot be used.
    """
    if ledger is None:
        return train()
    # A person's column has a name in the ledger that arrays do not have: the kind has to be the same.
    if (budget.unit.kind == "person") != ledger.terms.unit.startswith("all rows of any one"):
        raise LedgerError(
            f"the ledger hides {ledger.terms.unit}, and this {what} {budget.unit}: give `person` with the "
            "records, or use a ledger of this unit."
        )
    question = digest_of(
        data=ledger.terms.data,
        text=what,
        # A number drawn now: no two of them are the same question.
        parameters={**settings, "run": secrets.token_hex(16)},
    )
    cost = cost_of(ledger, budget, mu)
    try:
        return answered(ledger, question, cost, speak=train, analyst=analyst, asked=asked).value
    except BudgetError as error:
        most = largest_epsilon(ledger.left(analyst), budget.delta, by_rho=cost.epsilon is None)
        if most is None or most >= budget.epsilon:
            raise
        raise BudgetError(f"{error} At delta {budget.delta:g} an epsilon of {most:g} fits.") from error


def largest_epsilon(left: Left, delta: float, *, by_rho: bool) -> float | None:
    """The largest epsilon of a training that what is left pays for, rounded down; None if there is none.

    Args:
        left: in the ledger.
        delta: of the training.
        by_rho: whether it is charged by its rho, as normal noise.

    >>> largest_epsilon(Left(epsilon=250_000, rho=0, delta=10**9), 1e-6, by_rho=False)
    0.25
    """
    if not by_rho:
        pays = left.epsilon > 0 and left.delta >= delta * DELTA_UNITS
        return left.epsilon / MILLIONTH if pays else None
    if left.rho < 2:
        return None
    sigma = 1 / math.sqrt(2 * (left.rho - 1) / RHO_UNITS)
    low, high = 0.0, 1.0
    while gaussian_delta(high, sigma=sigma, sensitivity=1.0) > delta:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if gaussian_delta(middle, sigma=sigma, sensitivity=1.0) > delta else (low, middle)
        )
    digits = 10.0 ** (2 - math.floor(math.log10(low))) if low > 0 else 0.0
    return math.floor(low * digits) / digits if digits else None


def cost_of(ledger: Ledger, budget: Budget, mu: float | None) -> Cost:
    """The cost of a training in the units that the ledger adds up.

    Normal noise whose shifts are at most mu deviations is mu^2 / 2-zCDP (Bun, Steinke 2016, lemma 2.5), and
    so is what is computed from it.
    """
    if mu is None or ledger.terms.most_rho is None:
        return Cost.pure(budget.epsilon, delta=budget.delta)
    # A float above the exact square: the cost is rounded up, never down.
    return Cost.concentrated(math.nextafter(mu**2 / 2, math.inf))
