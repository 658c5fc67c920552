"""Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (NeurIPS 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, sqrt

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.views.frequencies import MISSING, Frequencies, Genotypes

SIZE_SHARE = 9
"""One part in 10 of the sensitivity (Laplace), or of its square (Gaussian), is the number of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlleleFrequencies:
    """Publishes the allele frequencies of a pool: exactly, rounded, fewer, common ones alone, or with noise.

    *Statement.* With an epsilon, all frequencies and the number of people together are (epsilon,
    delta)-differentially private for one person more or less. The noise is Laplace where delta is 0, else
    Gaussian.

    *Proof.* At each of the k published SNPs a person adds -1, 0 or 1 to a sum: twice the share of counted
    alleles less 1. A missing genotype adds 0. To the number of people the person adds 1, which is multiplied
    by a whole number w. These k + 1 whole numbers move by at most k + w in the L1 norm, and by at most
    sqrt(k + w^2) in the Euclidean one. With discrete Laplace noise, P(i) in proportion to exp(-epsilon |i| /
    (k + w)) on each, the ratio of two tables' probabilities is at most exp(epsilon), by the triangle
    inequality. Discrete Gaussian noise keeps (epsilon, delta) for the Euclidean norm (`gaussian_sigma`,
    `discrete_gaussian`). Frequencies, the choice of common ones, rounding and the quotient follow from the
    noisy numbers alone.

    *Conditions.* The list of SNPs is public and chosen without the pool. Which of them are published
    (`at_most`) is drawn without a look at anybody. The noise is drawn exactly, in whole numbers.

    A frequency under noise takes a missing genotype as a half, an exact one leaves it out.

    Args:
        epsilon: in nats; None releases without noise, and promises nothing.
        delta: 0 for Laplace noise, above 0 for Gaussian.
        at_most: how many frequencies are published, drawn at random; None publishes all.
        decimals: that published frequencies are rounded to; None does not round.
        common: published are only frequencies from here to 1 less this, as they are about to be published;
            None publishes all. It depends on the pool, and hides rare alleles alone.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if a setting cannot be kept.

    >>> pool = Genotypes(copies=np.array([[0, 2], [1, 2]], np.int8))
    >>> AlleleFrequencies()(pool, rng=np.random.default_rng(0)).view.values.tolist()
    [0.25, 1.0]
    """

    epsilon: float | None = None
    delta: float = 0.0
    at_most: int | None = None
    decimals: int | None = None
    common: float | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.at_most is not None and self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}: publish 1 frequency or more.")
        if self.decimals is not None and not 0 <= self.decimals <= 15:
            raise PromiseError(f"decimals is {self.decimals}: give 0 to 15.")
        if self.common is not None and not 0 < self.common < 0.5:
            raise PromiseError(f"common is {self.common}: give a frequency above 0 and below 0.5.")
        if self.epsilon is None:
            if self.delta:
                raise PromiseError(f"delta {self.delta} is promised with an epsilon alone: give one.")
            return
        # Working out the noise for one number refuses what cannot be kept for more.
        if self.delta == 0:
            if not 0 < self.epsilon < inf:
                raise PromiseError(f"epsilon is {self.epsilon}: give a finite number above 0.")
            discrete_laplace(0, rate=_rate(self.epsilon, 1), words=secure_words)
        else:
            gaussian_sigma(Budget(self.epsilon, self.delta), sensitivity=1.0)

    @property
    def budget(self) -> Budget | None:
        return None if self.epsilon is None else Budget(self.epsilon, self.delta)

    def __call__(self, data: Genotypes, *, rng: Rng) -> Outcome[Frequencies]:
        """Publish the frequencies of the pool.

        Raises:
            PromiseError: if noise for so small a budget and this many SNPs is too wide to be drawn.
        """
        choosing, noising = rng.spawn(2)
        values = np.full(data.statistics, np.nan)
        chosen = chosen_of(data.statistics, self.at_most, rng=choosing)
        found, people = (
            (data.only(chosen).frequencies(), len(data))
            if self.budget is None
            else self._noisy(data.only(chosen), self.budget, noising)
        )
        found = found if self.decimals is None else np.round(found, self.decimals)
        if self.common is not None:
            found = np.where((found >= self.common) & (found <= 1 - self.common), found, np.nan)
        values[chosen] = found
        view = Frequencies(values=values, people=people, alleles=data.alleles)
        return outcome(self.noise, view, self.budget, "AlleleFrequencies")

    def _noisy(self, data: Genotypes, budget: Budget, rng: Rng) -> tuple[Floats, int]:
        """The frequencies and the number of people, of noisy sums."""
        weight, words = weight_of(data.statistics, budget.delta), words_of(self.noise, rng)
        sums = np.append(signed_sums(data), weight * len(data))
        if budget.delta == 0:
            rate = _rate(budget.epsilon, data.statistics + weight)
            noisy = (sums + discrete_laplace(len(sums), rate=rate, words=words)).astype(np.float64)
        else:
            sigma = gaussian_sigma(budget, sensitivity=sqrt(data.statistics + weight**2))
            # At most 1: sums are then whole numbers of steps, and rounding to the grid moves nobody further.
            step = min(step_for(sigma), 1.0)
            drawn = discrete_gaussian(len(sums), sigma=steps_of(sigma, step), words=words)
            noisy = off_grid(on_grid(sums, step) + drawn, step)
        people = max(1, round(float(noisy[-1]) / weight))
        return (1 + noisy[:-1] / people) / 2, people


def weight_of(statistics: int, delta: float) -> int:
    """The whole number by which the number of people is multiplied before it gets the noise of the sums.

    >>> weight_of(90, 0.0), weight_of(90, 1e-6)
    (10, 4)
    """
    return ceil(statistics / SIZE_SHARE if delta == 0 else sqrt(statistics / SIZE_SHARE))


def chosen_of(statistics: int, at_most: int | None, *, rng: Rng) -> Ints:
    """Which statistics are published, in rising order: all, or `at_most` of them drawn at random."""
    chosen = np.arange(statistics)
    if at_most is None or at_most >= statistics:
        return chosen
    return np.sort(rng.permutation(statistics)[:at_most])


def _rate(epsilon: float, sensitivity: int) -> Fraction:
    """The rate of the Laplace noise on whole numbers that move by this much in the L1 norm."""
    return rate_below(Fraction(epsilon) / sensitivity)


def signed_sums(data: Genotypes) -> Ints:
    """Per SNP the sum over people of twice their share of counted alleles less 1: int64[m].

    >>> signed_sums(Genotypes(copies=np.array([[0, 2], [1, 2], [-1, 1]], np.int8))).tolist()
    [-1, 2]
    """
    known = data.copies != MISSING
    counted = np.where(known, data.copies, 0).sum(axis=0, dtype=np.int64)
    return 2 * counted // data.alleles - known.sum(axis=0)
