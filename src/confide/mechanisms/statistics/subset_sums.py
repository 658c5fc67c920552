"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity in Private Data Analysis (TCC 2006)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, step_for
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.views.answers import Answers, AskedSubsets, Subsets


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetSums:
    """Answers subset sums: exactly, with noise that keeps a promise, or with noise of a stated deviation.

    *Statement.* With an epsilon, the release is epsilon-differentially private for what any one person's
    secret is, however many queries there are.

    *Proof.* The subsets are public. A person who is in D of them changes D answers by at most 1 each when
    their bit changes, and no other. So the table of answers, which are whole numbers, changes by at most the
    largest D in the L1 norm. Each answer gets independent noise with P(k) in proportion to exp(-epsilon |k| /
    D); the ratio of two tables' probabilities is at most e^epsilon, by the triangle inequality.

    With a delta the noise is discrete Gaussian, on a grid that whole numbers stand on. The table changes by
    at most sqrt(D) in the Euclidean norm, and the deviation is that of the analytic Gaussian mechanism for it
    (Balle, Wang 2018) and two steps of the grid; `discrete_gaussian` proves that it keeps the same budget.

    *Conditions.* The subsets were chosen without the secret. The noise is drawn exactly, in whole numbers.

    With a deviation the noise is normal and promises nothing: it is what many systems add.

    Args:
        secret: the name of the column that is counted, for the promise.
        epsilon: in nats, for all answers together; None without a promise.
        delta: of the promise; 0 for noise that needs none.
        deviation: of normal noise on each answer, in people; None for none.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if a setting cannot be kept.
    """

    secret: str = "secret"
    epsilon: float | None = None
    delta: float = 0.0
    deviation: float | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.epsilon is not None and self.deviation is not None:
            raise PromiseError(
                f"epsilon {self.epsilon} and a deviation of {self.deviation} are two noises: give one."
            )
        if self.epsilon is not None and not 0 < self.epsilon < float("inf"):
            raise PromiseError(f"epsilon is {self.epsilon}: give a finite number above 0.")
        if not 0 <= self.delta < 1 or (self.delta and self.epsilon is None):
            raise PromiseError(f"delta is {self.delta}: give a number in [0, 1), with an epsilon.")
        if self.deviation is not None:
            Law("gaussian", self.deviation)  # refuses what is no deviation

    @property
    def budget(self) -> Budget | None:
        return None if self.epsilon is None else Budget(self.epsilon, self.delta, Unit.cells([self.secret]))

    def __call__(self, data: AskedSubsets, *, rng: Rng) -> Outcome[Answers]:
        """Answer all queries."""
        noise, deviation = self._noise(data.subsets, words_of(self.noise, rng))
        view = Answers(subsets=data.subsets, answers=data.sums + noise, noise=deviation)
        return outcome(self.noise, view, self.budget, "SubsetSums")

    def _noise(self, subsets: Subsets, words: Words) -> tuple[Floats, float]:
        """The noise on each answer, float64[m], and its deviation."""
        most = max(int(subsets.memberships.max(initial=0)), 1)
        if self.epsilon is not None and self.delta:
            sigma = gaussian_sigma(Budget(self.epsilon, self.delta), sensitivity=math.sqrt(most))
            step = min(step_for(sigma), 1.0)  # a power of two: whole numbers are on the grid
            steps = steps_of(sigma, step)
            return off_grid(discrete_gaussian(len(subsets), sigma=steps, words=words), step), steps * step
        if self.epsilon is not None:
            rate = rate_below(Fraction(self.epsilon) / most)
            drawn = discrete_laplace(len(subsets), rate=rate, words=words)
            return drawn.astype(np.float64), laplace_deviation(float(rate))
        if self.deviation is not None:
            law = Law("gaussian", self.deviation)
            return off_grid(law.drawn(len(subsets), words), law.step), self.deviation
        return np.zeros(len(subsets)), 0.0


def laplace_deviation(rate: float) -> float:
    """The deviation of whole numbers with P(k) in proportion to exp(-rate |k|).

    >>> round(laplace_deviation(1e-3)) == round(2**0.5 * 1_000)
    True
    """
    return math.sqrt(0.5) / math.sinh(rate / 2)
