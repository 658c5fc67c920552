"""Linear model of a trait: logistic, multinomial or ridge regression, which gives the log-odds of claims."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from confide.attacks.attribute.likes._item_matrix import Sparse
from confide.core.arrays import Array, Bools, Floats
from confide.core.errors import ModelError
from confide.knowledge.likes import Kind

# Training ends where the gradient's largest component is this small; the AUC moves by less than 0.001.
CLOSE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class TraitModel:
    """Linear model of a trait.

    Args:
        kind: as in `Panel`.
        weights: float64[f, r]; r = C for several classes, else 1.
        intercept: float64[r]; together with the weights it gives the log-odds of yes, a logit for each class,
            or the number.
        prior: float64[r], the answer for a person of whom nothing is known: the log-odds or the logarithms of
            the classes' shares alone, or the mean of the number.
    """

    kind: Kind
    weights: Floats
    intercept: Floats
    prior: Floats

    @classmethod
    def fit(cls, x: Floats | Sparse, value: Floats, *, kind: Kind, classes: int, c: float) -> TraitModel:
        """Learn from the features x [n, f], dense or sparse, and the trait of n people.

        Args:
            x: features of the panel.
            value: their trait, as in `Panel`.
            kind: as in `Panel`.
            classes: C, the number of classes.
            c: 1 / the weight of half the squared weights against the sum of losses; the intercept is free.

        Raises:
            ModelError: if training fails.
        """
        if kind == "number":
            return cls(kind, *_ridge(x, value, c), np.array([value.mean()]))
        count = np.bincount(value.astype(np.int64), minlength=classes).astype(np.float64)
        with np.errstate(divide="ignore"):
            shares = np.log(count / count.sum())  # -inf for a class that nobody in the panel has
        prior = np.array([shares[1] - shares[0]]) if kind == "binary" else shares
        return cls(kind, *_logistic(x, value, kind, classes, c), prior)

    def __call__(self, x: Floats | Sparse, *, blank: Bools) -> Floats:
        """The answer about each person, float64[n, r]; the prior for those who are `blank`."""
        said = np.asarray(x @ self.weights) + self.intercept
        said[blank] = self.prior
        return said


def log_odds(said: Floats, claimed: Array, kind: Kind) -> Floats:
    """Confidence in the claim of this class, float64[n], from a model's answers, float64[n, r].

    Of several classes it is ln(p / (1 - p)) with p from the softmax: the claimed logit minus the log-sum-exp
    of the others. Of a number it is the number.

    >>> log_odds(np.log([[1.0, 2.0, 3.0]]), np.array([2]), "classes").round(6).tolist()
    [0.0]
    """
    if kind != "classes":
        return said[:, 0]
    rows = np.arange(len(said))
    others = said.copy()
    others[rows, claimed] = -np.inf
    top = np.maximum(others.max(axis=1), -1e300)  # -inf - (-inf) below would be NaN
    return said[rows, claimed] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))


def _logistic(x: Floats | Sparse, value: Floats, kind: Kind, classes: int, c: float) -> tuple[Floats, Floats]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    code = value.astype(np.int64)
    model = LogisticRegression(
        C=c,
        solver="newton-cg" if kind == "binary" else "lbfgs",
        tol=CLOSE,
        max_iter=1_000,
    )
    with warnings.catch_warnings():
        # A regression that stopped early would be a weaker adversary without notice.
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(x, code)
        except (ConvergenceWarning, ValueError) as why:
            raise ModelError(f"the regression on the trait did not converge ({why}): lower `c`.") from why
    coef, free = np.asarray(model.coef_), np.asarray(model.intercept_)
    if kind == "binary":
        return coef.T, free
    # A class that nobody in the panel has keeps the intercept -inf: it is never claimed with any odds.
    weights, intercept = np.zeros((x.shape[1], classes)), np.full(classes, -np.inf)
    there = model.classes_
    if len(there) == 2:  # two of the classes are in the panel: the regression has one row for both
        weights[:, there[1]], intercept[there] = coef[0], (0.0, free[0])
    else:
        weights[:, there], intercept[there] = coef.T, free
    return weights, intercept


def _ridge(x: Floats | Sparse, value: Floats, c: float) -> tuple[Floats, Floats]:
    from sklearn.linear_model import Ridge

    # The exact solver needs a dense matrix.
    solver = "sparse_cg" if hasattr(x, "tocsr") else "cholesky"
    model = Ridge(alpha=1 / c, solver=solver, tol=1e-6).fit(x, value)
    return np.asarray(model.coef_).reshape(-1, 1), np.atleast_1d(np.asarray(model.intercept_))
