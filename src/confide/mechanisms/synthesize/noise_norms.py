"""Bounds on sums of noise over the cells of a margin, by Gaussian concentration of Lipschitz functions.

A function that moves by at most c where the noise moves by 1 in the L2 norm exceeds its mean by t with a
probability of at most exp(-t^2 / (2 c^2 v)), v being the largest variance of the noise in any direction.
"""

from __future__ import annotations

import math

from scipy.stats import norm

MEAN_ABSOLUTE = math.sqrt(2 / math.pi)
"""Of normal noise of deviation 1."""


def largest_sum(cells: int, *, of: int, deviation: float, widest: float, chance: float) -> float:
    """What the positive noise of any `cells` cells sums up to at most, but for this chance.

    The mean of the largest values is below the mean of the upper tail of that share, however the cells depend
    on each other.

    Args:
        cells: of the sum.
        of: all cells of the margin.
        deviation: of the noise in each cell.
        widest: its largest deviation in any direction.
        chance: of a larger sum.
    """
    share = min(cells / of, 0.5)
    mean = of * deviation * float(norm.pdf(norm.ppf(1 - share)))
    return mean + widest * math.sqrt(2 * cells * math.log(1 / chance))


def absolute_sum(cells: int, *, deviation: float, widest: float, chance: float) -> float:
    """What the absolute noise of all cells sums up to at most, but for this chance."""
    return MEAN_ABSOLUTE * deviation * cells + widest * math.sqrt(2 * cells * math.log(1 / chance))


def distance_within(seen: float, *, cells: int, sigma: float, chance: float) -> float:
    """The largest L1 distance of which fresh noise would leave as little as was seen, but for this chance.

    Noise of deviation sigma is added to a vector d. The mean of |d + noise| in a cell is g(d), which is
    convex. So the mean of |d| is at most the number at which g is the mean of what was seen, with an
    allowance for the noise.

    Args:
        seen: the L1 norm of d with noise.
        cells: of d.
        sigma: of the noise, independent of d.
        chance: of a larger distance.
    """
    level = seen / cells + sigma * math.sqrt(2 * math.log(1 / chance) / cells)
    if level <= MEAN_ABSOLUTE * sigma:
        return 0.0
    low, high = 0.0, level
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _folded(middle, sigma) >= level else (middle, high)
    return cells * high


def _folded(d: float, sigma: float) -> float:
    """The mean of the absolute value of normal noise around d."""
    x = d / sigma
    return sigma * MEAN_ABSOLUTE * math.exp(-x * x / 2) + d * (1 - 2 * float(norm.cdf(-x)))
