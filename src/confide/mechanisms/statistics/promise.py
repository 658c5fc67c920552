"""Bun, Steinke: Concentrated Differential Privacy (TCC 2016); how a budget becomes noise on whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.views.statistics import PersonRows

IntegerLaw = LaplaceIntegers | GaussianIntegers
"""Noise on whole numbers, and its exact law."""
LESS = np.geomspace(1e-4, 1e8, 20_000)
"""Orders that are tried, less 1."""
LARGEST = 500
"""Of epsilon: above, a promise says nothing, and the chance of noise is no float64 any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The settings of every private statistic: its budget, whom it protects, and where its noise comes from.

    Args:
        epsilon: in nats, for everything that is released together.
        delta: 0 for discrete Laplace noise, above 0 for discrete Gaussian noise.
        at_most: rows of one person that count; of more, that many are drawn at random. None where each row is
            another person.
        noise: "secure" for a real release, drawn by OpenDP from the operating system's cryptographic source.
            "rehearsal" is drawn by our own samplers from `rng`, and anyone who knows the seed can replay it:
            for audits and tests only. Both have the same law.

    Raises:
        PromiseError: if a setting cannot be kept.
    """

    epsilon: float
    delta: float = 0.0
    at_most: int | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 0 < self.epsilon <= LARGEST:
            raise PromiseError(f"epsilon is {self.epsilon}: give a number above 0, at most {LARGEST}.")
        if not 0 <= self.delta < 1:
            raise PromiseError(f"delta is {self.delta}: give a number in [0, 1).")
        if self.at_most is not None and not 1 <= self.at_most < ANY_NUMBER:
            raise PromiseError(f"at_most is {self.at_most}: give a whole number from 1 to 2^31.")

    @property
    def unit(self) -> Unit:
        """Whom the release protects."""
        # However many rows a person has: they are cut at `at_most` before anything is summed.
        return Unit.record() if self.at_most is None else Unit.person("person", at_most=ANY_NUMBER)

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, self.delta, self.unit)

    @property
    def most(self) -> int:
        """K, the rows by which two neighbours differ at most, after the cut."""
        return 1 if self.at_most is None else self.at_most

    def cut(self, data: PersonRows, rng: Rng) -> PersonRows:
        """The rows that count: at most `at_most` of each person.

        Raises:
            PromiseError: if rows belong to people and no bound is given, or the other way round.
        """
        if self.at_most is None:
            if data.person is not None:
                raise PromiseError("rows belong to people, who can have several: give at_most.")
            return data
        if data.person is None:
            raise PromiseError(f"at_most is {self.at_most}, but no row says whose it is: give person.")
        return data.take(kept_rows(data.person, self.at_most, words_of(self.noise, rng)))

    def law(self, *, l1: int, l2_squared: int, parts: int = 1) -> IntegerLaw:
        """Noise for whole numbers that one person moves by at most l1, and l2 in the Euclidean norm.

        Args:
            l1: as it says.
            l2_squared: as it says.
            parts: into which the budget is divided evenly, where several such releases are made.

        Raises:
            PromiseError: if such noise cannot be drawn.
        """
        if self.delta == 0:
            return _laplace(l1, Fraction(self.epsilon) / parts)
        return _gaussian(l2_squared, Fraction(rho_of(self.epsilon, self.delta)) / parts)

    def drawn(self, law: IntegerLaw, n: int, rng: Rng) -> Ints:
        """n whole numbers of this law, int64[n]."""
        # Noise on zeros, added in Python's whole numbers afterwards: no sum can leave 64 bits.
        return (
            law(np.zeros(n, np.int64))
            if self.noise == "secure"
            else rehearsed(law, n, words_of("rehearsal", rng))
        )


def rehearsed(law: IntegerLaw, n: int, words: Words) -> Ints:
    """n whole numbers of this law by our own samplers, int64[n]."""
    if isinstance(law, LaplaceIntegers):
        return discrete_laplace(n, rate=rate_below(1 / Fraction(law.scale)), words=words)
    return discrete_gaussian(n, sigma=int(law.scale), words=words)


@lru_cache(maxsize=1024)
def _laplace(l1: int, epsilon: Fraction) -> LaplaceIntegers:
    return LaplaceIntegers.for_epsilon(l1=l1, epsilon=epsilon)


@lru_cache(maxsize=1024)
def _gaussian(l2_squared: int, rho: Fraction) -> GaussianIntegers:
    least = GaussianIntegers.for_rho(l2_squared=l2_squared, rho=rho)
    # A whole deviation, because the rehearsal draws no other; up, so that noise becomes larger.
    return GaussianIntegers(l2_squared, float(math.ceil(least.scale)))


@lru_cache(maxsize=1024)
def rho_of(epsilon: float, delta: float) -> float:
    """The largest rho for which rho-zero-concentrated privacy implies (epsilon, delta); rounded down.

    delta = min over a > 1 of exp((a - 1) (a rho - epsilon)) / (a - 1) (1 - 1/a)^a (Canonne, Kamath, Steinke
    2020, corollary 13). Every a gives a valid delta, so how well the minimum is found is no question of
    privacy.

    >>> round(rho_of(1.0, 1e-6), 4)
    0.0244
    """
    low, high = 0.0, epsilon
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _log_delta(middle, epsilon) <= math.log(delta) else (low, middle)
    return low * (1 - 1e-9)


def _log_delta(rho: float, epsilon: float) -> float:
    less = LESS  # a - 1
    a = 1 + less
    return float((less * (a * rho - epsilon) - np.log(less) + a * (np.log(less) - np.log(a))).min())
