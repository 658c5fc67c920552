"""Koskela, Jälkö, Honkela 2020: the noise with which a workload as a whole is within an epsilon.

Laplace noise is the smaller one for few questions, Gaussian noise for many. Which moves the answers less is
found from the questions alone, before any data is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from confide.account.costs import MILLIONTH, MOST_EPSILON, RHO_UNITS, Amount, Cost, decimal, whole
from confide.account.filters import rho_within
from confide.account.workloads import GaussianLoss, LaplaceLoss, Loss, cost_together
from confide.core.errors import BudgetError, PromiseError
from confide.mechanisms.statistics.intervals import LEVEL
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.releases.session.planning import Plan, plan
from confide.releases.session.prices import Price
from confide.releases.sql import Query

NEAR = 1e-4
"""How near to a wanted epsilon the search for the noise ends, as a share; never above it."""


def losses_of(plans: Iterable[Plan]) -> list[Loss]:
    """The privacy loss of every noisy vector of some plans, by the sensitivity its noise was made for."""
    found: list[Loss] = []
    for made in plans:
        for part in made.parts.values():
            match part.noise:
                case LaplaceIntegers(l1=l1, scale=scale):
                    found.append(LaplaceLoss(l1, scale))
                case GaussianIntegers(l2_squared=squared, scale=scale):
                    found.append(GaussianLoss(squared, scale))
                case other:
                    raise PromiseError(f"the loss of {type(other).__name__} is not known: ask it alone.")
    return found


def price_of_total(
    queries: Sequence[Query], total: Amount, delta: Amount, *, rhos_add_up: bool
) -> tuple[Price, str]:
    """The price of each question with which all together are within an epsilon, and why its noise was chosen.

    Of Laplace and Gaussian noise the one is taken that moves the answers less: by the geometric mean, over
    all sums, of how far they are moved at 95 %.

    Args:
        queries: what is paid for.
        total: the epsilon of all together.
        delta: at which it is counted.
        rhos_add_up: whether the ledger counts rhos alone, in which Laplace noise of an epsilon is dear.

    Raises:
        BudgetError: if the total does not pay for them.
    """
    most = whole("total", total, MILLIONTH, below=MOST_EPSILON)
    # What sums of rho prove is always enough; three times as much never is, for a delta below a half.
    units = cost_together([GaussianLoss(1, 1e6)], apart=Cost(epsilon=None, rho=1), delta=delta).delta
    low = rho_within(most, units) // len(queries)
    gaussian = None
    if low >= 1 and _together(queries, Price(rho=low), delta) <= most:
        rho = _largest(low, 3 * low, lambda rho: _together(queries, Price(rho=rho), delta) <= most)
        gaussian = Price.of(epsilon=None, rho=decimal(rho, RHO_UNITS), delta=None)
    if rhos_add_up and gaussian is not None:
        return gaussian, "The noise is Gaussian, since this ledger adds up rhos."
    laplace = _laplace(queries, most, delta, gaussian)
    price = laplace or gaussian
    if price is None:
        raise BudgetError(
            f"epsilon {decimal(most, MILLIONTH)} does not pay for {len(queries):,} questions: give more, "
            "or ask fewer."
        )
    names = ("Laplace", "Gaussian") if price is laplace else ("Gaussian", "Laplace")
    return price, f"The noise is {names[0]}: it moves these answers less than {names[1]} noise of this total."


def _laplace(queries: Sequence[Query], most: int, delta: Amount, gaussian: Price | None) -> Price | None:
    """The price of Laplace noise, in 1e-6; None where Gaussian noise moves the answers less."""
    low = most // len(queries)  # epsilons that are added up are always enough
    if low < 1:
        return None

    def enough(epsilon: int) -> bool:
        beyond = epsilon >= MOST_EPSILON * MILLIONTH
        return not beyond and _together(queries, Price(epsilon=epsilon), delta) <= most

    try:
        if gaussian is not None:
            # Widths fall as the epsilon grows, so that about here both noises are equally wide.
            equal = round(low * math.exp(_wider(queries, Price(epsilon=low), gaussian)))
            if equal > low and not enough(equal):
                return None
        high = 2 * low
        while enough(high):
            low, high = high, 2 * high
        found = Price(epsilon=_largest(low, high, enough))
        return found if gaussian is None or _wider(queries, found, gaussian) < 0 else None
    except PromiseError:  # noise of this size cannot be drawn
        return None


def _together(queries: Sequence[Query], price: Price, delta: Amount) -> int:
    """The epsilon of all questions at one price of each."""
    apart = sum([price.cost] * len(queries), Cost.nothing())
    found = cost_together(losses_of(plan(q, price) for q in queries), apart=apart, delta=delta)
    assert found.epsilon is not None
    return found.epsilon


def _wider(queries: Sequence[Query], one: Price, other: Price) -> float:
    """The mean logarithm of how much wider the noise of one price is than that of the other."""
    found: list[float] = []
    for query in queries:
        ours, theirs = plan(query, one).parts, plan(query, other).parts
        for what in ours:
            # A width of 0 is less than one step: the noise is then as good as none.
            a, b = (max(parts[what].half_width(LEVEL), 1) for parts in (ours, theirs))
            found.append(math.log(a / b))
    return math.fsum(found) / len(found)


def _largest(low: int, high: int, enough: Callable[[int], bool]) -> int:
    """Nearly the largest number that is enough, never one that is not; `low` is."""
    while high - low > max(1, NEAR * low):
        middle = (low + high) // 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low
