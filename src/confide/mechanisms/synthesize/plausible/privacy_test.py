"""Bindschaedler, Shokri, Gunter: Plausible Deniability (VLDB 2017), privacy tests 1 and 2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import below
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers
from confide.mechanisms.statistics.promise import rehearsed

MOST_ALIKE = 100_000
"""Of k: more is asked of nobody, and what a table promises is worked out for every count up to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyTest:
    """Releases a record only if enough seeds would have made it about as likely as its own seed did.

    Two seeds are plausible for a record y together if they share a bucket i: gamma^-(i + 1) < P[y = M(d)] <=
    gamma^-i. A record that its own seed cannot make (P = 0) fails.

    *Test 1* (`epsilon0` None) passes if k seeds or more are plausible, the record's own one among them. So
    every released record is (k, gamma)-plausibly deniable: k - 1 other people would have led to it, up to a
    factor gamma. It promises no differential privacy: the adversary who knows all others sees whether the
    target was the k-th.

    *Test 2* compares with k + Z, where Z is discrete Laplace noise, P(z) in proportion to
    exp(-epsilon0 |z|), drawn for each run. `confide.mechanisms.synthesize.plausible.theorem` says what
    it promises.

    Args:
        k: how many seeds have to be plausible.
        gamma: the width of a bucket, above 1.
        epsilon0: the rate of the noise; None for test 1.
        checked: at most this many seeds are looked at, drawn at random once a release; None for all.

    Raises:
        PromiseError: if a setting is out of range.

    >>> test = PrivacyTest(k=2, gamma=2.0, epsilon0=None)
    >>> test.buckets(np.array([1.0, 0.5, 0.4, 0.0])).tolist()
    [0, 1, 1, -1]
    >>> test.plausible(np.array([0.5, 0.4, 0.1]), own=0)
    2
    """

    k: int = 50
    gamma: float = 4.0
    epsilon0: float | None = 1.0
    checked: int | None = None

    def __post_init__(self) -> None:
        if type(self.k) is not int or not 1 <= self.k <= MOST_ALIKE:
            raise PromiseError(f"k is {self.k!r:.40}: give a whole number from 1 to {MOST_ALIKE:,}.")
        if not 1 < self.gamma < math.inf:
            raise PromiseError(f"gamma is {self.gamma}: give a number above 1, such as 4.")
        if self.epsilon0 is not None and not 1e-4 <= self.epsilon0 <= 500:
            raise PromiseError(
                f"epsilon0 is {self.epsilon0}: give a number from 0.0001 to 500, or None for the test "
                "without noise, which promises no differential privacy."
            )
        if self.checked is not None and not self.checked >= self.k:
            raise PromiseError(
                f"only {self.checked} records are checked, and {self.k} have to be plausible: check more."
            )

    def buckets(self, probabilities: Floats) -> Ints:
        """The bucket of each probability; -1 where it is 0."""
        possible = probabilities > 0
        logs = -np.log(np.where(possible, probabilities, 1.0)) / math.log(self.gamma)
        return np.where(possible, np.floor(np.maximum(logs, 0)), -1).astype(np.int64)

    def plausible(self, probabilities: Floats, *, own: int) -> int:
        """How many seeds share the bucket of the record's own seed, by a look at every seed.

        Args:
            probabilities: float64[n], with which each seed makes the record.
            own: the position of its own seed.
        """
        bucket = self.buckets(probabilities)
        return int((bucket == bucket[own]).sum()) if bucket[own] >= 0 else 0

    def passes(self, plausible: Ints, *, noise: Noise, rng: Rng) -> Bools:
        """Whether each of the records may be released, bool[m]; noise is drawn for each.

        Args:
            plausible: int64[m], how many seeds are plausible for each.
            noise: "secure" or "rehearsal".
            rng: of a rehearsal.
        """
        if self.epsilon0 is None:
            return (plausible >= self.k) & (plausible > 0)
        law = LaplaceIntegers.for_epsilon(l1=1, epsilon=Fraction(self.epsilon0))
        zeros = np.zeros(len(plausible), np.int64)
        drawn = law(zeros) if noise == "secure" else rehearsed(law, len(zeros), words_of(noise, rng))
        return (plausible >= self.k + drawn) & (plausible > 0)

    def looked_at(self, n: int, *, noise: Noise, rng: Rng) -> Ints:
        """Which of n seeds are counted, int64[m]."""
        if self.checked is None or self.checked >= n:
            return np.arange(n)
        # The smallest of unforeseeable numbers: ties among 62 bits do not matter to which set it is.
        return np.argsort(below(1 << 62, n, words_of(noise, rng)), kind="stable")[: self.checked]


def plausible_by_group(kept: NDArray[np.int32], sizes: Array, looked_at: Ints) -> Ints:
    """How many seeds are plausible for a record of each seed, int64[n], where kept attributes decide.

    A seed with other kept attributes cannot make the record (P = 0). One with the same attributes makes it
    with the very same probability, as all else is drawn given these. So the bucket holds exactly the seeds
    that agree on what is kept, whatever was drawn, and groups are counted instead of pairs.

    Args:
        kept: int32[n, m], the attributes of each seed that are kept.
        sizes: int64[m], the values of each of them.
        looked_at: int64, the seeds that are counted.

    >>> kept = np.array([[0, 1], [0, 1], [1, 1]], np.int32)
    >>> plausible_by_group(kept, np.array([2, 2]), np.arange(3)).tolist()
    [2, 2, 1]
    """
    group = np.zeros(len(kept), np.int64)
    most = 1
    for column, size in zip(kept.T, sizes, strict=True):
        if most * int(size) >= 1 << 62:
            group = np.unique(group, return_inverse=True)[1]
            most = len(kept)
        group, most = group * int(size) + column, most * int(size)
    names, group = np.unique(group, return_inverse=True)
    return np.bincount(group[looked_at], minlength=len(names))[group]
