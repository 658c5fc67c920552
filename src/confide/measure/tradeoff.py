"""Dong, Roth, Su: Gaussian Differential Privacy (JRSS B 2022): what a promise leaves an adversary.

A trade-off curve says how many members an adversary can find at most at each rate of false alarms, whatever
attack it plays. The same number at a rate k bounds rebuilding: if a guess drawn from what was known before
hits a record with probability k, no attack on the release hits it with a higher one than the curve at k
(Hayes, Mahloujifar, Balle 2023, for one record in or out of the data).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.measure.epsilon import gaussian_epsilon
from confide.measure.special import normal_cdf, normal_quantile

GRID = np.concatenate([np.linspace(0, 1, 201), np.geomspace(1, 200, 400)[1:]])
"""Epsilons at which a privacy profile is read; every one of them gives a valid bound."""


class Curve(Protocol):
    """A bound on what any adversary finds."""

    def tpr(self, fpr: float) -> float:
        """The largest rate of members found at this rate of false alarms; both in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class GaussianCurve:
    """The curve of mu-GDP: what normal noise, or any number of rounds of it, leaves exactly.

    Args:
        mu: the shift that one record makes, in deviations of the noise.

    Raises:
        EvidenceError: if mu is negative or not finite.

    >>> round(GaussianCurve(1.0).tpr(0.01), 4)
    0.0924
    """

    mu: float

    def __post_init__(self) -> None:
        if not 0 <= self.mu < math.inf:
            raise EvidenceError(f"mu is {self.mu}: give a finite number of at least 0.")

    def tpr(self, fpr: float) -> float:
        """Phi(Phi^-1(fpr) + mu)."""
        return float(normal_cdf(normal_quantile(_rate(fpr)) + self.mu))

    def epsilon(self, delta: float) -> float:
        """The smallest epsilon that holds at this delta, rounded up."""
        return gaussian_epsilon(self.mu, delta=delta, rounded_up=True)


@dataclass(frozen=True, slots=True)
class LaplaceCurve:
    """The curve of Laplace noise whose scale is the shift that one record makes, divided by epsilon.

    Args:
        epsilon: in nats.

    Raises:
        EvidenceError: if epsilon is negative or not finite.

    >>> round(LaplaceCurve(1.0).tpr(0.01), 4)
    0.0272
    """

    epsilon: float

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < math.inf:
            raise EvidenceError(f"epsilon is {self.epsilon}: give a finite number of at least 0.")

    def tpr(self, fpr: float) -> float:
        """The chance of a Laplace number above the threshold that fpr of others exceed, moved by epsilon."""
        fpr = _rate(fpr)
        if fpr <= math.exp(-self.epsilon) / 2:
            return math.exp(self.epsilon) * fpr
        if fpr <= 0.5:
            return 1 - math.exp(-self.epsilon) / (4 * fpr)
        return 1 - math.exp(-self.epsilon) * (1 - fpr)


@dataclass(frozen=True, slots=True)
class PromiseCurve:
    """The curve of (epsilon, delta): what holds for every mechanism that keeps it, however it is made.

    Args:
        epsilon: in nats.
        delta: in [0, 1).

    Raises:
        EvidenceError: if one is out of range.

    >>> round(PromiseCurve(1.0, 1e-5).tpr(0.01), 4)
    0.0272
    """

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        if not (0 <= self.epsilon < math.inf and 0 <= self.delta < 1):
            raise EvidenceError(
                f"epsilon is {self.epsilon}, delta {self.delta}: give a finite number of at least 0, and one "
                "in [0, 1)."
            )

    def tpr(self, fpr: float) -> float:
        """min(e^epsilon fpr + delta, 1 - e^-epsilon (1 - delta - fpr))."""
        return float(_of_pair(np.array([self.epsilon]), np.array([self.delta]), _rate(fpr))[0])


@dataclass(frozen=True, slots=True, eq=False)
class ProfileCurve:
    """The curve of a privacy profile: the least that its pairs (epsilon, delta) allow together.

    Args:
        epsilon: float64[k].
        delta: float64[k], that the mechanism keeps with each, in both directions of neighbours.

    Raises:
        EvidenceError: if they are no pairs.
    """

    epsilon: Floats
    delta: Floats

    def __post_init__(self) -> None:
        if self.epsilon.shape != self.delta.shape or not len(self.epsilon):
            raise EvidenceError(f"{len(self.epsilon)} epsilons, {len(self.delta)} deltas: give pairs.")

    @classmethod
    def of(cls, delta_of: Callable[[float], float]) -> ProfileCurve:
        """From the function that says delta for epsilon, read at some hundred places."""
        return cls(GRID, np.array([delta_of(float(e)) for e in GRID]))

    def tpr(self, fpr: float) -> float:
        """The least over all pairs."""
        return float(_of_pair(self.epsilon, self.delta, _rate(fpr)).min())


def gaussian_mu_for(epsilon: float, delta: float) -> float:
    """The mu of normal noise that keeps (epsilon, delta) and no less; the inverse of `gaussian_epsilon`.

    Raises:
        EvidenceError: if epsilon is not above 0, or delta not in (0, 1).

    >>> round(gaussian_mu_for(1.0, 1e-5), 4)
    0.2681
    """
    if not (0 < epsilon < math.inf and 0 < delta < 1):
        raise EvidenceError(f"epsilon is {epsilon}, delta {delta}: give one above 0, and one in (0, 1).")
    low, high = 0.0, 1.0
    while gaussian_epsilon(high, delta=delta) < epsilon:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gaussian_epsilon(middle, delta=delta) <= epsilon else (low, middle)
    return low


def gaussian_mu_within(tpr: float, fpr: float) -> float:
    """The largest mu whose curve stays at `tpr` or below it at `fpr`: Phi^-1(tpr) - Phi^-1(fpr).

    Raises:
        EvidenceError: if tpr is not above fpr, since guessing reaches fpr.

    >>> round(gaussian_mu_within(0.03, 0.01), 4)
    0.4456
    """
    if not 0 < fpr < tpr < 1:
        raise EvidenceError(
            f"the limit is {tpr:g} at {fpr:g}: give one above {fpr:g}, which guessing reaches, and below 1."
        )
    return float(normal_quantile(tpr) - normal_quantile(fpr))


def _of_pair(epsilon: Floats, delta: Floats, fpr: float) -> Floats:
    # e^epsilon overflows for epsilons that bound nothing by it; the other bound does then.
    with np.errstate(over="ignore"):
        above = np.exp(epsilon) * fpr + delta if fpr > 0 else delta
    return np.clip(np.minimum(above, 1 - np.exp(-epsilon) * np.maximum(1 - delta - fpr, 0)), 0, 1)


def _rate(fpr: float) -> float:
    if not 0 <= fpr <= 1:
        raise EvidenceError(f"a rate is {fpr}: give a number from 0 to 1.")
    return fpr
