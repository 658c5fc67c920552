"""Papernot, Steinke: Hyperparameter Tuning with Rényi Differential Privacy (ICLR 2022).

An owner who tries ten settings and shows the best has asked the data ten times. If the number of runs is
random, and nobody learns it, showing the best alone costs far less than all runs together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from confide.core.arrays import Floats
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.measure.special import log_gamma
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.noise.words import BITS, Words

ORDERS = 1 + np.geomspace(1e-2, 1e6, 400)
"""Rényi orders that are tried; each of them gives a valid epsilon."""
TAIL = 1e-11
"""The chance of more runs than the table of the law holds, and of its rounding: it is charged to delta."""
LEAST = 3e-4
"""The smallest mu of a run: no more noise can be drawn for its score."""
MOST_RUNS = 1 << 15
"""Of the table: its sums are right to TAIL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOfRuns:
    """The law of a random number of runs: truncated negative binomial, or Poisson.

    Args:
        mean: of the number of runs, above 1 for a truncated law.
        shape: eta of the truncated negative binomial, above -1: 0 is the logarithmic law, 1 the geometric
            one. Infinity is the Poisson law, which can be 0: nothing is shown then. A smaller shape costs
            less and spreads the number wider.

    Raises:
        PromiseError: if there is no such law.

    >>> NumberOfRuns(mean=10.0, shape=1.0).stop
    0.1
    """

    mean: float
    shape: float = 0.0

    def __post_init__(self) -> None:
        least = 0 if self.shape == math.inf else 1
        if not (least < self.mean <= 100 and self.shape > -1):
            raise PromiseError(
                f"runs is {self.mean}, shape {self.shape}: give a mean above {least} and up to 100, and a "
                "shape above -1."
            )

    @property
    def stop(self) -> float:
        """gamma, the parameter of the truncated negative binomial that has this mean, in (0, 1).

        Its mean is eta (1 - gamma) / (gamma (1 - gamma^eta)), and (1/gamma - 1) / ln(1/gamma) for eta 0; it
        falls as gamma grows.
        """
        if self.shape == 1:
            return 1 / self.mean
        low, high = 1e-15, 1.0  # in logarithms
        for _ in range(200):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if _mean(middle, self.shape) > self.mean else (low, middle)
        return low

    def chances(self, most: int) -> Floats:
        """P(K = k) for k = 0 .. most, float64[most + 1]."""
        k = np.arange(most + 1)
        if self.shape == math.inf:
            return np.exp(k * math.log(self.mean) - self.mean - log_gamma(k + 1.0))
        g, eta = self.stop, self.shape
        found = np.zeros(most + 1)
        k = k[1:]
        if eta == 0:
            found[1:] = np.exp(k * math.log1p(-g)) / (k * -math.log(g))
            return found
        # The product of (l + eta) / (l + 1) for l < k, where only its first factor can be negative.
        first = eta / math.expm1(-eta * math.log(g))
        rest = log_gamma(k + eta) - log_gamma(np.float64(1 + eta)) - log_gamma(k + 1.0)
        found[1:] = first * np.exp(k * math.log1p(-g) + rest)
        return found

    def drawn(self, words: Words) -> int:
        """A number of runs; nobody may learn it.

        Its law is that of `chances` but for TAIL: a word of 62 bits is compared with their sums.
        """
        below = _below(self)
        return min(int(np.searchsorted(below, float(words(1)[0]), side="right")), len(below) - 1)

    @property
    def table(self) -> int:
        """The number of runs that is exceeded with a chance below TAIL."""
        size = 64
        while 1 - self.chances(size).sum() > TAIL / 4:
            size *= 2
            if size > MOST_RUNS:
                raise PromiseError(
                    f"with shape {self.shape:g} there can be over {MOST_RUNS:,} runs: give a larger "
                    "shape, or fewer runs."
                )
        return size


