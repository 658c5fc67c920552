"""Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (NeurIPS 2020), algorithm 3."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from confide.core.arrays import Ints
from confide.core.errors import PromiseError
from confide.mechanisms.noise.coins import heads_in_a_row, unlikely
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.words import MOST, Words

WIDEST = 1 << 22
"""The largest deviation: squares stay within 62 bits."""
SPARE = 4
"""The deviation of the rounding in the proof of `discrete_gaussian`."""


def discrete_gaussian(n: int, *, sigma: int, words: Words) -> Ints:
    """n whole numbers, k with probability in proportion to exp(-k^2 / (2 sigma^2)), exactly.

    No floating point is used, because a real number's rounding would reveal the noise (Mironov 2012). A
    number of discrete Laplace noise of scale sigma is kept with probability exp(-(|k| - sigma)^2 / (2
    sigma^2)): its own chance, which falls with |k| / sigma, times this is what is wanted, up to a factor.

    *Statement.* Of whole numbers that neighbours move by at most s in the Euclidean norm, this noise on each
    keeps any (epsilon, delta) that normal noise of variance sigma^2 - 16 keeps for s, up to a factor of
    1 + 10^-135 a number.

    *Proof.* Add normal noise of variance sigma^2 - r^2 to x, a whole number. Replace the result c by the
    whole number k with probability exp(-(k - c)^2 / (2 r^2)) / Z(c): post-processing. Integrated over c, k
    has a probability in proportion to exp(-(k - x)^2 / (2 sigma^2)) but for Z, as a sum of normals is normal.
    Poisson's summation gives Z(c) = r sqrt(2 pi) (1 + 2 sum over j >= 1 of exp(-2 pi^2 r^2 j^2) cos(2 pi j
    c)), which for r = 4 differs by less than 10^-136 from a constant. Both laws add up to 1, so they agree up
    to a factor. `gaussian_sigma` rounds up by 10^-9, and so covers factors like that of 10^100 numbers.

    Args:
        n: how many.
        sigma: from 1 to 2^22.
        words: the source of randomness.

    Raises:
        PromiseError: if sigma is out of range.

    >>> from confide.mechanisms.noise.words import rehearsal_words
    >>> noise = discrete_gaussian(100_000, sigma=3, words=rehearsal_words(np.random.default_rng(0)))
    >>> bool(abs(noise.mean()) < 0.05), bool(abs(noise.std() - 3) < 0.05)
    (True, True)
    """
    if not 1 <= sigma <= WIDEST:
        raise PromiseError(f"normal noise of {sigma} steps cannot be drawn: give from 1 to {WIDEST:,}.")
    found, have = [np.empty(0, np.int64)], 0
    while have < n:
        tries = round(1.35 * min(n - have, MOST)) + 16
        drawn = discrete_laplace(tries, rate=Fraction(1, sigma), words=words)
        whole, rest = np.divmod((np.abs(drawn) - sigma) ** 2, 2 * sigma**2)
        kept = np.flatnonzero(unlikely(rest, 2 * sigma**2, words))
        far = kept[whole[kept] > 0]
        enough = heads_in_a_row(len(far), words) >= whole[far]
        found.append(drawn[np.setdiff1d(kept, far[~enough], assume_unique=True)])
        have += len(found[-1])
    return np.concatenate(found)[:n]


def steps_of(deviation: float, step: float) -> int:
    """The sigma of discrete noise on a grid that keeps what normal noise of this deviation keeps.

    >>> steps_of(1.0, 2.0**-20) - 2**20
    2
    """
    # (d + 1)^2 is at least d^2 + SPARE^2 from d = 8 on, and rounding up cannot round it down.
    return max(math.ceil(deviation / step) + 2, SPARE**2)
