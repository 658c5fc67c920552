"""Wang: Revisiting Differentially Private Linear Regression (UAI 2018), from noisy sums of products."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.learn.exact_sums import CHUNK, SAFETY, in_steps, rounded, step_of_features
from confide.mechanisms.learn.people import check_unit, people_of
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.models.linear import features_of
from confide.views.records import Records

RIDGE = 0.25
"""The ridge, as a share of the longest that the noise matrix is likely to be; chosen on ACS records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SufficientStatistics:
    """Fits a linear regression to noisy sums of products of features and targets, and publishes its weights.

    *Statement.* The release is (epsilon, delta)-differentially private for one record more or less, or for
    all records of a person where `person` is given.

    *Proof.* With x the features and a 1, |x| <= s = sqrt(radius^2 + 1), and t the target, moved and scaled by
    its bounds to [-s, s]: a record adds the matrix x x^T and the vector t x. Their squared lengths, the
    matrix's entries counted as they stand, are at most s^4 each. A person's records are divided by their
    number, so that a person adds a mean of such pairs, which is no longer. All numbers are rounded to few
    bits towards 0 first, so that sums are exact (see `GradientSums`). Of the matrix the upper triangle is
    released: noise of variance sigma^2 on the diagonal and sigma^2 / 2 above costs mu^2 = (sum of squares of
    the diagonal + 2 times those above) / sigma^2, which is |x|^4 / sigma^2; the vector's noise has variance
    sigma^2. So mu = sqrt 2 s^2 / sigma for the whole, and rounding the sums to the grid of step g adds at
    most g sqrt(m (m + 3)) to sqrt 2 s^2. Discrete noise keeps what normal noise does (`discrete_gaussian`).
    All else is computed from the release.

    The ridge is the least that makes the noisy matrix look like one without noise: a share of sigma sqrt(2
    m), the length that the noise matrix has for m features.

    *Conditions.* The number of features, radius and the target's bounds are chosen without the data.

    Args:
        budget: what is promised, hiding any one record, or all records of a person.
        low, high: bounds of the target, known without the data; values outside count as the nearer bound.
        radius: features longer than this are shortened to it.
        ridge: as a share of the length of the noise.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget or a setting cannot be kept.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-0.5, 0.5, (20_000, 2))
    >>> fit = SufficientStatistics(budget=Budget(1.0, 1e-6), low=-2, high=2, noise="rehearsal")
    >>> fit(Records(x, x[:, 0] - x[:, 1] + 0.5), rng=rng).view.round(1).tolist()
    [1.0, -1.0, 0.5]
    """

    budget: Budget
    low: float
    high: float
    radius: float = 1.0
    ridge: float = RIDGE
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        check_unit(self.budget)
        if not 0 < self.radius < math.inf or not 0 < self.ridge < math.inf:
            raise PromiseError(f"radius is {self.radius}, ridge {self.ridge}: give finite numbers above 0.")
        if not -math.inf < self.low < self.high < math.inf:
            raise PromiseError(
                f"bounds of the target are {self.low} and {self.high}: give two finite numbers, the lower "
                "one first."
            )
        refuse_unknown(self.noise)
        gaussian_sigma(self.budget, sensitivity=1.0)  # refuses epsilon or delta of 0

    @property
    def mu(self) -> float:
        """Of the whole release; (epsilon, delta) follow from it."""
        return 1 / gaussian_sigma(self.budget, sensitivity=1.0)

    @property
    def sensitivity(self) -> float:
        """The largest distance between the sums of neighbours, before they are rounded to the grid."""
        return math.sqrt(2) * (self.radius**2 + 1) * (1 + SAFETY)

    @property
    def step(self) -> float:
        """The step of the grid that sums are rounded to."""
        return step_for(self.sensitivity / self.mu)

    def sigma_steps(self, features: int) -> int:
        """The deviation of the noise on the diagonal of an m x m matrix, in steps of the grid."""
        moved = self.step * math.sqrt(features * (features + 3))
        return steps_of((self.sensitivity + moved) / self.mu, self.step)

    def __call__(self, data: Records, *, rng: Rng, person: Ints | None = None) -> Outcome[Floats]:
        """Fit and publish the weights of the features and, last, the intercept: float64[d + 1].

        Args:
            data: records with values.
            rng: for a rehearsal.
            person: whose each record is, [n]; the promise then is for people.

        Raises:
            DataError: if features or targets are not finite numbers.
            PromiseError: if records belong to people and the budget hides records, or the other way round.
        """
        owner = people_of(person, len(data), self.budget)
        x = rounded(features_of(data.x, self.radius), self.radius)
        t = np.asarray(data.y, np.float64)
        if not np.isfinite(t).all():
            raise DataError("targets are not all finite numbers: leave such records out.")
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        size = math.sqrt(self.radius**2 + 1)
        scaled = rounded(np.clip((t - middle) / half, -1, 1) * size, self.radius)
        matrix, vector = self._noisy(x, scaled, owner, rng)
        weights = _solved(matrix, vector, self.ridge * self._length(x.shape[1])) * half / size
        weights[-1] += middle
        return outcome(self.noise, weights, self.budget, "SufficientStatistics")

    def _length(self, features: int) -> float:
        """About the spectral norm of the noise on the matrix (a Wigner matrix)."""
        return self.sigma_steps(features) * self.step * math.sqrt(2 * features)

    def _noisy(self, x: Floats, t: Floats, owner: Ints | None, rng: Rng) -> tuple[Floats, Floats]:
        m, words = x.shape[1], words_of(self.noise, rng)
        sums = in_steps(product_sums(x, t, owner, self.radius), step_of_features(self.radius) ** 2, self.step)
        sigma = self.sigma_steps(m)
        # A whole deviation, rounded up: the noise above the diagonal becomes larger, never smaller.
        above = discrete_gaussian(m * (m - 1) // 2, sigma=math.ceil(sigma / math.sqrt(2)) + 1, words=words)
        others = discrete_gaussian(2 * m, sigma=sigma, words=words)
        upper = np.zeros((m, m), np.int64)
        upper[np.triu_indices(m, 1)] = above
        upper[np.diag_indices(m)] = others[:m]
        noisy = off_grid(np.triu(sums[:, :m]) + upper, self.step)
        vector = off_grid(sums[:, m] + others[m:], self.step)
        return noisy + np.triu(noisy, 1).T, vector


def product_sums(x: Floats, t: Floats, owner: Ints | None, radius: float) -> Ints:
    """The sums of x x^T and, in the last column, of t x, in units of the squared step: int64[m, m + 1].

    Args:
        x: features with a 1, rounded, float64[n, m].
        t: targets, rounded, float64[n].
        owner: codes of people whose records are divided by their number, or None.
        radius: that both were rounded for.
    """
    both, step = np.column_stack([x, t]), step_of_features(radius)
    left = both[:, :-1]
    if owner is not None:
        # Towards 0, so that no product becomes larger.
        left = np.trunc(left / np.bincount(owner)[owner][:, None] / step) * step
    found = np.zeros((x.shape[1], x.shape[1] + 1), np.int64)
    for i in range(0, len(x), CHUNK):
        found += np.rint(left[i : i + CHUNK].T @ both[i : i + CHUNK] / step**2).astype(np.int64)
    return found


def _solved(matrix: Floats, vector: Floats, ridge: float) -> Floats:
    """The weights of a ridge regression; where noise made an eigenvalue negative, it counts as 0."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ ((vectors.T @ vector) / (np.maximum(values, 0.0) + ridge))
