"""The summed cross-entropy of a linear classifier with a penalty, its gradient, and a checked minimum."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError, ModelError

POLISH = 30
"""Newton steps at most after L-BFGS; each squares the error, so a few do."""
ROUGH = 1e-4
"""Share of the first gradient at which L-BFGS hands over to Newton's method."""
DENSE = 3_000
"""Weights up to which Newton's matrix is made: it has this number squared entries."""


def codes_of(y: Array, classes: int) -> Ints:
    """The labels as codes of classes, int64[n].

    Raises:
        DataError: if one is not in 0 .. classes - 1.
    """
    found = np.asarray(y)
    if len(found) and not ((found >= 0) & (found < classes) & (found == np.floor(found))).all():
        raise DataError(
            f"labels are not all in 0..{classes - 1}, and the largest is {found.max()}: give codes of "
            "classes, or more classes."
        )
    return found.astype(np.int64)


def probabilities(logits: Floats) -> Floats:
    """P(class) of each record, float64[n, C], from one column of logits (two classes) or C columns.

    Each row depends on its own logits alone, to the last bit.
    """
    if logits.shape[1] == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    return np.asarray(softmax(logits, axis=1), np.float64)


def value_and_slope(
    flat: Floats, x: Floats, y: Array, *, shape: tuple[int, int], penalty: float, tilt: Floats | None = None
) -> tuple[float, Floats]:
    """The sum of losses with penalty/2 |w|^2 and tilt . w, and its gradient, flattened.

    Args:
        flat: the weights, float64[k * (d + 1)].
        x: features with a 1 for the intercept, float64[n, d + 1].
        y: codes of classes, int64[n].
        shape: (k, d + 1) with k = 1 for two classes, else the number of classes.
        penalty: as it says.
        tilt: a linear term, shaped as `shape`; None for none.
    """
    weights = flat.reshape(shape)
    logits = x @ weights.T
    if len(weights) == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    truth = y[:, None] == np.arange(logits.shape[1])
    loss = np.logaddexp.reduce(logits, axis=1) - logits[truth]
    error = (softmax(logits, axis=1) - truth)[:, -len(weights) :]
    slope = error.T @ x + penalty * weights
    value = float(loss.sum() + penalty / 2 * (weights**2).sum())
    if tilt is not None:
        value, slope = value + float((tilt * weights).sum()), slope + tilt
    return value, slope.ravel()


def minimum(
    x: Floats,
    y: Array,
    *,
    shape: tuple[int, int],
    penalty: float,
    within: float,
    tilt: Floats | None = None,
) -> Floats:
    """Weights at which the computed gradient is at most `within` long, float64[k, d + 1].

    By L-BFGS, and Newton's method where its matrix is small enough.

    Raises:
        ModelError: if no such weights were found.
    """

    def slope(flat: Floats) -> tuple[float, Floats]:
        return value_and_slope(flat, x, y, shape=shape, penalty=penalty, tilt=tilt)

    def descended(goal: float) -> Floats:
        # No stop on a small gain of the objective (ftol): the proofs need a small gradient.
        options = {"gtol": goal / math.sqrt(math.prod(shape)), "ftol": 0.0, "maxiter": 20_000, "maxcor": 30}
        options["maxfun"] = 40_000
        start = np.zeros(math.prod(shape))
        return minimize(slope, start, jac=True, method="L-BFGS-B", options=options).x

    found: Floats | None = None
    if math.prod(shape) <= DENSE:
        # Newton's method needs no more than a rough start, and ends far closer than L-BFGS can.
        rough = max(within, ROUGH * float(np.linalg.norm(slope(np.zeros(math.prod(shape)))[1])))
        found = _polished(descended(rough), x, y, shape, penalty, tilt, within)
    if found is None or not np.linalg.norm(slope(found)[1]) <= within:
        found = descended(within)
    # Checked on the gradient itself, not on what the optimiser reports; NaN fails too.
    if not np.linalg.norm(slope(found)[1]) <= within:
        raise ModelError(f"training did not converge with penalty {penalty}: give a larger one.")
    return found.reshape(shape)


def _polished(
    flat: Floats,
    x: Floats,
    y: Array,
    shape: tuple[int, int],
    penalty: float,
    tilt: Floats | None,
    within: float,
) -> Floats:
    """Newton's method from there, while it makes the gradient shorter."""
    best, length = flat, math.inf
    for _ in range(POLISH):
        slope = value_and_slope(flat, x, y, shape=shape, penalty=penalty, tilt=tilt)[1]
        if not np.linalg.norm(slope) < length:
            break
        best, length = flat, float(np.linalg.norm(slope))
        if length <= within:
            break
        flat = flat - np.linalg.solve(_bend(flat.reshape(shape), x, penalty), slope)
    return best


def _bend(weights: Floats, x: Floats, penalty: float) -> Floats:
    """The matrix of second derivatives, float64[k (d + 1), k (d + 1)]."""
    p = probabilities(x @ weights.T)[:, -len(weights) :]
    k, width = weights.shape
    found = np.empty((k, width, k, width))
    for i in range(k):
        for j in range(i, k):
            curve = p[:, i] * ((i == j) - p[:, j])
            found[i, :, j, :] = found[j, :, i, :] = (x * curve[:, None]).T @ x
    flat = found.reshape(k * width, k * width)
    return flat + penalty * np.eye(k * width)
