"""Privacy filters: whether one more adaptively chosen question keeps all answers within a budget.

An adversary asks, sees the answer, and chooses the next question and its cost by it. A theorem for costs that
were fixed beforehand says nothing then. A *filter* looks at the costs so far and refuses a question that
would overrun; what is granted is within the budget, whatever the adversary asks. `Filter` knows two ways.

**Basic composition** (Rogers, Roth, Ullman, Vadhan 2016): the epsilons add up to at most E, the deltas to
D_q.

**Zero-concentrated** (Feldman, Zrnic 2021; with deltas: Whitehouse, Ramdas, Rogers, Wu 2023): the rhos add up
to at most R, the deltas to D_q, and R is the largest rho that is (E, D - D_q)-differentially private.

Theorem. Let every question n be a mixture: with probability delta_n it shows anything, else its laws P_n on a
data set and Q_n on its neighbour are, given all earlier answers, epsilon_n-close or rho_n-concentrated. If
each run ends with one of the two ways intact, then the whole run is (E, D)-differentially private.

Proof. The deltas of each run add up to at most D_q, so that P(S) <= P'(S) + D_q with P' the part of P where
no mixture showed anything; both P' and Q' <= Q have the density w = product of (1 - delta_n) to the products
of P_n and of Q_n. Call A the runs that end with the first way intact, B the other runs. Sums only grow, so
on a run in A the first way was intact all along, and on a run in B the second.

- On A the likelihood ratio is at most exp(sum of epsilon_n) <= e^E: P'(S in A) <= e^E Q'(S in A).
- On B, stop every run before its rhos exceed R. For each a > 1 the product of (dP_n/dQ_n)^a exp(-a(a-1)
  rho_n) has, given the past, a mean of at most 1 under Q (that is the definition of rho_n), so the stopped
  runs have E_Q[(dP/dQ)^a] <= exp(a(a-1) R): they are R-concentrated as if the rhos had been fixed
  beforehand. So by the choice of R the integral of (dP - e^E dQ) where it is positive is at most D - D_q,
  and w <= 1 keeps it.

Together P(S) <= e^E Q(S) + D_q + (D - D_q). So a filter may take either way, for no delta more. It holds when
answers come late or the analysts tell each other everything: a question is chosen by what was answered
before. Interactive answers (the sparse vector technique) are charged once, before they begin; for each of
both ways by itself that is Haney et al. 2023.

Of a question the proof uses only that P_n has a part P'_n <= P_n, which lacks at most delta_n of it, and
which is below e^epsilon_n Q_n, or has moments below those of rho_n. So a workload (`workloads`) is one
question too.

Conversion (Canonne, Kamath, Steinke 2020, corollary 13): rho-zCDP is (E, d)-differentially private with
d = exp((a-1)(a rho - E)) / (a-1) * (1 - 1/a)^a, for each a > 1. Solved for rho, each a gives a rho that is
valid, and the best of them is R.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from confide.account.costs import DELTA_UNITS, MILLIONTH, MOST_EPSILON, RHO_UNITS, Cost, decimal, floored
from confide.core.budget import Budget
from confide.core.errors import BudgetError

Composition: TypeAlias = Literal["basic", "zcdp", "either"]
"""Which way the costs have to add up: sums of epsilon, of rho, or one of both."""

SAFETY = 1e-9
"""Share by which R is lowered: a million times what the floats in its formula can be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The most that the costs of granted questions may add up to; the module holds theorem and proof.

    Args:
        most_epsilon: in 1e-6; None where epsilons are not summed.
        most_rho: in 1e-12; None where rhos are not summed.
        most_delta: of all questions together, in 1e-15.

    >>> ten = Filter.of(Budget(1.0))
    >>> ten.grants(sum([Cost.pure(0.1)] * 10, Cost.nothing())), ten.grants(Cost.pure(1.000001))
    (True, False)
    """

    most_epsilon: int | None
    most_rho: int | None
    most_delta: int

    @classmethod
    def of(cls, budget: Budget, *, composition: Composition | None = None) -> Filter:
        """The filter that keeps a budget.

        Args:
            budget: its epsilon and delta are rounded down to whole units.
            composition: by itself "basic" where delta is 0, else "either". In "zcdp" and "either" half of
                delta is for the questions' own deltas, and half for the conversion of rho, which loses little
                by it: R falls as 1 / ln(1 / delta).

        Raises:
            BudgetError: for a budget that pays for no question, or "zcdp" without a delta.
        """
        epsilon = floored("epsilon", budget.epsilon, MILLIONTH)
        delta = floored("delta", budget.delta, DELTA_UNITS)
        if not 0 < epsilon <= MOST_EPSILON * MILLIONTH:
            raise BudgetError(
                f"the budget's epsilon is {budget.epsilon:g}: give at least 0.000001, the smallest that pays "
                f"for a question, and at most {MOST_EPSILON:,}, above which nothing is promised."
            )
        chosen = composition or ("either" if delta else "basic")
        if chosen == "basic":
            return cls(most_epsilon=epsilon, most_rho=None, most_delta=delta)
        if delta < 2:
            raise BudgetError(
                f"the budget's delta is {budget.delta:g}: sums of rho need a delta of at least 2e-15, such "
                "as 1e-6."
            )
        rho = rho_within(epsilon, delta - delta // 2)
        return cls(most_epsilon=epsilon if chosen == "either" else None, most_rho=rho, most_delta=delta // 2)

    def grants(self, total: Cost) -> bool:
        """Whether questions may cost this together."""
        by_epsilon = (
            self.most_epsilon is not None and total.epsilon is not None and total.epsilon <= self.most_epsilon
        )
        by_rho = self.most_rho is not None and total.rho <= self.most_rho
        return total.delta <= self.most_delta and (by_epsilon or by_rho)

    def part(self, share: Fraction) -> Filter:
        """The filter of an analyst with this share, from 0 to 1: each most times it, rounded down."""
        return Filter(
            most_epsilon=None if self.most_epsilon is None else math.floor(self.most_epsilon * share),
            most_rho=None if self.most_rho is None else math.floor(self.most_rho * share),
            most_delta=math.floor(self.most_delta * share),
        )

    def smallest(self, total: Cost, budget: Budget) -> Budget | None:
        """The smallest budget like this one that grants the total; None where none of its kind does.

        Args:
            total: of all costs.
            budget: whose filter this is.
        """
        delta = floored("delta", budget.delta, DELTA_UNITS)
        found: list[tuple[int, int]] = []
        if self.most_epsilon is not None and total.epsilon is not None:
            needed = total.delta if self.most_rho is None else 2 * total.delta
            found.append((total.epsilon, max(delta, needed)))
        if self.most_rho is not None:
            enough = max(delta, 2 * total.delta)
            found.append((epsilon_for(total.rho, enough - enough // 2), enough))
        fit = [f for f in found if 0 < f[0] <= MOST_EPSILON * MILLIONTH and f[1] < DELTA_UNITS]
        if not fit:
            return None
        epsilon, delta = min(fit)
        return Budget(epsilon / MILLIONTH, delta / DELTA_UNITS, budget.unit)

    def left(self, spent: Cost) -> Left:
        """The most that one more question may cost after these."""
        by_sum = 0
        if self.most_epsilon is not None and spent.epsilon is not None:
            by_sum = max(0, self.most_epsilon - spent.epsilon)
        rho = 0 if self.most_rho is None else max(0, self.most_rho - spent.rho)
        # The largest k with (k^2 + 1) // 2 <= rho: the cost of a pure question, rounded up as there.
        by_square = math.isqrt(2 * rho)
        return Left(epsilon=max(by_sum, by_square), rho=rho, delta=max(0, self.most_delta - spent.delta))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The most that one more question may cost, each amount by itself.

    Args:
        epsilon: of one question, in 1e-6.
        rho: of one question, in 1e-12; 0 where rhos are not summed.
        delta: beside one of both, in 1e-15.

    >>> str(Left(epsilon=250_000, rho=0, delta=0))
    'epsilon 0.25'
    """

    epsilon: int
    rho: int
    delta: int

    def __str__(self) -> str:
        words = [f"epsilon {decimal(self.epsilon, MILLIONTH)}"]
        if self.rho:
            words.append(f"rho {decimal(self.rho, RHO_UNITS)}")
        main = " or ".join(words)
        return f"{main}, delta {decimal(self.delta, DELTA_UNITS)}" if self.delta else main


