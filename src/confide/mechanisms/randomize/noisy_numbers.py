"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity in Private Data Analysis (TCC 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.estimate import Estimate
from confide.core.nouns import Outcome
from confide.measure.frequencies import mean_of
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.mechanisms.randomize.bounds import Bounds, noisy, numbers_of
from confide.mechanisms.randomize.columns import refuse_epsilon, replaced
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyNumbers:
    """Adds Laplace or Gaussian noise to each number of a column, within bounds that are known.

    *Statement.* With delta 0, Laplace noise: for any two numbers that a person may have, the chances of any
    released numbers differ by a factor of at most e^epsilon. With a delta above 0, Gaussian noise: (epsilon,
    delta).

    *Proof.* Numbers are cut at the bounds and rounded to a grid whose step follows from the bounds and the
    budget alone. Two of them differ by at most w whole steps. Whole numbers k are added, with P(k) in
    proportion to exp(-|k| epsilon / w), the rate rounded down: by the triangle inequality the ratio is at
    most e^epsilon [Dwork et al. 2006]. Or they are discrete normal with the deviation that keeps (epsilon,
    delta) for w steps [Balle, Wang 2018; `discrete_gaussian`].

    *Conditions.* The bounds, what a missing value counts as, and the number of rows are public and chosen
    without the data. Noisy numbers may be beyond the bounds: cut off, their mean would be biased.

    Args:
        column: its name.
        bounds: the least and the greatest number that counts.
        epsilon: above 0 and finite.
        delta: 0 for Laplace noise, above 0 for Gaussian noise.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused, or noise of this size cannot be drawn.
    """

    column: str
    bounds: Bounds
    epsilon: float
    delta: float = 0.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_epsilon(self.epsilon)
        refuse_unknown(self.noise)
        _ = self.budget, self._size  # refuse a delta or a rate that is none
        if self.law == "laplace":
            discrete_laplace(0, rate=self._rate, words=secure_words)

    @property
    def law(self) -> Literal["laplace", "gaussian"]:
        return "gaussian" if self.delta else "laplace"

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, self.delta, Unit.cells([self.column]))

    @property
    def step(self) -> float:
        """The step of the grid that the numbers and their noise stand on."""
        return step_for(self._size)

    @property
    def scale(self) -> float:
        """The mean size of Laplace noise, or the deviation of Gaussian noise."""
        return self.step * (self._sigma if self.delta else 1 / float(self._rate))

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with noise on this column.

        Raises:
            DataError: if the column is missing, holds no numbers or ranges, or misses values that the bounds
                give no number for.
        """
        steps, words = self.bounds.steps(data, self.column, self.step), words_of(self.noise, rng)
        if self.delta:
            drawn = discrete_gaussian(len(steps), sigma=self._sigma, words=words)
        else:
            drawn = discrete_laplace(len(steps), rate=self._rate, words=words)
        view = replaced(data, self.column, [noisy(self.column, steps + drawn, self.step)])
        return outcome(self.noise, view, self.budget, "NoisyNumbers")

    def estimate(self, released: Table, *, confidence: float = 0.95) -> Estimate:
        """The mean of the numbers within their bounds, from a release."""
        return mean_of(numbers_of(released, self.column), confidence=confidence)

    @property
    def _size(self) -> float:
        """About the size of the noise, from which the grid follows."""
        wide = self.bounds.high - self.bounds.low
        size = gaussian_sigma(self._normal, sensitivity=wide) if self.delta else wide / self.epsilon
        if not 2.0**-900 < size < 2.0**900:
            raise PromiseError(
                f"noise of size {size:g} cannot be drawn: give other bounds or another epsilon."
            )
        return size

    @property
    def _normal(self) -> Budget:
        return Budget(self.epsilon, self.delta)

    @property
    def _rate(self) -> Fraction:
        return rate_below(Fraction(self.epsilon) / self.bounds.widest(self.step))

    @property
    def _sigma(self) -> int:
        wide = self.bounds.widest(self.step) * self.step
        return steps_of(gaussian_sigma(self._normal, sensitivity=wide), self.step)
