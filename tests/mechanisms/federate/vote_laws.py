"""The exact laws of answers by noisy votes, by enumeration: references for tests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations

import numpy as np


def law(sigma: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers, and the chance of each under discrete Gaussian noise, by its definition."""
    k = np.arange(-14 * sigma, 14 * sigma + 1)
    mass = np.exp(-(k**2) / (2 * sigma**2))
    return k, mass / mass.sum()


def answer_law(counts: np.ndarray, sigma: int) -> np.ndarray:
    """The chance of each answer, summed over the winner's noisy count; of equal ones the first wins."""
    k, mass = law(sigma)
    cdf = np.concatenate([[0.0], np.cumsum(mass)])

    def at_most(value: np.ndarray) -> np.ndarray:
        return cdf[np.clip(value - k[0] + 1, 0, len(mass))]

    chances = []
    for i, own in enumerate(counts):
        others = [at_most(own + k - n - (j < i)) for j, n in enumerate(counts) if j != i]
        chances.append(float((mass * np.prod(others, axis=0)).sum()))
    return np.array(chances)


def query_law(counts: np.ndarray, threshold: int, check: int, answer: int) -> np.ndarray:
    """The chance of each class, and of no answer last."""
    k, mass = law(check)
    passed = float(mass[counts.max() + k >= threshold].sum())
    return np.append(passed * answer_law(counts, answer), 1 - passed)


def neighbours(counts: np.ndarray) -> Iterator[np.ndarray]:
    """All counts with one vote moved, that are counts."""
    for a, b in permutations(range(len(counts)), 2):
        if counts[a]:
            moved = counts.copy()
            moved[a] -= 1
            moved[b] += 1
            yield moved


def renyi(p: np.ndarray, q: np.ndarray, order: int) -> float:
    terms = order * np.log(p) - (order - 1) * np.log(q)
    return float(np.logaddexp.reduce(terms)) / (order - 1)


def delta_at(epsilon: float, p: np.ndarray, q: np.ndarray) -> float:
    return float(np.maximum(p - math.exp(epsilon) * q, 0).sum())
