"""Learners from soft targets: what a party or a student is trained with when predictions are exchanged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import log_softmax, softmax

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Floats, Rng
from confide.core.errors import DataError
from confide.learners.learner import Learner
from confide.models.linear import LinearModel, features_of
from confide.models.signals import log_of
from confide.views.records import Records


class SoftLearner(Protocol):
    """A training recipe whose targets are a number for each class, as predictions of others are."""

    def fit(self, x: Batch, targets: Floats, *, rng: Rng) -> BlackBox:
        """Train one model on features [n, ...] and targets float64[n, C]; its randomness comes from `rng`."""
        ...


def probabilities(model: BlackBox, x: Batch) -> Floats:
    """The model's probability of each class, float64[n, C]."""
    return np.asarray(softmax(model.predict(x), axis=1), np.float64)


def one_hot(codes: Array, classes: int) -> Floats:
    """Labels as targets: 1 in the column of the label, float64[n, classes].

    Raises:
        DataError: if a code is not one of the classes.
    """
    if len(codes) and not (codes.min() >= 0 and codes.max() < classes):
        raise DataError(
            f"labels are {codes.min()}..{codes.max()}, and the exchange has the classes 0..{classes - 1}."
        )
    return np.eye(classes)[np.asarray(codes, np.int64)]


@dataclass(frozen=True, slots=True)
class HardTargets:
    """Trains any learner on soft targets by taking the class with the largest one as the label.

    Args:
        learner: the recipe.
    """

    learner: Learner

    def fit(self, x: Batch, targets: Floats, *, rng: Rng) -> BlackBox:
        return self.learner.fit(Records(x, targets.argmax(axis=1)), rng=rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxRegression:
    """Trains a softmax regression on soft targets, to the minimum of cross-entropy and penalty.

    Args:
        penalty: of half the squared weights, the intercepts' too, against the sum of losses.

    >>> x = np.array([[0.0], [1.0]] * 5)
    >>> made = SoftmaxRegression(penalty=1e-3).fit(x, np.eye(2)[[0, 1] * 5], rng=np.random.default_rng(0))
    >>> made.labels(x)[:2].tolist()
    [0, 1]
    """

    penalty: float = 1.0

    def fit(self, x: Batch, targets: Floats, *, rng: Rng) -> BlackBox:
        features = features_of(x, None)
        shape = (targets.shape[1], features.shape[1])
        found = minimize(
            soft_loss, np.zeros(math.prod(shape)), (features, targets, self.penalty), "L-BFGS-B", jac=True
        )
        # Two rows for two classes, unlike a model that is trained on labels.
        return LinearModel(found.x.reshape(shape))


def soft_loss(flat: Floats, x: Floats, targets: Floats, penalty: float) -> tuple[float, Floats]:
    """Cross-entropy with soft targets plus penalty, summed, and its gradient."""
    weights = flat.reshape(targets.shape[1], x.shape[1])
    logs = log_softmax(x @ weights.T, axis=1)
    slope = (np.exp(logs) * targets.sum(axis=1, keepdims=True) - targets).T @ x + penalty * weights
    return float(penalty / 2 * (flat @ flat) - (targets * logs).sum()), slope.ravel()


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRidge:
    """Trains a kernel ridge regression on soft targets, with a Gaussian kernel: one linear system.

    Targets may be noisy counts, below 0 too: squares are averaged over neighbours, as the kernel weighs them.

    Args:
        width: of the kernel exp(-|x - y|^2 / (2 width^2)), in units of the features.
        ridge: added to the kernel's diagonal; about the variance of the targets' noise over that of the
            targets.
    """

    width: float
    ridge: float = 0.1

    def fit(self, x: Batch, targets: Floats, *, rng: Rng) -> BlackBox:
        centres = _flat(x)
        kernel = gaussian_kernel(centres, centres, self.width) + self.ridge * np.eye(len(centres))
        middle = targets.mean(axis=0)
        return KernelModel(centres, np.linalg.solve(kernel, targets - middle), middle, self.width)


@dataclass(frozen=True, slots=True, eq=False)
class KernelModel:
    """A fitted kernel ridge regression; its outputs, cut to [0, 1] and scaled, are probabilities.

    Args:
        centres: float64[n, d].
        weights: float64[n, C].
        middle: float64[C], what is added.
        width: of the kernel.
    """

    centres: Floats
    weights: Floats
    middle: Floats
    width: float

    @property
    def task(self) -> Task:
        return "classification"

    def predict(self, x: Batch) -> Floats:
        cut = np.clip(self.outputs(x), 0.0, 1.0)
        return log_of(cut / np.maximum(cut.sum(axis=1, keepdims=True), 1e-9))

    def labels(self, x: Batch) -> Array:
        return self.outputs(x).argmax(axis=1)

    def outputs(self, x: Batch) -> Floats:
        """The regression's own values, float64[n, C]."""
        return gaussian_kernel(_flat(x), self.centres, self.width) @ self.weights + self.middle


def gaussian_kernel(a: Floats, b: Floats, width: float) -> Floats:
    """exp(-|x - y|^2 / (2 width^2)) for each pair of rows, float64[n, m]."""
    return np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2))


def _flat(x: Batch) -> Floats:
    numbers = np.asarray(x, np.float64)
    return numbers.reshape(len(numbers), -1)