def tuning_epsilon(mu: float, runs: NumberOfRuns, *, delta: float) -> float:
    """The epsilon of showing the best of a random number of runs, each of which is mu-GDP.

    *Theorem.* Let a run be (a, e(a))-Rényi private for each order a; here e(a) = a mu^2 / 2. The best of K
    runs, by any order of results, with K hidden, is (a, e')-Rényi private: for the truncated negative
    binomial with e' = e(a) + (1 + eta) ((1 - 1/b) e(b) + ln(1/gamma) / b) + ln(E K) / (a - 1), for each
    b >= 1 (theorem 2 there); for the Poisson law with e' = e(a) + E K d + ln(E K) / (a - 1), where a run is
    (ln(1 + 1/(a - 1)), d)-private (theorem 6). Order a gives epsilon = e' + ln(1 - 1/a) - ln(a delta) / (a -
    1) (Canonne, Kamath, Steinke 2020). The least over all a is taken. TAIL is taken
    from delta, and `tuning_mu` takes e^epsilon TAIL too, as both laws of K are off by it.

    Args:
        mu: of one run.
        runs: the law of their number.
        delta: of the whole.

    >>> round(tuning_epsilon(0.1, NumberOfRuns(mean=10.0), delta=1e-6), 2)
    0.74
    """
    left = delta - TAIL
    if not 0 < left < 1:
        raise PromiseError(f"delta is {delta}: give a number above {TAIL:g} and below 1.")
    less = ORDERS - 1
    spread = _spread_of_poisson(mu, runs.mean) if runs.shape == math.inf else _spread(mu, runs)
    total = ORDERS * mu**2 / 2 + spread + math.log(runs.mean) / less
    found = total + np.log1p(-1 / ORDERS) - np.log(ORDERS * left) / less
    return max(float(found.min()), 0.0)


def _spread(mu: float, runs: NumberOfRuns) -> float:
    """What the truncated law adds besides the mean's part, at each order."""
    # (1 - 1/b) b mu^2 / 2 + ln(1/gamma) / b is least at b = sqrt(2 ln(1/gamma)) / mu, or at 1.
    rarity = -math.log(runs.stop)
    b = max(1.0, math.sqrt(2 * rarity) / mu)
    return (1 + runs.shape) * ((b - 1) * mu**2 / 2 + rarity / b)


def _spread_of_poisson(mu: float, mean: float) -> Floats:
    gaps = np.log1p(1 / (ORDERS - 1)).tolist()
    return mean * np.array([gaussian_delta(gap, sigma=1.0, sensitivity=mu) for gap in gaps])


@lru_cache(maxsize=64)
def _below(runs: NumberOfRuns) -> Floats:
    """P(K <= k) as words, float64[table + 1]."""
    return np.minimum(np.cumsum(runs.chances(runs.table)), 1.0) * 2.0**BITS


@lru_cache(maxsize=64)
def tuning_mu(budget: Budget, runs: NumberOfRuns) -> float:
    """The largest mu of one run with which showing the best keeps the budget; rounded down.

    Raises:
        PromiseError: if no run is as cheap.

    >>> mu = tuning_mu(Budget(1.0, 1e-6), NumberOfRuns(mean=10.0))
    >>> tuning_epsilon(mu, NumberOfRuns(mean=10.0), delta=1e-6) <= 1.0
    True
    """
    delta = budget.delta - TAIL * math.exp(min(budget.epsilon, 500.0))
    if not 0 < delta < 1:
        raise PromiseError(
            f"delta {budget.delta:g} is too small for tuning at epsilon {budget.epsilon:g}: give a "
            "larger one."
        )
    if tuning_epsilon(LEAST, runs, delta=delta) > budget.epsilon:
        raise PromiseError(
            f"epsilon {budget.epsilon:g}, delta {budget.delta:g} do not pay for a choice among runs, however "
            "noisy: choose settings without the data."
        )
    low, high = LEAST, 1.0
    while tuning_epsilon(high, runs, delta=delta) <= budget.epsilon and high < 1e6:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        enough = tuning_epsilon(middle, runs, delta=delta) <= budget.epsilon
        low, high = (middle, high) if enough else (low, middle)
    return low * (1 - 1e-9)


def _mean(g: float, eta: float) -> float:
    if eta == 0:
        return (1 / g - 1) / -math.log(g)
    return eta * (1 - g) / (g * -math.expm1(eta * math.log(g)))
