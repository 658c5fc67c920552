"""Bernoulli coins of chance e^-x, and rows of them, tossed in whole numbers alone."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import floor

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.noise.words import BITS, MOST, Words, below

GRAIN = 1 << 40
"""Rates are whole multiples of 1 / GRAIN, or have a smaller denominator."""


def unlikely(number: Ints, over: int, words: Words) -> Bools:
    """True with probability exp(-number / over), for each number in 0..over, by von Neumann's method.

    A row of coins is tossed, the k-th with chance number / (over k), until one fails. The number of tosses is
    odd with the probability wanted.

    Args:
        over: at most 2^45. A row as long as 2^17, for which 62 bits do not do, has a chance of 1 in 2^17!.
    """
    odd, open_ = np.zeros(len(number), np.bool_), np.arange(len(number))
    tosses = 0
    while len(open_):
        tosses += 1
        # Chance number / (over x tosses), as a comparison of whole numbers.
        heads = below(over * tosses, len(open_), words) < number[open_]
        odd[open_[~heads]] = tosses % 2 == 1
        open_ = open_[heads]
    return odd


def heads_in_a_row(n: int, words: Words) -> Ints:
    """How often a coin of chance 1/e falls heads before it fails, int64[n].

    It is the number of k >= 1 for which a uniform real number is below e^-k. A word is the first 62 bits of
    that number, and e^-k is known to 62 bits: where both agree, which happens about 40 times in 2^62, more
    bits of both are looked at.
    """
    lines, word = _lines(), words(n)
    found = np.searchsorted(-lines, -word, side="left").astype(np.int64)  # lines fall: those above the word
    nearest = lines[np.minimum(found, len(lines) - 1)]
    for i in np.flatnonzero(word == nearest):
        found[i] = _refined(int(word[i]), words)
    return found


def below_power(n: int, rate: Fraction, words: Words) -> Ints:
    """Geometric numbers: each is k or more with probability exp(-rate k), int64[n].

    With rate = a / b: a uniform number u below b is kept with probability exp(-u / b), and v of chance e^-v
    is added to it b times. So u + b v is m with probability in proportion to exp(-m / b), and its whole part
    over a is k or more exactly if it is a k or more (Canonne, Kamath, Steinke 2020, algorithm 2).

    Raises:
        PromiseError: if the rate is out of range.
    """
    if not (0 < rate < 1 << 20 and rate.denominator <= GRAIN):
        raise PromiseError(f"noise of rate {float(rate):g} cannot be drawn: give one from 1e-12 to 1e6.")
    found, have = [np.empty(0, np.int64)], 0
    while have < n:
        within = below(rate.denominator, round(1.6 * min(n - have, MOST)) + 16, words)  # 1 - 1/e of them stay
        within = within[unlikely(within, rate.denominator, words)]
        whole = heads_in_a_row(len(within), words)
        found.append((within + rate.denominator * whole) // rate.numerator)
        have += len(within)
    return np.concatenate(found)[:n]


def rate_below(rate: float | Fraction) -> Fraction:
    """The rate rounded down to a multiple of 1 / 2^40: noise becomes larger, never smaller.

    >>> rate_below(Fraction(1, 3)) < Fraction(1, 3)
    True
    """
    return Fraction(floor(Fraction(rate) * GRAIN), GRAIN)


@cache
def _lines() -> Ints:
    """floor(2^62 e^-k) for k = 1, 2, ... down to 0, int64."""
    lines = [line(1, BITS)]
    while lines[-1]:
        lines.append(line(len(lines) + 1, BITS))
    return np.array(lines, np.int64)


def line(k: int, bits: int) -> int:
    """floor(2^bits e^-k), for k from 1 on, exactly.

    The series of e^-k alternates, and its terms fall from the k-th on. So e^-k, which is no fraction, is
    between any two partial sums that follow each other.

    >>> line(1, 10), line(2, 3)
    (376, 1)
    """
    term, before, n = Fraction(1), Fraction(1), 0
    while True:
        n += 1
        term *= Fraction(-k, n)
        after = before + term
        low, high = floor(before * 2**bits), floor(after * 2**bits)
        if n > k and low == high:
            return low
        before = after


def _refined(word: int, words: Words) -> int:
    """How many e^-k are above the real number that begins with this word."""
    k, bits = 0, BITS
    while True:
        here = line(k + 1, bits)
        if word < here:
            k += 1
        elif word > here:
            return k
        else:
            word, bits = (word << BITS) | int(words(1)[0]), bits + BITS
