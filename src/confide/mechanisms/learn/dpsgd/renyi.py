"""Renyi divergences of noisy steps on Poisson samples (Mironov, Talwar, Zhang 2019)."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln, logsumexp

from confide.core.arrays import Floats, Ints

ORDERS: Ints = np.unique(np.concatenate([np.arange(2, 64), np.geomspace(64, 2048, 40).astype(int)]))
"""Whole orders at which divergences are computed."""


def renyi_of_step(multiplier: float, rate: float, orders: Ints = ORDERS) -> Floats:
    """Compute the Renyi divergence of one step at whole orders, in the worse of both directions.

    At a whole order a the moment of the sampled Gaussian is a finite sum,
    E[(P/Q)^a] = sum_k C(a, k) (1 - q)^(a-k) q^k exp(k (k - 1) / (2 s^2)), and that of P against Q, of the
    data with one more unit against those without, is never below that of Q against P.

    Args:
        multiplier: s, the noise's deviation over the longest vector of one unit.
        rate: q, the chance of each unit, in (0, 1].
        orders: whole numbers from 2 on.

    >>> float(renyi_of_step(2.0, 1.0, np.array([8]))[0])
    1.0
    """
    found: list[float] = []
    for order in orders.tolist():
        if rate == 1:
            found.append(order / (2 * multiplier**2))
            continue
        k = np.arange(order + 1)
        terms = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
        terms = terms + (order - k) * math.log1p(-rate) + k * math.log(rate)
        found.append(float(logsumexp(terms + (k * k - k) / (2 * multiplier**2))) / (order - 1))
    return np.array(found)


def at_delta(delta: float, orders: Ints = ORDERS) -> Floats:
    """What each order adds to a divergence for an epsilon at this delta (Canonne, Kamath, Steinke 2020)."""
    a = orders.astype(np.float64)
    return np.log1p(-1 / a) - (math.log(delta) + np.log(a)) / (a - 1)
