"""What scikit-learn's linear models and networks compute and minimise: one form for all of them.

Each is a chain of layers z = W a + b with an activation between two, and one loss at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.special import expit, logsumexp, softmax

from confide.core.arrays import Array, Floats

Loss: TypeAlias = Literal["softmax", "logistic", "squared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a fitted estimator computes on its features, and the loss and penalty that it minimised.

    Args:
        weights: each layer's matrix [outputs, inputs].
        biases: each layer's [outputs], or None where it has none.
        shrunk: the derivative of the penalty, up to one factor, in each layer's weights, and
        shrunk_biases: in its biases.
        activation: between two layers.
        loss: over the last layer's outputs; "logistic" of each column by itself, summed.
        scale: a factor of the loss; of each class, if it is weighted.
        temperature: the loss of a classification is taken of logits / temperature.
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
        """What each layer is given, [n, inputs], and what it answers, [n, outputs]."""
        given, answers = list[Floats](), list[Floats]()
        for weight, bias in zip(self.weights, self.biases, strict=True):
            given.append(features if not answers else _activated(answers[-1], self.activation))
            answers.append(given[-1] @ weight.T + (0 if bias is None else bias))
        return given, answers

    def losses(self, z: Floats, y: Array) -> Floats:
        """Of the last answers [n, o] and the model's own class numbers, or values: float64[n]."""
        if self.loss == "squared":
            return self.scale[0] * (z[:, 0] - y) ** 2
        z = z / self.temperature
        if self.loss == "softmax":
            each = np.asarray(logsumexp(z, axis=1)) - z[np.arange(len(z)), y]
        else:
            each = np.logaddexp(0, np.where(self._wanted(y, z.shape[1]), -z, z)).sum(1)
        return each * self.scale[y]

    def slopes(self, answers: Sequence[Floats], given: Sequence[Floats], y: Array) -> list[Floats]:
        """The derivatives of each record's loss in each layer's answers."""
        slopes = [self._last_slope(answers[-1], y)]
        for weight, after in zip(self.weights[:0:-1], given[:0:-1], strict=True):
            slopes.append((slopes[-1] @ weight) * _derivative(after, self.activation))
        return slopes[::-1]

    def _last_slope(self, z: Floats, y: Array) -> Floats:
        if self.loss == "squared":
            return 2 * self.scale[0] * (z - y[:, None])
        z = z / self.temperature
        if self.loss == "softmax":  # p - 1 as the sum of the others, which keeps its digits where p is 1
            slope = softmax(z, axis=1)
            slope[np.arange(len(z)), y] = 0
            slope[np.arange(len(z)), y] = -slope.sum(axis=1)
        else:
            slope = np.where(self._wanted(y, z.shape[1]), -expit(-z), expit(z))
        return slope * self.scale[y][:, None] / self.temperature

    def _wanted(self, y: Array, columns: int) -> Array:
        return y[:, None] == (np.arange(columns) if columns > 1 else np.ones(1))


def chain_of(estimator: Any) -> Chain | None:
    """What a fitted estimator computes; None if its form is not among those that are known.

    Known are LogisticRegression, SGDClassifier with log loss, LinearRegression, Ridge, and both networks,
    with one output or one label a record; not their subclasses, which may do anything.
    """
    kind = type(estimator).__name__
    if not type(estimator).__module__.startswith("sklearn."):
        return None
    if kind in ("MLPClassifier", "MLPRegressor"):
        return _network(estimator)
    if kind in ("LogisticRegression", "SGDClassifier"):
        return _linear_classifier(estimator)
    if kind in ("LinearRegression", "Ridge") and np.size(estimator.intercept_) == 1:
        coef = np.asarray(estimator.coef_, np.float64).reshape(1, -1)
        shrunk = coef * bool(np.any(getattr(estimator, "alpha", 0)))
        return _linear(estimator, coef, "squared", np.ones(1), shrunk)
    return None


