"""Claims about a secret with several values, from how likely each of them is."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from confide.core.arrays import Floats
from confide.core.nouns import Guess

# The largest log-odds: beyond, their exponential is no number.
SUREST = 700.0


def claimed(log_weight: Floats) -> Guess:
    """The likeliest value of each target, int64[n], scored by its log-odds against all others.

    Args:
        log_weight: float64[n, V], up to one constant in each row.

    >>> guess = claimed(np.log([[0.2, 0.8]]))
    >>> guess.value, guess.score.round(4)
    (array([1]), array([1.3863]))
    """
    best = log_weight.argmax(axis=1)
    rows = np.arange(len(best))
    others = log_weight.copy()
    others[rows, best] = -np.inf
    odds = log_weight[rows, best] - np.asarray(logsumexp(others, axis=1))
    return Guess(best, np.clip(odds, -SUREST, SUREST))
