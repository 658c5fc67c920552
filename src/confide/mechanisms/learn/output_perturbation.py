"""Chaudhuri, Monteleoni, Sarwate: Differentially Private Empirical Risk Minimization (JMLR 2011)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.learn.cross_entropy import codes_of, minimum
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

# Training ends when the objective's gradient is this share of one record's largest. The sensitivity grows by
# four times this share, so it is small.
SLACK = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPerturbation:
    """Trains a logistic regression to convergence, and publishes it with normal noise on every weight.

    *Statement.* The release is (epsilon, delta)-differentially private for one record more or less.

    *Proof.* Training minimises `F_D(w) = sum of l(w; z) over D + penalty/2 |w|^2`, a sum, so that the number
    of records need not be public. The gradient of one record's cross-entropy is (p - e_y) times its features
    x with a 1 for the intercept. |x|^2 <= radius^2 + 1 after shortening, and |p - e_y| <= sqrt 2 (two classes
    have one row of weights, and |p - y| <= 1). So it is at most L = sqrt(2 (radius^2 + 1)), or sqrt(radius^2
    + 1). Let w minimise F_D, and w' F_D' with D' = D + {z}. The gradient of F_D' at w is that of z alone, at
    most L long. F_D' is penalty-strongly convex, so `penalty |w - w'| <= |grad F_D'(w) - grad F_D'(w')| <=
    L`. Training ends where the computed gradient is at most SLACK L, and so the true one at most 2 SLACK L,
    by the same inequality within 2 SLACK L / penalty of the minimum. So neighbours' weights are at most S =
    (1 + 4 SLACK) L / penalty apart.

    Weights and noise are added on one grid, whose step g is a power of two that S and the budget alone fix.
    Each of m weights is rounded by at most g/2: the rounded ones are at most S + g sqrt m apart. The noise is
    discrete Gaussian with the deviation that the analytic Gaussian mechanism (Balle, Wang 2018) needs for
    that, up to two steps; `discrete_gaussian` proves that it keeps the same budget. The sum is one of whole
    numbers, and each point of the grid can be released, whatever the data are: no low bit says what the
    weights were (Mironov 2012). Prediction is post-processing.

    *Conditions.* The number of classes and of features, radius and penalty are chosen without the data. The
    features are numbers. Rounding moves the computed gradient by less than SLACK L, as it does in float64 for
    fewer than some 10^9 records. Whether training converged within its iterations is not protected.

    Args:
        budget: what is promised, hiding any one record.
        classes: the number of classes.
        penalty: of half the squared weights against the *sum* of losses (1/C of scikit-learn). A larger
            penalty means less noise, and a model that can learn less.
        radius: features longer than this are shortened to it, in training and whenever the model is asked.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget or a setting cannot be kept.
    """

    budget: Budget
    classes: int
    penalty: float
    radius: float = 1.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if self.budget.unit != Unit.record():
            raise PromiseError(
                f"noise on the weights hides any one record, not {self.budget.unit}: give Unit.record()."
            )
        for name in ("penalty", "radius"):
            if not 0 < getattr(self, name) < math.inf:
                raise PromiseError(f"{name} is {getattr(self, name)}: give a finite number above 0.")
        if self.classes < 2:
            raise PromiseError(f"classes is {self.classes}: give 2 or more.")
        refuse_unknown(self.noise)
        gaussian_sigma(self.budget, sensitivity=1.0)  # refuses epsilon or delta of 0

    @property
    def steepest(self) -> float:
        """L, the longest gradient that one record can have."""
        return math.sqrt((2 if self.classes > 2 else 1) * (self.radius**2 + 1))

    @property
    def sensitivity(self) -> float:
        """The largest distance between the weights of neighbouring data sets, before rounding."""
        return (1 + 4 * SLACK) * self.steepest / self.penalty

    @property
    def step(self) -> float:
        """The step of the grid that weights are rounded to."""
        return step_for(gaussian_sigma(self.budget, sensitivity=self.sensitivity))

    def sigma_steps(self, weights: int) -> int:
        """The deviation of the noise on each of n weights, in steps of the grid."""
        rounded = self.sensitivity + self.step * math.sqrt(weights)
        return steps_of(gaussian_sigma(self.budget, sensitivity=rounded), self.step)

    def sigma(self, weights: int) -> float:
        """The deviation of the noise on each of n weights."""
        return self.sigma_steps(weights) * self.step

    def __call__(self, data: Records, *, rng: Rng) -> Outcome[WhiteBox]:
        """Train and publish.

        Raises:
            DataError: if a label is not one of the classes, or features are not finite numbers.
            ModelError: if training does not converge; nothing is published then.
        """
        weights = on_grid(self.trained(data), self.step)
        sigma, words = self.sigma_steps(weights.size), words_of(self.noise, rng)
        noise = discrete_gaussian(weights.size, sigma=sigma, words=words).reshape(weights.shape)
        view = LinearModel(off_grid(weights + noise, self.step), radius=self.radius)
        return outcome(self.noise, view, self.budget, "OutputPerturbation")

    def trained(self, data: Records) -> Floats:
        """The weights before the noise, float64[k, d + 1]: for tests and audits, never for publication."""
        x, y = features_of(data.x, self.radius), codes_of(data.y, self.classes)
        # Two classes have one row of weights, which lowers the sensitivity.
        shape = (self.classes if self.classes > 2 else 1, x.shape[1])
        return minimum(x, y, shape=shape, penalty=self.penalty, within=SLACK * self.steepest)
