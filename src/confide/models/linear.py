"""A linear classifier given by its weights, as a white box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError
from confide.models.chain import Chain, Factors, chosen_layers
from confide.models.linear_form import LinearForm


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A classifier whose logits are weights times features; for two classes only the second has weights.

    Args:
        rows: weights float64[k, d + 1], k = C, or 1 for two classes; the last column is the intercept.
        radius: longer feature vectors are shortened to this length first; None leaves them as they are.

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
        return ("linear",)

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        return ()

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C]."""
        logits = features_of(x, self.radius) @ self.rows.T
        # Two classes with one row of weights: the other class is the origin, with logit 0.
        return logits if len(self.rows) > 1 else np.hstack([np.zeros_like(logits), logits])

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)

    def weights(self) -> tuple[Floats, ...]:
        return self._chain.parameters()

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The weights: the intercept is penalised too."""
        return self._chain.penalty_gradient()

    def loss(self, x: Batch, y: Array) -> Floats:
        return self._chain.losses(features_of(x, self.radius) @ self.rows.T, y)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self._chain.gradient(self._factors(x, y), chosen_layers(layers, self.layers))

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        return self._chain.gradient_norms(self._factors(x, y))

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        return self._chain.gradient_along(self._factors(x, y), direction)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        return self._chain.gradient_gram(self._factors(x, y), chosen_layers(layers, self.layers))

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        answer = features_of(x, self.radius) @ self.rows.T
        return (answer,) if chosen_layers(layers, self.layers) else ()

    def linear_form(self) -> LinearForm:
        """The weights, with the intercepts apart: they are penalised like the weights."""
        weights, bias = self.rows[:, :-1], self.rows[:, -1]
        parts = replace(
            self._chain, weights=(weights,), biases=(bias,), shrunk=(weights,), shrunk_biases=(bias,)
        )
        return LinearForm(chain=parts, features=self._without_one, own_numbers=np.asarray)

    def input_gradient(self, x: Batch, y: Array) -> tuple[Floats, Floats]:
        """The loss of each record, and its gradient in the features, shaped as they are given."""
        given = np.asarray(x, np.float64)
        flat = given.reshape(len(given), -1)
        features = features_of(given, self.radius)
        (_, slope), *_ = self._factors(given, y)
        gradient = slope @ self.rows[:, :-1]
        if self.radius is not None:
            length = np.linalg.norm(flat, axis=1, keepdims=True)
            # What is shortened moves on a sphere: along itself nothing changes.
            way = flat / np.maximum(length, 1e-300)
            across = gradient - (gradient * way).sum(axis=1, keepdims=True) * way
            gradient = np.where(
                length > self.radius, across * self.radius / np.maximum(length, 1e-300), gradient
            )
        return self._chain.losses(features @ self.rows.T, y), gradient.reshape(given.shape)

    def _without_one(self, x: Batch) -> Floats:
        return features_of(x, self.radius)[:, :-1]

    @property
    def _chain(self) -> Chain:
        # The intercept is the weight of a feature that is 1, because it is penalised like the others.
        return Chain(
            weights=(self.rows,),
            biases=(None,),
            shrunk=(self.rows,),
            shrunk_biases=(np.empty(0),),
            loss="softmax" if len(self.rows) > 1 else "logistic",
            scale=np.ones(max(2, len(self.rows))),
        )

    def _factors(self, x: Batch, y: Array) -> Factors:
        return self._chain.factors(features_of(x, self.radius), y)


def features_of(x: Batch, radius: float | None) -> Floats:
    """The features of each record, shortened to `radius`, with a 1 for the intercept: float64[n, d + 1].

    Raises:
        DataError: if they are not finite numbers.
    """
    table = x.to_numpy() if isinstance(x, pl.DataFrame) else x
    try:
        flat = table.reshape(len(table), math.prod(table.shape[1:])).astype(np.float64)
    except (TypeError, ValueError):
        raise DataError("a linear model needs numbers: encode the columns that hold text.") from None
    if not np.isfinite(flat).all():
        raise DataError("a linear model needs finite numbers: fill in the missing features.")
    if radius is not None:
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        # Only longer vectors are shortened; the bound on a gradient needs no more.
        flat = flat / np.maximum(length / radius, 1.0)
    return np.hstack([flat, np.ones((len(flat), 1))])
