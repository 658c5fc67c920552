"""Distances between rebuilt records and true ones, and what can be hit without the release."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.core.errors import DataError

# Records whose nearest other one is looked for to choose a radius.
MOST_ASKED = 1_000
# Rows of distances that are held at once: 64 MiB.
ROOM = 2**23


def distances(value: Floats, truth: Floats) -> Floats:
    """Compute the Euclidean distance of each row of `value` to the same row of `truth`, float64[n].

    A row that is no number is infinitely far away.
    """
    far = np.sqrt(((np.asarray(value, np.float64) - truth) ** 2).sum(axis=1))
    return np.where(np.isfinite(far), far, np.inf)


def largest_errors(value: Floats, truth: Floats) -> Floats:
    """Compute the largest absolute error among the features of each row, float64[n]."""
    worst = np.abs(np.asarray(value, np.float64) - truth).max(axis=1)
    return np.where(np.isfinite(worst), worst, np.inf)


def nearest(truth: Floats, among: Floats, *, distinct: bool = True) -> Floats:
    """Compute the distance of each row to the nearest of other rows, float64[n].

    Args:
        truth: float64[n, d].
        among: float64[m, d], which may hold the rows of `truth` too.
        distinct: leave out rows that are equal, such as the row itself.

    >>> nearest(np.array([[0.0], [5.0]]), np.array([[0.0], [1.0], [5.0]])).tolist()
    [1.0, 4.0]
    """
    found = np.empty(len(truth))
    for rows, square in _blocks(truth, among):
        if distinct:
            square[square <= 1e-12 * (1 + (truth[rows] ** 2).sum(axis=1))[:, None]] = np.inf
        found[rows] = np.sqrt(square.min(axis=1, initial=np.inf))
    return found


def cosines(some: Floats, others: Floats) -> Floats:
    """Compute the cosine of each row with each other row, float64[n, m]; 0 with a row of zeros.

    >>> cosines(np.array([[3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.0]]
    """
    sizes = [np.maximum(np.linalg.norm(part, axis=1), 1e-300) for part in (some, others)]
    return np.clip((some / sizes[0][:, None]) @ (others / sizes[1][:, None]).T, -1, 1)


def nearest_cosine(truth: Floats, among: Floats) -> Floats:
    """Compute the cosine of each row with the nearest of other rows that is no copy of it, float64[n].

    >>> nearest_cosine(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [3.0, 4.0]])).tolist()
    [0.6]
    """
    found = np.empty(len(truth))
    size = max(1, ROOM // max(len(among), 1))
    for start in range(0, len(truth), size):
        rows = slice(start, start + size)
        near = cosines(truth[rows], among)
        near[near > 1 - 1e-9] = -1.0
        found[rows] = near.max(axis=1, initial=-1.0)
    return found


def usual_radius(records: Floats) -> float:
    """Choose how near a rebuilt record must come: half the median distance of a record to the nearest other.

    Within that distance of a typical record there is no other record, so that who comes as near has named it.

    Raises:
        DataError: if all records are equal.

    >>> usual_radius(np.array([[0.0], [1.0], [2.0]]))
    0.5
    """
    # A median over a thousand of them, evenly spaced in their order, is as good as one over all.
    near = nearest(records[:: max(1, len(records) // MOST_ASKED)], records)
    near = near[np.isfinite(near)]
    if not len(near):
        raise DataError("all records are equal: there is nothing to rebuild.")
    return float(np.median(near) / 2)


def chance_of_hit(records: Floats, radius: float) -> float:
    """Bound how often one fixed guess is within `radius` of a record drawn from these: the prior of chance.

    Two records that one guess hits are at most twice the radius apart. So no guess, whatever it is, hits more
    records than the fullest ball of twice the radius around a record holds.

    >>> chance_of_hit(np.array([[0.0], [0.1], [5.0], [9.0]]), 0.05)
    0.5
    """
    most = 0
    for _, square in _blocks(records, records):
        most = max(most, int((np.sqrt(square) <= 2 * radius + 1e-9).sum(axis=1).max()))
    return most / len(records)


def chance_of_target(others: Floats, radius: float) -> float:
    """Bound how often one fixed guess hits a record that is one more of the same kind as these.

    It may stand where most of the others do: it is counted among them, and hit.

    >>> round(chance_of_target(np.array([[0.0], [5.0], [9.0]]), 0.05), 2)
    0.5
    """
    n = len(others)
    return min((chance_of_hit(others, radius) * n + 1) / (n + 1), 1.0) if n else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How near reconstructions came to the true records, and how near what was known before is.

    Args:
        distance: of each reconstruction, float64[n].
        largest: the largest absolute error of a feature, float64[n].
        of_mean: the distance of the mean of the known records to each true one, float64[n].
        of_nearest: the distance of the nearest other record, float64[n]: more than a blind adversary can do.
        hit: whether the reconstruction is near enough, bool[n].
    """

    distance: Floats
    largest: Floats
    of_mean: Floats
    of_nearest: Floats
    hit: Bools


def rebuilt(value: Floats, truth: Floats, known: Floats, *, radius: float) -> Rebuilt:
    """Hold reconstructions against the true records, and against the blind adversary's best.

    Args:
        value, truth: float64[n, d].
        known: float64[m, d], what the adversary knew before; a record that equals a true one is left out.
        radius: how near is near enough.
    """
    far = distances(value, truth)
    return Rebuilt(
        distance=far,
        largest=largest_errors(value, truth),
        of_mean=distances(np.broadcast_to(known.mean(axis=0), truth.shape), truth),
        of_nearest=nearest(truth, known),
        hit=far <= radius,
    )


def _blocks(some: Floats, among: Floats):
    """Squared distances of some rows to all others, block by block."""
    size = max(1, ROOM // max(len(among), 1))
    squares = (among**2).sum(axis=1)
    for start in range(0, len(some), size):
        rows = slice(start, start + size)
        part = some[rows]
        square = (part**2).sum(axis=1)[:, None] + squares - 2 * part @ among.T
        yield rows, np.maximum(square, 0.0)
