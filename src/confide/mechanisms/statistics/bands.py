"""Cornish, Fisher: Moments and Cumulants (Revue de l'Institut International de Statistique, 1938).

Quantiles from noisy histograms, with intervals from the band around the noisy distribution function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from confide.core.arrays import Bools, Floats, Ints
from confide.mechanisms.statistics.intervals import Cells, Interval
from confide.mechanisms.statistics.laws import LEVEL
from confide.mechanisms.statistics.noisy_integers import IntegerNoise, LaplaceIntegers

_Z = float(ndtri((1 + LEVEL) / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A noisy histogram of a clipped column.

    The true quantile is the least code c with B(c) >= p n, for B(c) rows up to c. So B(c) - p n is at least 0
    at it, and below 0 before it; an interval holds the codes of which the noise does not contradict that.

    The noise of B(c) - p n is a sum of that of all counts. How far it strays follows from its variance and
    its fourth cumulant (Cornish and Fisher), each noise being smoothed by a uniform half of a step. A test
    adds up the discrete laws: none strays farther than in 5 %.

    Args:
        counts: float64[cells, codes], noisy.
        noise: of each count.
        p: the share of rows below the quantile.
        each: rows of one person, which may all be equal.
    """

    counts: Floats
    noise: IntegerNoise
    p: float
    each: float = 1.0

    @property
    def cells(self) -> Cells:
        """The places of the quantiles with both intervals; NaN for a place where no row seems to be."""
        place = np.where(self.code < 0, np.nan, self.code)
        return Cells(place, self.interval(sampling=False), self.interval(sampling=True))

    @property
    def code(self) -> Ints:
        """The place of the quantile, int64[cells]; -1 where no row seems to be."""
        below = np.cumsum(self.counts, axis=1)
        # The sums are made rising, half from the left and half from the right: the first noisy sum above the
        # line would come too early.
        left = np.maximum.accumulate(below, axis=1)
        right = np.minimum.accumulate(below[:, ::-1], axis=1)[:, ::-1]
        need = self.p * below[:, -1:]
        first = _first((left + right) / 2 >= need)
        return np.where(below[:, -1] > 0, first, -1)

    def interval(self, *, sampling: bool) -> Interval:
        """The first and the last place that may be the quantile's."""
        below = np.cumsum(self.counts, axis=1)
        rows = below[:, -1:]
        above = below - self.p * rows
        drawn = self.each * np.maximum(rows, 1) * self.p * (1 - self.p) if sampling else np.zeros((1, 1))
        width = self.half_width(drawn)
        last = self.counts.shape[1] - 1
        low = _first(above >= -width)
        # The place after the last one that is surely not above the line.
        under = above < width
        high = np.where(under.any(axis=1), last - _first(under[:, ::-1]) + 1, 0)
        return Interval(low.astype(np.float64), np.minimum(high, last).astype(np.float64))

    def half_width(self, sampling: Floats) -> Floats:
        """The w within which B(c) - p n has an error of 95 %, float64[cells or 1, codes].

        Args:
            sampling: the variance of the sampling error of B(c) - p n, float64[cells or 1, 1].
        """
        codes, q = self.counts.shape[1], 1 - self.p
        before = np.arange(1, codes + 1)
        discrete = self.noise.variance > 0
        one = self.noise.variance + discrete / 12
        variance = one * (q**2 * before + self.p**2 * (codes - before)) + sampling
        # Of a Laplace noise, the fourth cumulant is 3 squares of its variance; of a Gaussian one, 0.
        fourth = isinstance(self.noise, LaplaceIntegers) * 3 * one**2
        excess = fourth * (q**4 * before + self.p**4 * (codes - before)) / np.maximum(variance, 1e-150) ** 2
        return np.sqrt(variance) * (_Z + excess * (_Z**3 - 3 * _Z) / 24) + discrete * max(self.p, q) / 2


def _first(holds: Bools) -> Ints:
    """The first place where something holds; the last place where it never does."""
    return np.where(holds.any(axis=1), holds.argmax(axis=1), holds.shape[1] - 1)
