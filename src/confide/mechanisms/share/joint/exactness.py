"""Errors of results, carried forward from the errors of opened sums (Higham 2002, chapters 3 and 7).

Columns are divided by their bounds, so a bound that is far too wide leaves numbers that are far too small.
The error of a sum then says nothing about the error of what follows from it, such as a variance. Here the
one is carried through to the other.
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats

ROUNDING = 1.01 * 2.0**-53
"""Of one operation in float64, relative, with room for the products of many."""


def moment_errors(gram: Floats, *, grid: float) -> Floats:
    """Bound the errors of sums of products: float64[d, d].

    A sum of n products in float64 is off by at most (n + 4) 2^-53 of the sum of their absolute values, the
    division of the columns included; by Cauchy and Schwarz that is at most sqrt(g_ii g_jj). Counts are exact.

    Args:
        gram: float64[d, d], of a column of ones and others.
        grid: the error of each sum on the grid.
    """
    size = np.sqrt(np.maximum(np.diag(gram), 0))
    found = (gram[0, 0] + 4) * ROUNDING * np.outer(size, size) + grid
    found[0, 0] = 0.0
    return found


def covariance_errors(gram: Floats, off: Floats) -> Floats:
    """Bound the errors of covariances from moments whose errors are bounded: float64[d - 1, d - 1].

    Args:
        gram: float64[d, d], of a column of ones and others; gram[0, 0] is at least 2.
        off: float64[d, d], of the moments.
    """
    count, sums, shaky = gram[0, 0], np.abs(gram[0, 1:]), off[0, 1:]
    product = np.outer(sums, sums) / count
    carried = (np.outer(sums, shaky) + np.outer(shaky, sums) + np.outer(shaky, shaky)) / count
    evaluated = 8 * ROUNDING * (np.abs(gram[1:, 1:]) + product)
    return (off[1:, 1:] + carried + evaluated) / (count - 1)


def solution_errors(system: Floats, right: Floats, off: Floats, off_right: Floats) -> Floats:
    """Bound the errors of the solution of a positive definite system: float64[d]; infinite where none holds.

    Rows and columns are scaled to a diagonal of ones, so that units play no part. With A x = b, E and e the
    errors of A and b, the solution is off by at most |A^-1| (|E| |x| + |e|) / (1 - |A^-1| |E|).

    Args:
        system: float64[d, d], with a diagonal above 0.
        right: float64[d].
        off: float64[d, d], of the system.
        off_right: float64[d], of the right side.

    >>> solution_errors(np.eye(2), np.ones(2), np.full((2, 2), 1e-6), np.zeros(2)).round(7)
    array([2.8e-06, 2.8e-06])
    """
    scale = 1 / np.sqrt(np.diag(system))
    scaled = system * np.outer(scale, scale)
    values = np.linalg.eigvalsh(scaled)
    solving = 8 * len(scale) ** 2 * ROUNDING * values[-1]  # the backward error of Gaussian elimination
    shaky = float(np.linalg.norm(off * np.outer(scale, scale))) + solving
    least = values[0] - solving
    if not shaky < least:
        return np.full(len(scale), np.inf)
    found = np.linalg.solve(scaled, right * scale)
    moved = shaky * float(np.linalg.norm(found)) + float(np.linalg.norm(off_right * scale))
    return scale * moved / (least - shaky)
