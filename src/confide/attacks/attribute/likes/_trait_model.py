"""Linear models of a trait: logistic, multinomial or ridge regression, asked for the log-odds of claims."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.arrays import Array, Bools, Floats
from confide.core.errors import ModelError
from confide.knowledge.likes import Kind

CLOSE = 1e-4
"""Training ends where the gradient's largest component is this small; the AUC moves by less than 0.001."""


@dataclass(frozen=True, slots=True, eq=False)
class TraitModel:
    """A linear model of a trait.

    Args:
        kind: as in `Panel`.
        weights: float64[f, r]; r = 1 for a yes/no trait (the log-odds of yes) and for a number, else r = C.
        intercept: float64[r].
        prior: float64[r], what is said of a person of whom nothing is known: the same from the shares of the
            classes alone, or the mean of the number.
    """

    kind: Kind
    weights: Floats
    intercept: Floats
    prior: Floats

    @classmethod
    def fit(cls, x: Any, value: Floats, *, kind: Kind, classes: int, c: float) -> TraitModel:
        """Learn from the features x [n, f], dense or sparse, and the trait of n people.

        Args:
            c: 1 / the weight of half the squared weights against the sum of losses; the intercept is free.

        Raises:
            ModelError: if training fails.
        """
        if kind == "number":
            return cls(kind, *_ridge(x, value, c), np.array([value.mean()]))
        count = np.bincount(value.astype(np.int64), minlength=classes).astype(np.float64)
        with np.errstate(divide="ignore"):
            shares = np.log(count / count.sum())
        prior = np.array([shares[1] - shares[0]]) if kind == "binary" else shares
        return cls(kind, *_logistic(x, value, kind, classes, c), prior)

    def __call__(self, x: Any, *, blank: Bools) -> Floats:
        """What it says of each person, float64[n, r]; the prior of those who are `blank`."""
        said = np.asarray(x @ self.weights) + self.intercept
        said[blank] = self.prior
        return said


def log_odds(said: Floats, claimed: Array, kind: Kind) -> Floats:
    """How sure the claim of this class is, float64[n], from what a model says, float64[n, r].

    Of several classes it is ln(p / (1 - p)) with p from the softmax, as the claimed logit minus the
    log-sum-exp of the others; of a number it is the number.

    >>> log_odds(np.log([[1.0, 2.0, 3.0]]), np.array([2]), "classes").round(6).tolist()
    [0.0]
    """
    if kind != "classes":
        return said[:, 0]
    rows = np.arange(len(said))
    others = said.copy()
    others[rows, claimed] = -np.inf
    top = np.maximum(others.max(axis=1), -1e300)
    return said[rows, claimed] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))


def _logistic(x: Any, value: Floats, kind: Kind, classes: int, c: float) -> tuple[Floats, Floats]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    code = value.astype(np.int64)
    model: Any = LogisticRegression(
        C=c, solver="newton-cg" if kind == "binary" else "lbfgs", tol=CLOSE, max_iter=1_000
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(x, code)
        except (ConvergenceWarning, ValueError) as why:
            raise ModelError(f"the regression on the trait did not end ({why}): lower `c`.") from why
    if kind == "binary":
        return model.coef_.T, model.intercept_
    weights, intercept = np.zeros((x.shape[1], classes)), np.full(classes, -np.inf)
    there = model.classes_
    if len(there) == 2:  # two of the classes are in the panel: the regression has one row for both
        weights[:, there[1]], intercept[there] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        weights[:, there], intercept[there] = model.coef_.T, model.intercept_
    return weights, intercept


def _ridge(x: Any, value: Floats, c: float) -> tuple[Floats, Floats]:
    from sklearn.linear_model import Ridge

    solver = "sparse_cg" if hasattr(x, "tocsr") else "cholesky"
    model: Any = Ridge(alpha=1 / c, solver=solver, tol=1e-6).fit(x, value)
    return model.coef_.reshape(-1, 1), np.atleast_1d(model.intercept_)
