"""Yin, Chen, Ramchandran, Bartlett: Byzantine-Robust Distributed Learning (ICML 2018), two means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.federate.means.mean import need_share, needed


@dataclass(frozen=True, slots=True)
class CoordinateMedian:
    """Takes the median of each number by itself.

    *Statement.* If fewer than half of the parties are poisoned, each number of the result is between the
    smallest and the largest one that an honest party sent. Its error in d numbers can grow with the root of
    d, as the poisoned parties push every number a little (`EigenvectorFilter` does not).

    *Proof.* More than half of the numbers are honest, so at least one of them is at or above the median, and
    at least one at or below it.

    >>> CoordinateMedian()(np.array([[1.0], [2.0], [1e9]])).tolist()
    [2.0]
    """

    def __call__(self, vectors: Floats) -> Floats:
        return np.median(needed(vectors, 1, "a median"), axis=0)


@dataclass(frozen=True, slots=True)
class TrimmedMean:
    """Averages each number by itself, without the largest and the smallest ones.

    *Statement.* If at most k = ceil(share n) of n parties are poisoned, each number of the result is between
    the smallest and the largest one that an honest party sent.

    *Proof.* k numbers are dropped at each end. If a kept number is above all honest ones, so are the k
    dropped above it, and k + 1 would be poisoned; and the same below.

    Args:
        share: of the parties, the largest that may be poisoned; this share is dropped at each end.

    Raises:
        DataError: if the share is not in [0, 1/2).

    >>> TrimmedMean(0.25)(np.array([[-9.0], [1.0], [3.0], [1e9]])).tolist()
    [2.0]
    """

    share: float

    def __post_init__(self) -> None:
        need_share(self.share, 0.5, "a trimmed mean")

    def __call__(self, vectors: Floats) -> Floats:
        n = len(vectors)
        # A share such as 0.3 is a little more than the float says: 10 parties must not lose 4.
        drop = math.ceil(self.share * n - 1e-9)
        ordered = np.sort(needed(vectors, 2 * drop + 1, f"a trimmed mean without {drop} at each end"), axis=0)
        return ordered[drop : n - drop].mean(axis=0)
