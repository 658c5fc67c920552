"""Reading fitted scikit-learn models as chains of layers with the loss that they minimised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from confide.core.arrays import Array, Floats
from confide.models.chain import Chain, Loss
from confide.models.sklearn.model import Estimator


def chain_of(estimator: Estimator) -> Chain | None:
    """The chain of a fitted estimator; None if its form is not known here.

    Known forms are LogisticRegression, SGDClassifier with log loss, LinearRegression, Ridge, and both
    networks, with one output or one label for each record. Subclasses are not accepted, because they can
    compute anything.
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
        # Without a penalty there is nothing that pulls the weights.
        shrunk = coef * bool(np.any(getattr(estimator, "alpha", 0)))
        return _linear(estimator, coef, "squared", np.ones(1), shrunk)
    return None


def _linear_classifier(estimator: Estimator) -> Chain | None:
    coef = np.asarray(estimator.coef_.toarray() if hasattr(estimator.coef_, "toarray") else estimator.coef_)
    logistic = type(estimator).__name__ == "LogisticRegression"
    several, liblinear = len(coef) > 1, logistic and estimator.solver == "liblinear"
    asked = getattr(estimator, "multi_class", "auto")  # only older versions of scikit-learn have it
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
        return None  # one against the rest: each column has its own two classes, with weights of their own
    chain = _linear(estimator, coef.astype(np.float64), loss, scale, _penalised(estimator, coef, logistic))
    if liblinear and chain.biases[0] is not None and chain.shrunk[0].any():
        # liblinear treats the bias as the weight of one more feature, of value intercept_scaling.
        bias = _penalised(estimator, chain.biases[0] / estimator.intercept_scaling, True)
        return replace(chain, shrunk_biases=(bias / estimator.intercept_scaling,))
    return chain


def _penalised(estimator: Estimator, coef: Array, logistic: bool) -> Floats:
    """The derivative of the penalty at `coef`, without its strength."""
    penalty = estimator.penalty
    ratio = float(getattr(estimator, "l1_ratio", None) or 0)
    none = penalty is None or (np.isinf(estimator.C) if logistic else not estimator.alpha)
    share = {"l1": 1.0, "l2": 0.0}.get(str(penalty), ratio)
    return np.zeros(coef.shape) if none else share * np.sign(coef) + (1 - share) * coef


def _linear(estimator: Estimator, coef: Floats, loss: Loss, scale: Floats, shrunk: Floats) -> Chain:
    bias = np.asarray(estimator.intercept_, np.float64).reshape(-1) if estimator.fit_intercept else None
    flat = np.empty(0) if bias is None else np.zeros_like(bias)
    return Chain(
        weights=(coef,), biases=(bias,), shrunk=(shrunk,), shrunk_biases=(flat,), loss=loss, scale=scale
    )


def _network(estimator: Estimator) -> Chain | None:
    last, outputs = estimator.out_activation_, estimator.n_outputs_
    # Several labels, or several values, for one record: their loss is another one.
    if last != "softmax" and outputs > 1:
        return None
    if last == "identity" and getattr(estimator, "loss", "squared_error") != "squared_error":
        return None
    # scikit-learn stores [inputs, outputs]; a chain is [outputs, inputs].
    weights = tuple(np.asarray(w, np.float64).T for w in estimator.coefs_)
    biases = tuple(np.asarray(b, np.float64) for b in estimator.intercepts_)
    return Chain(
        weights=weights,
        biases=biases,
        shrunk=tuple(w * bool(estimator.alpha) for w in weights),
        shrunk_biases=tuple(np.zeros_like(b) for b in biases),
        activation=estimator.activation,
        loss="squared" if last == "identity" else last,
        scale=np.full(1, 0.5) if last == "identity" else np.ones(max(2, outputs)),  # half the square
    )
