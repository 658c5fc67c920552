"""Linear estimation: what answers to any subset sums say about each person's bit, if bits were normal.

The bits have the population's mean and variance v, the answers independent noise. The best linear estimate of
a bit then has a variance p, and what the answers say about it is 1/p - 1/v: the inverse of the variance of a
measurement of this bit alone that would say as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.views.answers import Singles, Subsets

FINEST = 0.01
"""The least deviation of noise, in people: exact answers must not turn rounding errors into certainty."""
AT_ONCE = 2_048
"""People, or subsets, that are unpacked at once."""
LOST = 1e-6
"""What is left of a variance below this share of it is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """The best linear estimate from the answers' side, where there are fewer of them than people.

    Args:
        inverse: float64[m, m], of the covariance of the answers, v Q Q' + noise^2.
        information: float64[n], about each bit.
        variance: v.
    """

    inverse: Floats
    information: Floats
    variance: float


def by_answers(subsets: Subsets, *, noise: float, share: float) -> Linear:
    """From the answers' side: m^2 numbers, and n m^2 operations.

    Args:
        subsets: m over n people.
        noise: the deviation of the noise on each answer.
        share: of the people whose bit is 1; above 0 and below 1.
    """
    m, v = len(subsets), share * (1 - share)
    covariance = max(noise, FINEST) ** 2 * np.eye(m)
    for block in _people(subsets):
        covariance += v * (block.T @ block).astype(np.float64)
    inverse = np.asarray(np.linalg.inv(covariance), np.float64)
    told = [(block @ inverse * block).sum(axis=1) for block in _people(subsets)]
    said = np.concatenate(told)
    # p = v - v^2 said, so that 1/p - 1/v = said / (1 - v said).
    return Linear(inverse, said / np.maximum(1 - v * said, LOST), v)


def by_people(subsets: Subsets, *, noise: float, share: float) -> Floats:
    """The same information from the people's side, float64[n]: n^2 numbers, and n^3 operations."""
    n, v, square = subsets.people, share * (1 - share), max(noise, FINEST) ** 2
    precision = np.eye(n) / v
    for start in range(0, len(subsets), AT_ONCE):
        block = subsets.members(start, min(start + AT_ONCE, len(subsets)))
        precision += (block @ block.T).astype(np.float64) / square
    told = 1 / np.diag(np.linalg.inv(precision)) - 1 / v
    return np.where(told < LOST / v, 0.0, told)


def information(subsets: Subsets, *, noise: float, share: float) -> Floats:
    """What the answers say about each bit, float64[n], from the side that takes less.

    >>> alone = Subsets.of(np.eye(4)[:2])  # two of four people, each in a subset of their own
    >>> information(alone, noise=0.5, share=0.5).round(6).tolist()
    [4.0, 4.0, 0.0, 0.0]
    """
    if len(subsets) < subsets.people:
        return by_answers(subsets, noise=noise, share=share).information
    return by_people(subsets, noise=noise, share=share)


def _people(subsets: Subsets) -> Iterator[Singles]:
    """The members of all subsets, some people at a time, float32[people, m]."""
    for start in range(0, len(subsets.packed), AT_ONCE // 8):
        bits = np.unpackbits(subsets.packed[start : start + AT_ONCE // 8], axis=0)
        yield bits[: subsets.people - 8 * start].astype(np.float32)