def rho_within(epsilon: int, delta: int) -> int:
    """The largest rho, in 1e-12 and rounded down, that is (epsilon, delta)-differentially private.

    Args:
        epsilon: in 1e-6.
        delta: in 1e-15, above 0.

    >>> rho_within(1_000_000, 10**9) / RHO_UNITS  # epsilon 1, delta 1e-6
    0.024...
    """
    e, log_d = epsilon / MILLIONTH, math.log(delta) - math.log(DELTA_UNITS)
    rho = _rho(_peak(lambda log_order: _rho(log_order, e, log_d)), e, log_d)
    return max(0, math.floor(rho * (1 - SAFETY) * RHO_UNITS))


def epsilon_for(rho: int, delta: int) -> int:
    """The smallest epsilon, in 1e-6, within which this rho is, for a delta in 1e-15 above 0.

    >>> epsilon_for(rho_within(1_000_000, 10**9), 10**9)
    1000000
    """
    exact, log_d = rho / RHO_UNITS, math.log(delta) - math.log(DELTA_UNITS)
    order = _peak(lambda log_order: -_epsilon(log_order, exact, log_d))
    found = max(1, math.floor(_epsilon(order, exact, log_d) * MILLIONTH))
    while rho_within(found, delta) < rho:  # a step or two: the floor, and the safety of `rho_within`
        found += max(1, math.floor(found * SAFETY))
    return found


def _peak(height: Callable[[float], float]) -> float:
    """The log of (order - 1) at which something with one hill between two points of a grid is highest."""
    best = max(range(-240, 801, 5), key=lambda i: height(i / 20)) / 20
    low, high = best - 0.25, best + 0.25
    for _ in range(50):
        third = (high - low) / 3
        if height(low + third) < height(high - third):
            low += third
        else:
            high -= third
    return (low + high) / 2


def _rho(log_order: float, epsilon: float, log_delta: float) -> float:
    """The rho that the order a = 1 + exp(log_order) proves to be within epsilon and delta."""
    return (epsilon - _conversion(log_order, log_delta)) / (1 + math.exp(log_order))


def _epsilon(log_order: float, rho: float, log_delta: float) -> float:
    """The epsilon that the order a = 1 + exp(log_order) proves for rho and delta."""
    return (1 + math.exp(log_order)) * rho + _conversion(log_order, log_delta)


def _conversion(log_order: float, log_delta: float) -> float:
    """What an order a adds to a rho: (a ln(1 - 1/a) - ln(a - 1) - ln(delta)) / (a - 1)."""
    excess = math.exp(log_order)
    a = 1 + excess
    # ln of 1 - 1/a, which is (a - 1) / a: of a large order by log1p, of one near 1 by the quotient.
    log_ratio = math.log1p(-1 / a) if a > 2 else log_order - math.log(a)
    return (a * log_ratio - log_order - log_delta) / excess
