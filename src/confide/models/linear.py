"""A linear classifier in plain NumPy, with everything that a white box shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import softmax

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError, KnowledgeError

LAYER = "linear"


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Logits are weights times features; two classes have one row of weights, for the second class.

    Args:
        rows: weights float64[k, d + 1], k = C, or 1 for two classes; the last column is the intercept's.
        radius: records with longer features are shortened to this length first; None = as they are.

    >>> LinearModel(np.array([[1.0, 0.0, 0.0]])).labels(np.array([[2.0, 1.0], [-2.0, 1.0]]))
    array([1, 0])
    """

    rows: Floats
    radius: float | None = None

    @property
    def task(self) -> Task:
        return "classification"

    @property
    def layers(self) -> tuple[str, ...]:
        return (LAYER,)

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        return ()

    def predict(self, x: Batch) -> Floats:
        """Logits float64[n, C]."""
        logits = features_of(x, self.radius) @ self.rows.T
        return logits if len(self.rows) > 1 else np.hstack([np.zeros_like(logits), logits])

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)

    def weights(self) -> tuple[Floats, ...]:
        return (self.rows.ravel(),)

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The weights: the intercept is penalised too."""
        return self.weights()

    def loss(self, x: Batch, y: Array) -> Floats:
        logits = self.predict(x)
        return np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        if not _chosen(layers):
            return np.empty((len(y), 0))
        error, features = self._error(x, y), features_of(x, self.radius)
        return (error[:, :, None] * features[:, None, :]).reshape(len(y), -1)

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        error, features = self._error(x, y), features_of(x, self.radius)
        return (np.linalg.norm(error, axis=1) * np.linalg.norm(features, axis=1))[:, None]

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        along = features_of(x, self.radius) @ direction[0].reshape(self.rows.shape).T
        return (along * self._error(x, y)).sum(axis=1, keepdims=True)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        if not _chosen(layers):
            return np.zeros((len(y), len(y)))
        error, features = self._error(x, y), features_of(x, self.radius)
        return (error @ error.T) * (features @ features.T)

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        return (features_of(x, self.radius) @ self.rows.T,) if _chosen(layers) else ()

    def _error(self, x: Batch, y: Array) -> Floats:
        """Probabilities less the truth, float64[n, k]."""
        answer: Floats = softmax(self.predict(x), axis=1) - (y[:, None] == np.arange(max(len(self.rows), 2)))
        return answer if len(self.rows) > 1 else answer[:, 1:]


def features_of(x: Batch, radius: float | None) -> Floats:
    """Each record's numbers, shortened to `radius`, and a 1 for the intercept: float64[n, d + 1].

    Raises:
        DataError: if they are no finite numbers.
    """
    table = x.to_numpy() if isinstance(x, pl.DataFrame) else x
    try:
        flat = table.reshape(len(table), math.prod(table.shape[1:])).astype(np.float64)
    except (TypeError, ValueError):
        raise DataError("a linear model needs numbers: encode the columns that are words.") from None
    if not np.isfinite(flat).all():
        raise DataError("a linear model needs finite numbers: fill in the features that are missing.")
    if radius is not None:
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        flat = flat / np.maximum(length / radius, 1.0)
    return np.hstack([flat, np.ones((len(flat), 1))])


def _chosen(layers: Sequence[str] | None) -> bool:
    unknown = [name for name in layers or () if name != LAYER]
    if unknown:
        raise KnowledgeError(f"there is no layer {unknown[0]!r}: the layer with parameters is {LAYER}.")
    return layers is None or bool(layers)
