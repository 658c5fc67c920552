"""The data sets nearest to counts with noise: least absolute deviations, as a linear program."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import Combinations
from confide.attacks.reconstruction.crosstabs._highs import program
from confide.core.arrays import Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep

TIE = 1e-3
"""A random cost of a person: among equally near data sets it picks one, and is too small to do more."""


def nearest_points(found: Combinations, *, draws: int, rng: Rng) -> Floats:
    """Points of the relaxation with the least sum of deviations from the counts, float64[draws, N].

    Under Laplace noise these are the most likely ones. Which of them is found is decided by small random
    costs.

    Raises:
        KnowledgeError: if the solver finds none.
    """
    m, n = len(found.low), len(found)
    # counts = matrix @ x + over - under, with over, under >= 0: their sum is what the counts are off by.
    off = sparse.eye_array(m)
    rules = sparse.csr_array(sparse.hstack([found.matrix, off, -off]))
    points: list[Floats] = []
    for _ in range(draws):
        cost = np.append(TIE * rng.random(n), np.ones(2 * m))
        point = program(cost, [(rules, found.low, found.low)], least=0, most=np.inf, whole=False).x
        if point is None:
            raise KnowledgeError(keep("no data set near these counts was found: give fewer tables."))
        points.append(point[:n])
    return np.stack(points)
