"""Tests of whether masked words are uniform, with the error rate of all of them together."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom, chi2, poisson

from confide.audits.protocols.masking import words_in
from confide.core.arrays import Array

ALPHA = 1e-6
"""All tests of one question together alarm falsely once in a million audits."""
CLASSES = 256


def repeats(words: Array, modulus: int | None) -> float:
    """The p-value of the number of equal pairs of words: below it a mask repeats itself within a tensor.

    Pairs of uniform words are equal with chance one over the ring, independently pair by pair, so their
    number is close to a Poisson one. Real numbers of 53 bits never repeat.
    """
    counts = np.unique(words, return_counts=True)[1]
    pairs = int((counts * (counts - 1) // 2).sum())
    size = 2**53 if modulus is None else modulus
    expected = len(words) * (len(words) - 1) / 2 / size
    return float(poisson.sf(pairs - 1, expected)) if pairs else 1.0


def bytes_uniform(words: Array, modulus: int) -> float:
    """The least p-value of chi-square tests of each byte of the words, times their number.

    Args:
        words: of a ring whose size is a power of 256.
    """
    places = round(math.log(modulus, CLASSES))
    values = words.astype(np.uint64)
    found = [_chi_square((values >> np.uint64(8 * place)) % np.uint64(CLASSES)) for place in range(places)]
    return min(1.0, places * min(found))


def bits_uniform(words: Array, modulus: int) -> float:
    """The least two-sided p-value of the number of ones of each bit, times their number."""
    bits = modulus.bit_length() - 1
    values = words.astype(np.uint64)
    found: list[float] = []
    for place in range(bits):
        ones = int(((values >> np.uint64(place)) & np.uint64(1)).sum())
        below = float(binom.cdf(min(ones, len(words) - ones), len(words), 0.5))
        found.append(min(1.0, 2 * below))
    return min(1.0, bits * min(found))


def uniform(words: Array, modulus: int) -> float:
    """The least p-value over bytes and bits of words, and bytes of differences of neighbours, times three.

    Neighbours are taken without overlap, so differences of uniform words are independent and uniform.
    """
    even = words[: len(words) // 2 * 2].astype(np.int64)
    apart = (even[1::2] - even[::2]) % modulus
    tests = bytes_uniform(words, modulus), bits_uniform(words, modulus), bytes_uniform(apart, modulus)
    return min(1.0, 3 * min(tests))


def tensors(words: Array, shapes: tuple[tuple[int, ...], ...]) -> list[Array]:
    """The parts of a flat vector that belong to each tensor."""
    ends = np.cumsum([words_in([shape]) for shape in shapes])[:-1]
    return np.split(words, ends)


def _chi_square(classes: Array) -> float:
    counts = np.bincount(classes.astype(np.int64), minlength=CLASSES)
    expected = len(classes) / CLASSES
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), CLASSES - 1))
