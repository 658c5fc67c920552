"""Distortion: the distance of the adversary's belief about a place from the truth, and its uncertainty."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure import intervals


def expected_error(belief: Floats, truth: Ints, distance: Floats) -> Floats:
    """The adversary's expected error, sum over r of belief(r) distance(r, truth): float64[k].

    Shokri et al. (S&P 2011) call it correctness. They show that it measures how private a place is, and that
    entropy or the number of candidates does not: an adversary can be sure and wrong.

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
    """The entropy of each row of a belief in bits, float64[k].

    >>> uncertainty(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    return -(belief * np.log2(np.where(belief > 0, belief, 1))).sum(axis=1) + 0.0  # + 0.0: no -0.0


def per_person(values: Floats, person: Ints) -> Floats:
    """The mean value of each person who has a value, in the order of the codes."""
    count = np.bincount(person)
    # Codes without a value are dropped: they have no mean.
    return np.bincount(person, values)[count > 0] / count[count > 0]


def over_people(
    values: Floats,
    person: Ints,
    *,
    within: tuple[float, float] = (0.0, float("inf")),
    confidence: float = 0.95,
) -> Estimate:
    """The mean over people of each person's mean, with a t-interval.

    The interval is taken over people, because the visits of one person are not independent draws.

    Args:
        values: float64[k], one for each visit.
        person: int64[k].
        within: the possible range of the number.

    Raises:
        EvidenceError: if there are fewer than two people.
    """
    means = per_person(values, person)
    if len(means) < 2:
        raise EvidenceError(f"{len(means)} people give no interval: take 2 or more.")
    # Each person's mean counts as exact; the spread between people gives the interval.
    return intervals.mean([Estimate(float(v), float(v), float(v), confidence) for v in means], within=within)
