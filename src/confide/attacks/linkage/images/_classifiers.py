"""Classifiers of pictures: trained on examples, they give each new picture a score for every person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng

if TYPE_CHECKING:
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.svm import SVC

Seen: TypeAlias = NDArray[np.float32]
Scores: TypeAlias = Callable[[Seen], Floats]


class Trainer(Protocol):
    """Examples float32[n, c, h, w] and people int64[n] -> scores float64[m, people] of other pictures."""

    def __call__(self, examples: Seen, people: Ints, *, rng: Rng) -> Scores: ...


# Faces differ in about this many principal directions; the rest is noise, and costs time.
DIRECTIONS = 150
# The share of the covariance that is replaced by a sphere. It is fixed, because moved copies of one picture
# mislead an estimate of it.
SHRUNK = 0.2


def linear(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """Train linear discriminants on principal components, with a shrunk covariance: eigen- and Fisherfaces.

    Scores are logarithms of posterior probabilities, up to a term that is the same for all people.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x = _flat(examples)
    directions = min(DIRECTIONS, x.shape[0] - 1, x.shape[1])
    coins = int(rng.integers(2**31))
    project: PCA = PCA(directions, svd_solver="randomized", random_state=coins).fit(x)
    told: LinearDiscriminantAnalysis = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRUNK).fit(
        project.transform(x), people
    )
    return lambda asked: _columns(told.decision_function(project.transform(_flat(asked))))


def kernel(examples: Seen, people: Ints, *, rng: Rng) -> Scores:
    """Train a support-vector machine with a Gaussian kernel, C = 100, of the width "scale" of scikit-learn.

    A person's score is the number of people they win a duel against, refined by the duels' total.
    """
    from sklearn.svm import SVC

    x = _flat(examples)
    # Computed here, because scikit-learn's own "scale" is not available with a precomputed kernel.
    gamma = 1 / (x.shape[1] * max(float(x.var()), 1e-12))
    machine: SVC = SVC(C=100, kernel="precomputed").fit(_gaussian(x, x, gamma), people)

    def scores(asked: Seen) -> Floats:
        return _columns(machine.decision_function(_gaussian(_flat(asked), x, gamma)))

    return scores


def _flat(examples: Seen) -> Seen:
    return examples.reshape(len(examples), -1)


def _gaussian(a: Seen, b: Seen, gamma: float) -> Seen:
    """exp(-gamma |a_i - b_j|^2), float32[n, m]."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.exp(-np.float32(gamma) * np.maximum(squares, 0))  # rounding may leave a square below 0


def _columns(decided: Floats) -> Floats:
    """One column for each person: of two people scikit-learn gives one column, positive for the second."""
    return np.column_stack([-decided, decided]) if decided.ndim == 1 else decided
