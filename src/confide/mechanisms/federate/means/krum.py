"""Blanchard, El Mhamdi, Guerraoui, Stainer: Byzantine Tolerant Gradient Descent (NeurIPS 2017): Krum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.federate.means.mean import needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Krum:
    """Chooses the vector whose nearest neighbours are nearest, and throws the others away.

    A vector's score is the sum of its squared distances to the n - f - 2 others that are nearest to it. At
    least n - f - 2 other vectors are honest, so an honest one has neighbours as near as honest vectors are;
    poisoned ones that are far from all honest vectors are not chosen. Among the means here it alone returns a
    vector as a party sent it, which tells who is near the middle: no promise is made of that.

    Args:
        poisoned: f, the largest number of parties that may be poisoned.
        average: how many of the best-scored vectors are averaged; 1 is Krum, more is Multi-Krum.

    Raises:
        DataError: if a number is out of range.

    >>> Krum(poisoned=1)(np.array([[0.0], [0.1], [0.2], [0.3], [50.0]])).tolist()
    [0.1]
    """

    poisoned: int
    average: int = 1

    def __post_init__(self) -> None:
        if self.poisoned < 0 or self.average < 1:
            raise DataError(
                f"Krum against {self.poisoned} poisoned parties with {self.average} averaged: give 0 or "
                "more, and 1 or more."
            )

    def __call__(self, vectors: Floats) -> Floats:
        least = max(2 * self.poisoned + 3, self.poisoned + self.average)
        needed(vectors, least, f"Krum against {self.poisoned} poisoned parties")
        scores = krum_scores(vectors, self.poisoned)
        # Stable: of equal scores the earlier party's counts, on every machine.
        return vectors[np.argsort(scores, kind="stable")[: self.average]].mean(axis=0)


def krum_scores(vectors: Floats, poisoned: int) -> Floats:
    """The sum of squared distances of each vector to its n - poisoned - 2 nearest others, float64[n]."""
    centred = vectors - vectors.mean(axis=0)  # near 0, differences of squares lose fewer digits
    square = (centred**2).sum(axis=1)
    apart = np.maximum(square[:, None] + square[None] - 2 * centred @ centred.T, 0.0)
    np.fill_diagonal(apart, 0.0)
    # The first in order is the vector itself, at distance 0.
    return np.sort(apart, axis=1)[:, 1 : len(vectors) - poisoned - 1].sum(axis=1)
