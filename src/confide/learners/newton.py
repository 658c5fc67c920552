"""Logistic and softmax regression, trained to the optimum or stopped at a stated distance from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit, logsumexp, softmax

from confide.core.arrays import Array, Floats, Rng
from confide.core.errors import ModelError
from confide.models.linear import LinearModel, features_of
from confide.views.records import Records

# Weights above this number would make a Hessian of more than 50 MB; conjugate gradients need none.
DENSE = 2_500
# L-BFGS gets this near in few steps; from here Newton's steps double the right digits each time.
NEAR = 1e-6
# A goal that is farther off is an early stop, and Newton's steps would go far beyond it.
EARLY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class NewtonRegression:
    """Minimises the sum of cross-entropies plus penalty/2 |w|^2, intercepts included, in float64.

    L-BFGS goes near the optimum and Newton's method the rest of the way. Where the goal is farther off than
    that, L-BFGS alone stops at the first step that reaches it, as training does that is stopped early.

    Args:
        classes: the number of classes; two classes have one row of weights.
        penalty: of half the squared weights, beside the *sum* of losses (1/C of scikit-learn).
        mean_gradient: training ends where the Euclidean norm of the objective's gradient, divided by the
            number of records, is at most this.
        radius: longer feature vectors are shortened to this length; None leaves them as they are.

    >>> records = Records(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1]))
    >>> model = NewtonRegression(classes=2, penalty=0.1).fit(records, rng=np.random.default_rng(0))
    >>> gradient = model.gradient(records.x, records.y).sum(0) + 0.1 * model.weights()[0]
    >>> bool(np.abs(gradient).max() < 1e-11)
    True
    """

    classes: int
    penalty: float
    mean_gradient: float = 1e-13
    radius: float | None = None
    task: Literal["classification"] = "classification"

    def fit(self, records: Records, *, rng: Rng) -> LinearModel:
        """Train; nothing is random.

        Raises:
            ModelError: if the goal is not reached.
        """
        return self.stopped(records, [self.mean_gradient])[0]

    def stopped(self, records: Records, goals: Sequence[float]) -> list[LinearModel]:
        """The models of one training run at each of these mean gradients, from the largest to the smallest.

        Raises:
            ModelError: if a goal is not reached.
        """
        n = max(len(records), 1)
        problem = _Problem(features_of(records.x, self.radius), records.y, self.classes, self.penalty)
        early = [goal * n for goal in goals if goal >= EARLY]
        polish = [goal * n for goal in goals if goal < EARLY]
        found = problem.descended([*early, *[NEAR * n] * bool(polish)])
        start = found[-1]
        models = [
            w if problem.norm(w) <= goal else problem.polished(w, goal)
            for w, goal in zip(found, early, strict=False)
        ]
        for goal in polish:
            start = start if problem.norm(start) <= goal else problem.polished(start, goal)
            models.append(start)
        return [LinearModel(w, radius=self.radius) for w in models]


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The objective, its gradient and its curvature; x has a last column of ones."""

    x: Floats
    y: Array
    classes: int
    penalty: float

    @property
    def shape(self) -> tuple[int, int]:
        return (self.classes if self.classes > 2 else 1, self.x.shape[1])

    def chances(self, w: Floats) -> Floats:
        """Probabilities of the classes that have weights, float64[n, k]."""
        z = self.x @ w.T
        return expit(z) if len(w) == 1 else softmax(z, axis=1)

    def both(self, w: Floats) -> tuple[float, Floats]:
        """The objective and its gradient."""
        z = self.x @ w.T
        if len(w) == 1:
            loss, p = np.logaddexp(0, np.where(self.y[:, None] == 1, -z, z)), expit(z)
        else:
            top = np.asarray(logsumexp(z, axis=1))
            loss, p = top - z[np.arange(len(z)), self.y], np.exp(z - top[:, None])
        first = 1 if len(w) == 1 else 0
        truth = self.y[:, None] == np.arange(first, first + len(w))
        gradient = (p - truth).T @ self.x + self.penalty * w
        return float(loss.sum() + self.penalty / 2 * (w**2).sum()), gradient

    def gradient(self, w: Floats) -> Floats:
        return self.both(w)[1]

    def norm(self, w: Floats) -> float:
        return float(np.linalg.norm(self.gradient(w)))

    def descended(self, goals: Sequence[float]) -> list[Floats]:
        """The first step of L-BFGS whose gradient is at most as long as each goal; the last step for others.

        Args:
            goals: falling.
        """
        reached = list[Floats]()
        last = [np.empty(0), np.empty(0)]  # where the gradient was asked for last, and what it was

        def both(flat: Floats) -> tuple[float, Floats]:
            value, gradient = self.both(flat.reshape(self.shape))
            last[:] = flat.copy(), gradient.ravel()
            return value, gradient.ravel()

        def enough(intermediate_result: Any) -> None:
            # Known by its name to SciPy, which passes the step under it: mostly the point asked about last.
            here = intermediate_result.x
            slope = last[1] if np.array_equal(last[0], here) else both(here)[1]
            while len(reached) < len(goals) and np.linalg.norm(slope) <= goals[len(reached)]:
                reached.append(here.reshape(self.shape).copy())
            if len(reached) == len(goals):
                raise StopIteration

        options = {"gtol": 0.0, "ftol": 0.0, "maxiter": 20_000, "maxfun": 40_000, "maxcor": 30}
        found: Any = minimize(
            both, np.zeros(self.shape).ravel(), jac=True, method="L-BFGS-B", options=options, callback=enough
        )
        return reached + [found.x.reshape(self.shape)] * (len(goals) - len(reached))

    def polished(self, w: Floats, goal: float) -> Floats:
        """Newton's steps as long as they shorten the gradient, which must end at most `goal` long."""
        for _ in range(100):
            gradient = self.gradient(w)
            step, size, now = self._newton(w, gradient), 1.0, float(np.linalg.norm(gradient))
            while size > 1e-6 and self.norm(w - size * step) >= now:
                size /= 2
            if size <= 1e-6:  # rounding allows no shorter gradient
                break
            w = w - size * step
            # Beyond the goal too: each step takes a moment, and multiplies what can be solved for.
            if self.norm(w) > now / 2:
                break
        if self.norm(w) <= goal:
            return w
        raise ModelError(
            f"training stopped at a gradient of {self.norm(w):.2g} and should reach {goal:.2g}: scale the "
            "features to about the same size, give a larger penalty, or a larger mean_gradient."
        )

    def _newton(self, w: Floats, gradient: Floats) -> Floats:
        p = self.chances(w)
        if w.size <= DENSE:
            full = np.linalg.solve(self._hessian(p), gradient.ravel())
            return np.asarray(full, np.float64).reshape(w.shape)

        def product(flat: Floats) -> Floats:
            v = flat.reshape(w.shape)
            return (self._curved(p, self.x @ v.T).T @ self.x + self.penalty * v).ravel()

        operator: Any = LinearOperator  # SciPy chooses the class by what it is given, which no type says
        curvature = operator((w.size, w.size), matvec=product, dtype=np.float64)
        step, _ = cg(curvature, gradient.ravel(), rtol=1e-4, maxiter=2_000)
        return step.reshape(w.shape)

    def _curved(self, p: Floats, z: Floats) -> Floats:
        """The derivative of the probabilities along changes z of the outputs, float64[n, k]."""
        if p.shape[1] == 1:
            return p * (1 - p) * z
        return p * (z - (p * z).sum(axis=1, keepdims=True))

    def _hessian(self, p: Floats) -> Floats:
        k, d = self.shape
        found = np.empty((k, d, k, d))
        for a in range(k):
            for b in range(a, k):
                own = p[:, a] * ((1 if a == b else 0) - p[:, b])
                found[a, :, b, :] = found[b, :, a, :] = (self.x * own[:, None]).T @ self.x
        flat = found.reshape(k * d, k * d)
        flat[np.diag_indices_from(flat)] += self.penalty
        return flat
