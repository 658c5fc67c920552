"""Chaudhuri, Monteleoni, Sarwate: Differentially Private Empirical Risk Minimization (JMLR 2011)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from confide.core.access import WhiteBox
from confide.core.arrays import Array, Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, ModelError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.gaussian import gaussian_sigma, secure_normal
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

# Training ends when the objective's gradient is this share of one record's largest. The sensitivity grows by
# twice this share, so it is small.
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
    L`. Training ends where the gradient is at most SLACK L, by the same inequality within SLACK L / penalty
    of the minimum. So neighbours' weights are at most (1 + 2 SLACK) L / penalty apart, and the analytic
    Gaussian mechanism (Balle, Wang 2018) does the rest: prediction is post-processing.

    *Conditions.* The number of classes and of features, radius and penalty are chosen without the data. The
    features are numbers. The proof takes arithmetic as exact; `secure_normal` says what floating point may
    leak. Whether training converged within its iterations is not protected.

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
    noise: Literal["secure", "rehearsal"] = "secure"

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
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")
        gaussian_sigma(self.budget, sensitivity=1.0)  # refuses epsilon or delta of 0

    @property
    def steepest(self) -> float:
        """L, the longest gradient that one record can have."""
        return math.sqrt((2 if self.classes > 2 else 1) * (self.radius**2 + 1))

    @property
    def sensitivity(self) -> float:
        """The largest distance between the weights of neighbouring data sets."""
        return (1 + 2 * SLACK) * self.steepest / self.penalty

    @property
    def sigma(self) -> float:
        """The deviation of the noise on each weight."""
        return gaussian_sigma(self.budget, sensitivity=self.sensitivity)

    def __call__(self, data: Records, *, rng: Rng) -> Release[WhiteBox]:
        """Train and publish.

        Raises:
            DataError: if a label is not one of the classes, or features are not finite numbers.
            ModelError: if training does not converge; nothing is published then.
        """
        weights = self.trained(data)
        secure = self.noise == "secure"
        normal = secure_normal(weights.shape) if secure else rng.standard_normal(weights.shape)
        view = LinearModel(weights + self.sigma * normal, radius=self.radius)
        return Release(view, self.budget, "OutputPerturbation")

    def trained(self, data: Records) -> Floats:
        """The weights before the noise, float64[k, d + 1]: for tests and audits, never for publication."""
        x, y = features_of(data.x, self.radius), np.asarray(data.y)
        if len(y) and not ((y >= 0) & (y < self.classes) & (y == np.floor(y))).all():
            raise DataError(
                f"labels are not all in 0..{self.classes - 1}, and the largest is {y.max()}: give codes of "
                "classes, or more classes."
            )
        # Two classes have one row of weights, which lowers the sensitivity.
        rows = self.classes if self.classes > 2 else 1
        shape = (rows, x.shape[1])

        def objective(flat: Floats) -> tuple[float, Floats]:
            return _objective(x, y, flat.reshape(shape), self.penalty)

        goal = SLACK * self.steepest
        # No stop on a small gain of the objective (ftol): the proof needs a small gradient.
        options = {"gtol": goal / math.sqrt(math.prod(shape)), "ftol": 0.0, "maxiter": 20_000, "maxcor": 30}
        options["maxfun"] = 40_000
        found = minimize(objective, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
        # Checked on the gradient itself, not on what the optimiser reports; NaN fails too.
        if not np.linalg.norm(objective(found.x)[1]) <= goal:
            raise ModelError(f"training did not converge with penalty {self.penalty}: give a larger one.")
        return found.x.reshape(shape)


def _objective(x: Floats, y: Array, weights: Floats, penalty: float) -> tuple[float, Floats]:
    """The sum of losses with the penalty, and its gradient, flattened."""
    logits = x @ weights.T
    if len(weights) == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    truth = y[:, None] == np.arange(logits.shape[1])
    loss = np.logaddexp.reduce(logits, axis=1) - logits[truth]
    error = (softmax(logits, axis=1) - truth)[:, -len(weights) :]
    value = float(loss.sum() + penalty / 2 * (weights**2).sum())
    return value, (error.T @ x + penalty * weights).ravel()
