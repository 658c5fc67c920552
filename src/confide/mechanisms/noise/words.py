"""Uniform whole numbers: the only randomness that noise is made of."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np

from confide.core.arrays import Ints, Rng

Words = Callable[[int], Ints]
"""n whole numbers, uniform in 0 .. 2^62 - 1."""
BITS = 62
MOST = 1 << 20
"""Numbers that are drawn at once: more take more memory, and no less time."""


def secure_words(n: int) -> Ints:
    """Words from the operating system's cryptographic source: nobody can replay them."""
    return (np.frombuffer(secrets.token_bytes(8 * n), np.uint64) >> np.uint64(2)).astype(np.int64)


def rehearsal_words(rng: Rng) -> Words:
    """Words from a generator; anyone who knows its seed can replay them."""
    return lambda n: rng.integers(1 << BITS, size=n)


def below(limit: int | Ints, n: int, words: Words) -> Ints:
    """n whole numbers, uniform in 0 .. limit - 1; words that would favour small ones are drawn again.

    Args:
        limit: above 0 and at most 2^62; one for all, or int64[n].
    """
    drawn = words(n)
    # The largest multiple of the limit: below it no remainder is favoured.
    last = np.broadcast_to(np.asarray((1 << BITS) - (1 << BITS) % limit, np.int64), (n,))
    while (again := np.flatnonzero(drawn >= last)).size:
        drawn[again] = words(len(again))
    return drawn % limit
