"""Balle, Wang: Improving the Gaussian Mechanism for Differential Privacy (ICML 2018)."""

from __future__ import annotations

import math

from scipy.special import log_ndtr

from confide.core.budget import Budget
from confide.core.errors import PromiseError


def gaussian_delta(epsilon: float, *, sigma: float, sensitivity: float) -> float:
    """The smallest delta for which normal noise of deviation sigma keeps epsilon.

    With s = sensitivity / sigma (in the Euclidean norm) the mechanism is (epsilon, delta)-private if and only
    if `delta >= Phi(s/2 - epsilon/s) - e^epsilon Phi(-s/2 - epsilon/s)` (Theorem 8 there).

    >>> round(gaussian_delta(1.0, sigma=1.0, sensitivity=1.0), 6)
    0.126937
    """
    s = sensitivity / sigma
    # In logarithms: for large epsilon both terms leave the range of float64.
    log_first, log_second = (float(log_ndtr(sign * s / 2 - epsilon / s)) for sign in (1, -1))
    return math.exp(log_first) * -math.expm1(min(epsilon + log_second - log_first, 0.0))


def gaussian_sigma(budget: Budget, *, sensitivity: float) -> float:
    """The least deviation of normal noise that keeps the budget; rounded up.

    Raises:
        PromiseError: if epsilon or delta is 0.

    >>> sigma = gaussian_sigma(Budget(1.0, 1e-5), sensitivity=1.0)
    >>> round(sigma, 4), gaussian_delta(1.0, sigma=sigma, sensitivity=1.0) <= 1e-5
    (3.7306, True)
    """
    if not (budget.epsilon > 0 and budget.delta > 0):
        raise PromiseError(f"normal noise keeps no budget of {budget}: give epsilon and delta above 0.")
    low, high = 0.0, 1.0
    while gaussian_delta(budget.epsilon, sigma=high, sensitivity=1.0) > budget.delta:
        low, high = high, 2 * high
    # Bisection until floating point cannot halve the interval any more.
    for _ in range(100):
        middle = (low + high) / 2
        enough = middle and gaussian_delta(budget.epsilon, sigma=middle, sensitivity=1.0) <= budget.delta
        low, high = (low, middle) if enough else (middle, high)
    return sensitivity * high * (1 + 1e-9)  # rounding in `gaussian_delta` must not break the promise
