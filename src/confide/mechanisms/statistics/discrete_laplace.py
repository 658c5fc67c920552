"""Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (NeurIPS 2020), algorithm 2."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import PromiseError

# Rates are whole multiples of 1 / GRAIN, so that every coin is tossed in whole numbers.
GRAIN = 1 << 20

Words = Callable[[int], Ints]
"""n whole numbers, uniform in 0 .. 2^62 - 1."""


def secure_words(n: int) -> Ints:
    """Words from the operating system's cryptographic source: nobody can replay them."""
    return (np.frombuffer(secrets.token_bytes(8 * n), np.uint64) >> np.uint64(2)).astype(np.int64)


def rehearsal_words(rng: Rng) -> Words:
    """Words from a generator; anyone who knows its seed can replay them."""
    return lambda n: rng.integers(1 << 62, size=n)


def discrete_laplace(n: int, *, rate: float, words: Words) -> Ints:
    """n whole numbers, k with probability in proportion to exp(-rate |k|), exactly.

    No floating point is used, because a real number's rounding would reveal the noise (Mironov 2012). The
    rate is first rounded down to a multiple of 1 / 2^20, which makes the noise larger, never smaller.

    Args:
        n: how many.
        rate: at least 2^-20 and below 2^20.
        words: the source of randomness.

    Raises:
        PromiseError: if the rate is out of range.

    >>> noise = discrete_laplace(100_000, rate=0.5, words=rehearsal_words(np.random.default_rng(0)))
    >>> bool(abs(noise.mean()) < 0.05), bool(abs((noise == 0).mean() - np.tanh(0.25)) < 0.01)
    (True, True)
    """
    if not 1 / GRAIN <= rate < GRAIN:
        raise PromiseError(f"noise of rate {rate} cannot be drawn: give one from 1e-6 to 1e6.")
    over = int(rate * GRAIN)
    found, have = [np.empty(0, np.int64)], 0
    while have < n:
        some = _tried(2 * (n - have) + 64, over, words)
        found.append(some)
        have += len(some)
    return np.concatenate(found)[:n]


def _tried(n: int, over: int, words: Words) -> Ints:
    """The accepted ones of n tries: geometric with rate over / GRAIN, a sign, and zero only once."""
    within = _below(GRAIN, n, words)
    within = within[_unlikely(within, words)]
    whole = _geometric(len(within), words)
    size = (within + GRAIN * whole) // over
    minus = _below(2, len(size), words) == 1
    # -0 and +0 are one number, which must not be drawn twice as often.
    return np.where(minus, -size, size)[~(minus & (size == 0))]


def _unlikely(number: Ints, words: Words) -> Bools:
    """True with probability exp(-number / GRAIN), number in 0..GRAIN, by von Neumann's method.

    A row of coins is tossed, the k-th with chance number / (GRAIN k), until one fails. The number of tosses
    is odd with the probability wanted.
    """
    odd, open_ = np.zeros(len(number), np.bool_), np.arange(len(number))
    tosses = 0
    while len(open_):
        tosses += 1
        # Chance number / (GRAIN x tosses), as a comparison of whole numbers.
        heads = _below(GRAIN * tosses, len(open_), words) < number[open_]
        odd[open_[~heads]] = tosses % 2 == 1
        open_ = open_[heads]
    return odd


def _geometric(n: int, words: Words) -> Ints:
    """How often a coin of chance 1/e falls heads before it fails, int64[n]."""
    found, open_ = np.zeros(n, np.int64), np.arange(n)
    while len(open_):
        open_ = open_[_unlikely(np.full(len(open_), GRAIN), words)]
        found[open_] += 1
    return found


def _below(limit: int, n: int, words: Words) -> Ints:
    """n whole numbers, uniform in 0 .. limit - 1; words that would favour small ones are drawn again."""
    drawn = words(n)
    last = (1 << 62) - (1 << 62) % limit  # the largest multiple of the limit: no remainder is favoured
    while (again := np.flatnonzero(drawn >= last)).size:
        drawn[again] = words(len(again))
    return drawn % limit
