"""The rho of a run of DP-SGD: its moments of every order, cut where its epsilon ends."""

from __future__ import annotations

import math

import numpy as np

from confide.account.costs import RHO_UNITS, Cost
from confide.core.arrays import Floats
from confide.core.budget import Budget

APART = 1.01
"""Each order tried over the one before: rho is that much larger than it need be at most."""
FARTHEST = 4096.0
"""No order above is tried: epsilon / a is small there."""
ERROR = 1e-12
"""What a step's moment is raised by: a thousand times what floats and the integral's sum are off in it."""
TAIL = 12.0
"""Deviations beyond the farthest shift that are integrated over; beyond stands less than 1e-30."""


def cost_of_run(budget: Budget, *, multiplier: float, rate: float, steps: int) -> Cost:
    """The cost of a run that keeps a budget, for sums of epsilon and for sums of rho.

    *Theorem.* Let P and Q be the laws of all weights on neighbours, P <= e^epsilon Q but for delta, and let
    every step be a Gaussian mechanism on a Poisson sample. Then P has a part P' that lacks at most delta,
    is below e^epsilon Q, and has for every order a > 1

        log E_Q[(dP'/dQ)^a] <= a (a - 1) rho.

    So the run costs (epsilon, delta) by one way of `confide.account.filters`, and (rho, delta) by the other.

    *Proof.* P' is the smaller of P and e^epsilon Q; it lacks what P has above e^epsilon Q, delta at most. Its
    moments are at most those of P, so at each order b

        log E_Q[(dP'/dQ)^b] <= steps K(b),

    K being those of a step, of which the direction with the sampled record in P is the larger one, and which
    add up though weights depend on earlier steps (Mironov, Talwar, Zhang 2019, theorems 4 and 5). For
    a >= b the ratio is at most e^epsilon, so the moment of order a is at most steps K(b) + epsilon (a - b);
    b = 1 gives epsilon (a - 1). The smallest of these over b, divided by a - 1, is a bound D(a) on the
    divergence of order a. As P' is no more than a probability, that divergence grows with the order: between
    two orders tried it is at most that of the larger. So rho is at most the largest D(upper) / lower over
    neighbouring orders, from 1 to the last; above the last, epsilon / a is at most epsilon / last.

    Without the cut there is no such rho of use: from some order on, the moments of a rare sample grow as if
    everybody were sampled in each step.

    Args:
        budget: of the whole run.
        multiplier: the noise's deviation over the sensitivity.
        rate: of the samples.
        steps: of the run.

    >>> whole = cost_of_run(Budget(1.0, 1e-6), multiplier=4.22, rate=0.01, steps=1000)
    >>> whole.epsilon, whole.rho < Cost.pure(1.0).rho / 10
    (1000000, True)
    """
    by_epsilon = Cost.pure(budget.epsilon, delta=budget.delta)
    last, found = 4.0, 0.0
    while found < budget.epsilon / last and last < FARTHEST:
        last *= 4
        found = _within(last, budget.epsilon, multiplier=multiplier, rate=rate, steps=steps)
    rho = math.ceil(max(found, budget.epsilon / last) * RHO_UNITS)
    return Cost(epsilon=by_epsilon.epsilon, rho=min(by_epsilon.rho, rho), delta=by_epsilon.delta)


def _within(last: float, epsilon: float, *, multiplier: float, rate: float, steps: int) -> float:
    """The largest D(upper) / lower of neighbouring orders from 1 to `last` or a little more."""
    orders: Floats = np.array([APART**i for i in range(math.ceil(math.log(last, APART)) + 1)])
    above = orders[1:]
    moments = steps * (log_moments(above, multiplier=multiplier, rate=rate) + ERROR)
    # The least of steps K(b) - epsilon b so far, b = 1 included.
    least = np.minimum.accumulate([-epsilon, *(moments - epsilon * above)])[1:]
    return float(((least + epsilon * above) / (above - 1) / orders[:-1]).max())


def log_moments(orders: Floats, *, multiplier: float, rate: float) -> Floats:
    """log E_Q[(dP/dQ)^a] of one step at each order a, float64[orders].

    Q is normal noise of deviation `multiplier` around 0, and P around 1 with probability `rate`, else 0. The
    integral is summed over evenly spaced points; of so smooth a function the sum is exact but for rounding.

    >>> float(log_moments(np.array([3.0]), multiplier=2.0, rate=1.0)[0])  # a (a - 1) / (2 sigma^2)
    0.75...
    """
    step = min(multiplier / 4, multiplier**2 / 3)
    points = np.arange(-TAIL * multiplier, float(orders.max()) + TAIL * multiplier, step)
    log_density = -((points / multiplier) ** 2) / 2 - math.log(multiplier * math.sqrt(2 * math.pi))
    outside = math.log1p(-rate) if rate < 1 else -math.inf
    loss = np.logaddexp(outside, math.log(rate) + (2 * points - 1) / (2 * multiplier**2))
    found = [a * loss + log_density for a in orders]
    tops = np.array([f.max() for f in found])  # taken out, so that no exponential overflows
    return tops + np.log([np.exp(f - top).sum() for f, top in zip(found, tops, strict=True)]) + math.log(step)
