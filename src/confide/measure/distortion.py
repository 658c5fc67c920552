"""Distortion: how far from the truth an adversary's belief about a place lies, and how sure he is of it."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure import intervals


def expected_error(belief: Floats, truth: Ints, distance: Floats) -> Floats:
    """The distance that the adversary is off on average, sum of belief(r) distance(r, truth): float64[k].

    This is the correctness of Shokri et al. (S&P 2011), who show that it, and neither entropy nor the number
    of people to choose from, says how private a place is: one can be quite sure and wrong.

    Args:
        belief: float64[k, R], rows sum to 1.
        truth: int64[k], the true region.
        distance: float64[R, R].

    >>> apart = np.array([[0.0, 800.0], [800.0, 0.0]])
    >>> expected_error(np.array([[0.25, 0.75]]), np.array([0]), apart).tolist()
    [600.0]
    """
    return (belief * distance[truth]).sum(axis=1)


def uncertainty(belief: Floats) -> Floats:
    """The entropy of each row in bits, float64[k].

    >>> uncertainty(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    return -(belief * np.log2(np.where(belief > 0, belief, 1))).sum(axis=1) + 0.0


def per_person(values: Floats, person: Ints) -> Floats:
    """Each person's mean, over those who have a value, by code."""
    count = np.bincount(person)
    return np.bincount(person, values)[count > 0] / count[count > 0]


def over_people(
    values: Floats,
    person: Ints,
    *,
    within: tuple[float, float] = (0.0, float("inf")),
    confidence: float = 0.95,
) -> Estimate:
    """The mean over people of each one's mean, with a t-interval: visits of one person are no free draws.

    Args:
        values: float64[k], one a visit.
        person: int64[k].
        within: the range that the number can lie in.

    Raises:
        EvidenceError: if there are fewer than two people.
    """
    means = per_person(values, person)
    if len(means) < 2:
        raise EvidenceError(f"{len(means)} people give no interval: take 2 or more.")
    return intervals.mean([Estimate(float(v), float(v), float(v), confidence) for v in means], within=within)
