"""Losses and per-record gradients of linear models and plain networks, in closed form and in float64.

A chain is a sequence of layers z = W a + b, with an activation between two layers and one loss at the end.
The gradient of a record in a layer is d a^T, where d is the derivative of the record's loss in z. Norms and
inner products of gradients therefore need only a and d (`models/torch/layers.py` says more).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import expit, logsumexp, softmax

from confide.core.arrays import Array, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep

Loss: TypeAlias = Literal["softmax", "logistic", "squared"]
Factors: TypeAlias = Sequence[tuple[Floats, Floats]]
"""For each layer the a and the d of n records: [n, inputs] and [n, outputs]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The layers of a fitted model, and the loss and the penalty that its training minimised.

    Args:
        weights: each layer's matrix [outputs, inputs].
        biases: each layer's [outputs], or None if it has none.
        shrunk, shrunk_biases: the derivative of the penalty in each layer's weights and biases, up to one
            factor.
        activation: the function between two layers.
        loss: over the last layer's outputs; "logistic" of each column by itself, summed.
        scale: a factor of the loss for each class; one factor in a regression.
        temperature: the loss of a classification is computed from logits / temperature.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats | None, ...]
    shrunk: tuple[Floats, ...]
    shrunk_biases: tuple[Floats, ...]
    activation: str = "identity"
    loss: Loss
    scale: Floats
    temperature: float = 1.0

    def run(self, features: Floats) -> tuple[list[Floats], list[Floats]]:
        """The inputs [n, inputs] and the outputs [n, outputs] of each layer."""
        given, answers = list[Floats](), list[Floats]()
        for weight, bias in zip(self.weights, self.biases, strict=True):
            given.append(features if not answers else _activated(answers[-1], self.activation))
            answers.append(given[-1] @ weight.T + (0 if bias is None else bias))
        return given, answers

    def losses(self, z: Floats, y: Array) -> Floats:
        """The losses float64[n] of the last outputs [n, o] and the model's own class numbers or values."""
        if self.loss == "squared":
            return self.scale[0] * (z[:, 0] - y) ** 2
        z = z / self.temperature
        if self.loss == "softmax":
            each = np.asarray(logsumexp(z, axis=1)) - z[np.arange(len(z)), y]
        else:
            each = np.logaddexp(0, np.where(self._wanted(y, z.shape[1]), -z, z)).sum(1)
        return each * self.scale[y]

    def factors(self, features: Floats, y: Array) -> Factors:
        """The inputs of each layer, and the derivatives of each record's loss in its outputs."""
        given, answers = self.run(features)
        slopes = [self._last_slope(answers[-1], y)]
        for weight, after in zip(self.weights[:0:-1], given[:0:-1], strict=True):
            slopes.append((slopes[-1] @ weight) * _derivative(after, self.activation))
        return list(zip(given, slopes[::-1], strict=True))

    def parameters(self) -> tuple[Floats, ...]:
        """The parameters of each layer, flattened: the weights row by row, then the biases."""
        return _flat(self.weights, [np.empty(0) if b is None else b for b in self.biases])

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The derivative of the penalty in the parameters of each layer, shaped as `parameters`."""
        return _flat(self.shrunk, self.shrunk_biases)

    def gradient(self, factors: Factors, places: Sequence[int]) -> Floats:
        """Each record's gradient in the parameters of the layers at these places, float64[n, p]."""
        parts = [np.empty((len(factors[0][0]), 0))]
        for place in places:
            given, slope = factors[place]
            weight = (slope[:, :, None] * given[:, None, :]).reshape(len(given), -1)
            parts += [weight, slope] if self._has_bias(place) else [weight]
        return np.concatenate(parts, axis=1)

    def gradient_norms(self, factors: Factors) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        each = [
            np.sqrt(((given**2).sum(1) + self._has_bias(place)) * (slope**2).sum(1))
            for place, (given, slope) in enumerate(factors)
        ]
        return np.stack(each, axis=1)

    def gradient_along(self, factors: Factors, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (shaped as `parameters`), by layer: float64[n, L]."""
        found: list[Floats] = []
        for (given, slope), way in zip(factors, direction, strict=True):
            size = given.shape[1] * slope.shape[1]
            along = ((given @ way[:size].reshape(slope.shape[1], -1).T) * slope).sum(1)
            found.append(along + slope @ way[size:] if len(way) > size else along)
        return np.stack(found, axis=1)

    def gradient_gram(self, factors: Factors, places: Sequence[int]) -> Floats:
        """The inner products of all records' gradients in the layers at these places, float64[n, n]."""
        n = len(factors[0][0])
        gram = np.zeros((n, n))
        for place in places:
            given, slope = factors[place]
            product = given @ given.T
            product += self._has_bias(place)  # a bias is the weight of a feature that is 1
            product *= slope @ slope.T
            gram += product
        return gram

    def _has_bias(self, place: int) -> bool:
        return self.biases[place] is not None

    def _last_slope(self, z: Floats, y: Array) -> Floats:
        if self.loss == "squared":
            return 2 * self.scale[0] * (z - y[:, None])
        z = z / self.temperature
        if self.loss == "softmax":
            # p - 1 of the true class as minus the sum of the others, which keeps its digits where p is 1.
            slope = softmax(z, axis=1)
            slope[np.arange(len(z)), y] = 0
            slope[np.arange(len(z)), y] = -slope.sum(axis=1)
        else:
            slope = np.where(self._wanted(y, z.shape[1]), -expit(-z), expit(z))
        return slope * self.scale[y][:, None] / self.temperature

    def _wanted(self, y: Array, columns: int) -> Array:
        return y[:, None] == (np.arange(columns) if columns > 1 else np.ones(1))


def chosen_layers(asked: Sequence[str] | None, there: Sequence[str]) -> tuple[int, ...]:
    """The places of the layers that were asked for, in the order of the model; all of them for None.

    Raises:
        KnowledgeError: if a layer does not exist; the message lists those that do.
    """
    unknown = [name for name in asked or () if name not in there]
    if unknown:
        raise KnowledgeError(
            keep(
                "there is no layer {layer}: the layers with parameters are {layers}.",
                layer=repr(unknown[0]),
                layers=", ".join(there),
            )
        )
    return tuple(place for place, name in enumerate(there) if asked is None or name in asked)


def _flat(weights: Sequence[Floats], biases: Sequence[Floats]) -> tuple[Floats, ...]:
    return tuple(np.concatenate([w.ravel(), b]) for w, b in zip(weights, biases, strict=True))


def _activated(z: Floats, kind: str) -> Floats:
    known = {"identity": lambda t: t, "logistic": expit, "tanh": np.tanh, "relu": lambda t: np.maximum(t, 0)}
    return known[kind](z)


def _derivative(a: Floats, kind: str) -> Floats:
    """The derivative of an activation, computed from its value a."""
    if kind == "identity":
        return np.ones_like(a)
    return {"logistic": lambda t: t * (1 - t), "tanh": lambda t: 1 - t**2, "relu": lambda t: (t > 0) * 1.0}[
        kind
    ](a)