def _linear_classifier(estimator: Any) -> Chain | None:
    coef = np.asarray(estimator.coef_.toarray() if hasattr(estimator.coef_, "toarray") else estimator.coef_)
    logistic = type(estimator).__name__ == "LogisticRegression"
    several, liblinear = len(coef) > 1, logistic and estimator.solver == "liblinear"
    asked = getattr(estimator, "multi_class", "auto")  # of older versions of scikit-learn
    if (logistic and asked in ("ovr", "multinomial") and several == (asked == "ovr")) or (
        liblinear and several
    ):
        return None
    if not logistic and estimator.loss != "log_loss":
        return None
    loss: Loss = "softmax" if logistic and several else "logistic"
    scale = np.ones(max(2, len(coef)))
    if isinstance(estimator.class_weight, dict):
        labels = estimator.classes_.tolist()
        scale = np.array([float(estimator.class_weight.get(label, 1)) for label in labels])
    if loss == "logistic" and several and (scale != 1).any():
        return None  # one against the rest weighs each column's own two classes in its own way
    chain = _linear(estimator, coef.astype(np.float64), loss, scale, _penalised(estimator, coef, logistic))
    if liblinear and chain.biases[0] is not None and chain.shrunk[0].any():
        # It sees the bias as the weight of one more feature, of value intercept_scaling.
        bias = _penalised(estimator, chain.biases[0] / estimator.intercept_scaling, True)
        return replace(chain, shrunk_biases=(bias / estimator.intercept_scaling,))
    return chain


def _penalised(estimator: Any, coef: Array, logistic: bool) -> Floats:
    """The derivative of the penalty at `coef`, without its strength."""
    penalty = estimator.penalty
    ratio = float(getattr(estimator, "l1_ratio", None) or 0)
    none = penalty is None or (np.isinf(estimator.C) if logistic else not estimator.alpha)
    share = {"l1": 1.0, "l2": 0.0}.get(str(penalty), ratio)
    return np.zeros(coef.shape) if none else share * np.sign(coef) + (1 - share) * coef


def _linear(estimator: Any, coef: Floats, loss: Loss, scale: Floats, shrunk: Floats) -> Chain:
    bias = np.asarray(estimator.intercept_, np.float64).reshape(-1) if estimator.fit_intercept else None
    flat = np.empty(0) if bias is None else np.zeros_like(bias)
    return Chain(
        weights=(coef,), biases=(bias,), shrunk=(shrunk,), shrunk_biases=(flat,), loss=loss, scale=scale
    )


def _network(estimator: Any) -> Chain | None:
    last, outputs = estimator.out_activation_, estimator.n_outputs_
    if last != "softmax" and outputs > 1:
        return None
    if last == "identity" and getattr(estimator, "loss", "squared_error") != "squared_error":
        return None
    weights = tuple(np.asarray(w, np.float64).T for w in estimator.coefs_)
    biases = tuple(np.asarray(b, np.float64) for b in estimator.intercepts_)
    return Chain(
        weights=weights,
        biases=biases,
        shrunk=tuple(w * bool(estimator.alpha) for w in weights),
        shrunk_biases=tuple(np.zeros_like(b) for b in biases),
        activation=estimator.activation,
        loss="squared" if last == "identity" else last,
        scale=np.full(1, 0.5) if last == "identity" else np.ones(max(2, outputs)),
    )


def _activated(z: Floats, kind: str) -> Floats:
    known = {"identity": lambda t: t, "logistic": expit, "tanh": np.tanh, "relu": lambda t: np.maximum(t, 0)}
    return known[kind](z)


def _derivative(a: Floats, kind: str) -> Floats:
    """The derivative of an activation, told by its value."""
    if kind == "identity":
        return np.ones_like(a)
    return {"logistic": lambda t: t * (1 - t), "tanh": lambda t: 1 - t**2, "relu": lambda t: (t > 0) * 1.0}[
        kind
    ](a)
