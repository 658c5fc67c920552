"""Planar Laplace noise on a grid of whole numbers (after Andrés et al., CCS 2013), drawn exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.noise.coins import below_power
from confide.mechanisms.noise.words import MOST, Words, below

WIDE = 1 << 30
"""No coordinate of a move is as large: its squares would not fit. At the least rate one in e^250 would be."""


def planar_laplace(n: int, *, rate: Fraction, words: Words) -> Ints:
    """n pairs of whole numbers, z with probability in proportion to exp(-rate D(z)), exactly: int64[n, 2].

    D(z) is the Euclidean length |z|, rounded up to a whole number. Points are proposed with a chance in
    proportion to exp(-rate M), M being the larger coordinate: two geometric numbers add up to m with a chance
    in proportion to (m + 1) exp(-rate m), and one of 8 (m + 1) slots is drawn, of which 8 m stand for the
    points with M = m (one does for m = 0). M is at most D, and a point is kept with chance exp(-rate (D -
    M)): of those with M = m about 4 in 5.

    Args:
        n: how many.
        rate: from 2^-22 on, with a denominator of at most 2^40; see `rate_below`.
        words: the source of randomness.

    Raises:
        PromiseError: if the rate is out of range.
    """
    if not Fraction(1, 1 << 22) <= rate:
        raise PromiseError(f"planar noise of rate {float(rate):g} cannot be drawn: give one from 2.4e-7 on.")
    found, have = [np.empty((0, 2), np.int64)], 0
    while have < n:
        found.append(_tried(round(1.35 * min(n - have, MOST)) + 16, rate, words))
        have += len(found[-1])
    return np.concatenate(found)[:n]


def _tried(n: int, rate: Fraction, words: Words) -> Ints:
    """The kept ones of n tries."""
    larger = below_power(n, rate, words) + below_power(n, rate, words)
    if (larger >= WIDE).any():
        raise PromiseError("a move was too large to be added up: this has a chance of 10^-100. Run it again.")
    slot = below(8 * (larger + 1), n, words)
    stands = (slot < 8 * larger) | ((larger == 0) & (slot == 0))
    larger, slot = larger[stands], slot[stands]
    z = _on_ring(larger, slot)
    return z[_kept(length(z) - larger, rate, words)]


def _on_ring(larger: Ints, slot: Ints) -> Ints:
    """Point number `slot` of those whose larger coordinate has this size; four sides, a corner each."""
    side, along = np.divmod(slot, np.maximum(2 * larger, 1))
    x, y = larger, along - larger
    turned = [(x, y), (-y, x), (-x, -y), (y, -x)]
    return np.column_stack([np.choose(side, [pair[i] for pair in turned]) for i in (0, 1)])


def _kept(longer: Ints, rate: Fraction, words: Words) -> Bools:
    """True with probability exp(-rate longer)."""
    return below_power(len(longer), rate, words) >= longer


def length(z: Ints) -> Ints:
    """Euclidean lengths, rounded up to whole numbers, exactly; coordinates below 2^30.

    >>> length(np.array([[3, 4], [1, 1], [0, 0]])).tolist()
    [5, 2, 0]
    """
    square = z[:, 0] ** 2 + z[:, 1] ** 2
    root = np.ceil(np.sqrt(square.astype(np.float64))).astype(np.int64)
    # The floating-point root is off by one at most.
    root -= (root > 0) & ((root - 1) ** 2 >= square)
    return root + (root**2 < square)
