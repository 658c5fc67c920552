"""Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (NeurIPS 2020), algorithm 2."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from confide.core.arrays import Ints
from confide.mechanisms.noise.coins import below_power
from confide.mechanisms.noise.words import MOST, Words, below


def discrete_laplace(n: int, *, rate: Fraction, words: Words) -> Ints:
    """n whole numbers, k with probability in proportion to exp(-rate |k|), exactly.

    No floating point is used, because a real number's rounding would reveal the noise (Mironov 2012).

    Args:
        n: how many.
        rate: below 2^20, with a denominator of at most 2^40; see `rate_below`.
        words: the source of randomness.

    Raises:
        PromiseError: if the rate is out of range.

    >>> from confide.mechanisms.noise.words import rehearsal_words
    >>> noise = discrete_laplace(
    ...     100_000, rate=Fraction(1, 2), words=rehearsal_words(np.random.default_rng(0))
    ... )
    >>> bool(abs(noise.mean()) < 0.05), bool(abs((noise == 0).mean() - np.tanh(0.25)) < 0.01)
    (True, True)
    """
    # How likely -0 is, which is drawn again: at most in half of the cases.
    lost = float(-np.expm1(-float(rate))) / 2
    found, have = [below_power(0, rate, words)], 0
    while have < n:
        size = below_power(round(min(n - have, MOST) / (1 - lost) * 1.01) + 16, rate, words)
        minus = below(2, len(size), words) == 1
        # -0 and +0 are one number, which must not be drawn twice as often.
        found.append(np.where(minus, -size, size)[~(minus & (size == 0))])
        have += len(found[-1])
    return np.concatenate(found)[:n]
