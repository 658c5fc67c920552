"""Spectral clustering of n numbers into two groups, without an n x n matrix."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats

# The most bins, of equal width. The eigenproblem is that of this many points, whatever n is.
BINS = 512


def two_groups(z: Floats) -> Floats:
    """The second eigenvector of the normalised affinity exp(-(z_i - z_j)^2), whose sign is the group.

    All numbers of a bin share their affinities. So the n x n eigenproblem becomes one of bins x bins,
    weighted by the number of points in each. It is exact for numbers on the bins' grid.

    Args:
        z: float64[n].

    Returns:
        float64[n], of unit mean square; 0 for all where all numbers are equal.

    >>> np.sign(two_groups(np.array([0.0, 0.1, 3.0, 3.1, 3.2]))) * np.sign(two_groups(np.arange(2.0)))[0]
    array([ 1.,  1., -1., -1., -1.])
    """
    low, high = float(z.min()), float(z.max())
    if low == high:
        return np.zeros(len(z))
    place = np.minimum(((z - low) / (high - low) * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    middle = np.bincount(place, weights=z, minlength=BINS)[count > 0] / count[count > 0]
    weight = count[count > 0].astype(np.float64)
    affinity = np.exp(-((middle[:, None] - middle) ** 2))
    scale = np.sqrt(weight / (affinity @ weight))
    # Eigenvectors of sqrt(w) D^-1/2 A D^-1/2 sqrt(w), divided by sqrt(w D), are those of D^-1 A w.
    second = np.linalg.eigh(scale[:, None] * affinity * scale)[1][:, -2]
    values = second / np.sqrt(weight * (affinity @ weight))
    compact = np.cumsum(count > 0) - 1
    answer = values[compact[place]]
    return answer / np.sqrt((answer**2).mean())
