"""What recognises: examples in, for each new picture a score for every person out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng

Seen: TypeAlias = NDArray[np.float32]
Scores: TypeAlias = Callable[[Seen], Floats]
Trainer: TypeAlias = Callable[..., Scores]
"""(examples float32[n, c, h, w], people int64[n], rng) -> scores float64[m, people] of others."""

DIRECTIONS = 150
"""The linear model looks at so many principal directions."""
SHRUNK = 0.2
"""So far it shrinks their covariance towards a sphere: fixed, since copies mislead an estimate."""


def linear(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """Linear discriminants, their covariance shrunk, of principal components: eigen- and Fisherfaces.

    Scores are logarithms of posterior probabilities, up to a term that is the same for all people.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x = _flat(examples)
    directions = min(DIRECTIONS, x.shape[0] - 1, x.shape[1])
    coins = int(rng.integers(2**31))
    project: Any = PCA(directions, svd_solver="randomized", random_state=coins).fit(x)
    told: Any = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRUNK).fit(project.transform(x), people)
    return lambda asked: _columns(told.decision_function(project.transform(_flat(asked))))


def kernel(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """A support-vector machine with a Gaussian kernel, C = 100, as wide as scikit-learn's "scale".

    A person's score is the number of others whom he beats in a duel, refined by the duels' total.
    """
    from sklearn.svm import SVC

    x = _flat(examples)
    gamma = 1 / (x.shape[1] * max(float(x.var()), 1e-12))
    machine: Any = SVC(C=100, kernel="precomputed").fit(_gaussian(x, x, gamma), people)

    def scores(asked: Seen) -> Floats:
        return _columns(machine.decision_function(_gaussian(_flat(asked), x, gamma)))

    return scores


def _flat(examples: Seen) -> Seen:
    return examples.reshape(len(examples), -1)


def _gaussian(a: Seen, b: Seen, gamma: float) -> Seen:
    """exp(-gamma |a_i - b_j|^2), float32[n, m]."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.exp(-np.float32(gamma) * np.maximum(squares, 0))


def _columns(decided: Floats) -> Floats:
    """With two people scikit-learn gives one column, positive for the second."""
    return np.column_stack([-decided, decided]) if decided.ndim == 1 else decided
