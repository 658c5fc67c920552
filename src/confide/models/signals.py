"""Membership signals: one number for each record from a model's answer; higher is more like a member.

A signal takes `outputs` (logits float64[n, C], or values float64[n, 1] in a regression) and `y` [n], and
returns float64[n]. All are computed in float64 from logits. `log(p) - log(1 - p)` is not used, because p
rounds to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Array, Floats

Signal: TypeAlias = Callable[[Floats, Array], Floats]
TINY = 1e-45  # added to a probability before its logarithm; the smallest positive float32
# Beyond it a logit is that of a probability rounded to 0 or 1: log(TINY) is -103 with any number of classes,
# and models that answer with logits stay far below 80.
SATURATED = 80.0


def log_probability(outputs: Floats, y: Array) -> Floats:
    """The log-likelihood log p(y | x): minus the cross-entropy, or in a regression minus half the square.

    >>> log_probability(np.array([[0.0, 0.0]]), np.array([1])).round(4)
    array([-0.6931])
    """
    z = np.asarray(outputs, np.float64)
    if z.shape[1] == 1:
        return -0.5 * (z[:, 0] - y) ** 2
    return _of_class(z, y) - log_sum_exp(z)


def true_logit(outputs: Floats, y: Array) -> Floats:
    """The logit of the true class, z_y - logsumexp over the other classes (Carlini et al. 2022).

    In a regression it is -log(residual^2 + 1e-12), which also spreads the tail of the members.

    >>> true_logit(np.array([[2.0, 0.0]]), np.array([0]))
    array([2.])
    """
    z = np.asarray(outputs, np.float64)
    if z.shape[1] == 1:
        return -np.log((z[:, 0] - y) ** 2 + 1e-12)  # the constant keeps an exact answer finite
    others = z.copy()
    others[np.arange(len(z)), y] = -np.inf
    return _of_class(z, y) - log_sum_exp(others)


def log_sum_exp(z: Floats) -> Floats:
    """The logarithm of each row's sum of exponentials, float64[n] from float64[n, C], with one copy of z.

    >>> log_sum_exp(np.array([[0.0, 0.0], [1e4, -np.inf]]))
    array([6.93147181e-01, 1.00000000e+04])
    """
    highest = z.max(axis=1)
    # Where it is infinite, nothing is subtracted: inf - inf has no value.
    highest = np.where(np.isfinite(highest), highest, 0.0)
    terms = z - highest[:, None]
    np.exp(terms, out=terms)
    with np.errstate(divide="ignore"):  # a row of -inf alone
        return np.log(terms.sum(axis=1)) + highest


def settle(*logits: Floats) -> tuple[Floats, ...]:
    """Clip the logits of probabilities that were rounded to exactly 0 or 1 to one common limit.

    A forest of 100 trees votes in steps of 0.01, so its p = 1 can mean 0.995. Taken as exact (a logit of 103)
    it dominates every variance that is fitted to the logits. The limit is log 2 beyond the largest logit that
    is not rounded, as if the smallest probability was halved. If nothing is rounded, nothing changes.

    Args:
        logits: arrays of true-class logits, of any shape, that will be compared with each other.

    >>> settle(np.array([103.6, 4.6, -2.0]))[0].round(1).tolist()
    [5.3, 4.6, -2.0]
    """
    rounded = [np.abs(values) >= SATURATED for values in logits]
    if not any(r.any() for r in rounded):
        return logits
    # The largest logit that was really measured decides how sure a rounded one may look.
    seen = [np.abs(v[~r & np.isfinite(v)]) for v, r in zip(logits, rounded, strict=True)]
    edge = max((float(v.max()) for v in seen if v.size), default=0.0) + np.log(2)
    return tuple(np.clip(values, -edge, edge) for values in logits)


@dataclass(frozen=True, slots=True)
class Tempered:
    """The signal log softmax(z / temperature)_y, which still differs between records where p rounds to 1."""

    temperature: float = 2.0

    def __call__(self, outputs: Floats, y: Array) -> Floats:
        if outputs.shape[1] == 1:
            return log_probability(outputs, y) / self.temperature
        return log_probability(np.asarray(outputs, np.float64) / self.temperature, y)


def log_of(probabilities: Array) -> Floats:
    """The logits of probabilities [n, C]: log(p + 1e-45) in float64."""
    return np.log(np.asarray(probabilities, np.float64) + TINY)


def _of_class(z: Floats, y: Array) -> Floats:
    return z[np.arange(len(z)), y]
