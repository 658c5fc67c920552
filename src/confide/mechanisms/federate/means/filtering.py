"""Diakonikolas et al.: Being Robust (in High Dimensions) Can Be Practical (ICML 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.federate.means.mean import needed

NINE = 9.0
"""How much the variance of what is left may exceed that of honest vectors, as in the papers; 1 could not be
reached, because poisoned vectors near the honest ones raise it a little and harm nothing."""

MOST = 0.3
"""The largest share for which the proof holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EigenvectorFilter:
    """Removes vectors that stick out along the direction of most variance, until none does; then averages.

    Poisoned vectors that move the mean far also make the variance large along the way that they move it. So
    while the largest eigenvalue of the covariance is above `9 variance`, each vector loses weight in
    proportion to its squared distance from the mean along that eigenvector; the farthest one loses all.

    *Statement.* If honest vectors have a variance of at most `variance` in every direction, and at most
    `share` of the parties are poisoned, each step takes more weight from poisoned vectors than from honest
    ones. So honest vectors lose less than `share` of all weight, and the mean's error is at most a constant
    times the root of `share variance`, in any number of dimensions.

    *Proof.* Let W be the weight that is left, P that of poisoned vectors, p = P / W, m the mean, v the
    eigenvector of the eigenvalue L, and t_i = (v . (x_i - m))^2. The sum of w_i t_i is L W, and weights are
    lost in proportion to w_i t_i: the part of honest vectors in the sum must be below half. It is their
    spread around their own mean, at most (1 - share) variance < (1 - share) L / 9 since weights only fall,
    and their weight times the square of their mean's distance from m. The spread of the two means alone
    makes L >= (1 - p) p (their distance)^2, so that the second is at most p L W. If up to now honest vectors
    lost no more than poisoned ones, W >= 1 - 2 share + 2 P, from which p <= share follows, as P <= share. So
    the part is at most (1 - share) / (9 (1 - 2 share)) + share, which is below 1/2 up to a share of 0.3.

    The filter ends at the latest when twice the share is removed, which by the statement does not happen
    within its conditions: what is left then is averaged.

    Args:
        share: of the parties, the largest that may be poisoned; at most 0.3.
        variance: of honest vectors, the largest in any direction.

    Raises:
        DataError: if a number is out of range.

    >>> crowd = np.concatenate([np.eye(4), -np.eye(4), np.full((2, 4), 50.0)])
    >>> np.abs(EigenvectorFilter(share=0.2, variance=0.25)(crowd)).max() < 0.1
    np.True_
    """

    share: float
    variance: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= MOST:
            raise DataError(f"share is {self.share}: filtering withstands shares from 0 to {MOST:g}.")
        if not 0 < self.variance < float("inf"):
            raise DataError(f"variance is {self.variance}: give a finite number above 0.")

    def __call__(self, vectors: Floats) -> Floats:
        return weights_of(vectors, self.share, self.variance) @ vectors


def weights_of(vectors: Floats, share: float, variance: float) -> Floats:
    """The weights that the filter leaves, float64[n], which add up to 1.

    Args:
        vectors: float64[n, d].
        share, variance: as of `EigenvectorFilter`.
    """
    n = len(needed(vectors, 1, "filtering"))
    weights = np.full(n, 1 / n)
    # Each step takes one vector's weight away, so there are n steps at most.
    while weights.sum() > 1 - 2 * share + 1e-12:
        off = vectors - weights @ vectors / weights.sum()
        # Of n rows, singular values cost n^2 d: cheap for updates of many parameters too.
        _, size, along = np.linalg.svd(off * np.sqrt(weights / weights.sum())[:, None], full_matrices=False)
        if size[0] ** 2 <= NINE * variance:
            break
        far = (off @ along[0]) ** 2
        weights = weights * (1 - far / far[weights > 0].max())
    return weights / weights.sum()
