"""The law of a weighted sum of independent noises and of sampling error, and how far it strays.

A Laplace law of scale A has the characteristic function 1 / (1 + A^2 w^2). A product of several such, of
different scales, splits by partial fractions into a signed sum of single ones:

    prod_i 1 / (1 + A_i^2 w^2) = sum_i c_i / (1 + A_i^2 w^2),   c_i = prod_{j != i} A_i^2 / (A_i^2 - A_j^2).

So the tail of a sum of Laplace noises and a Gaussian is a signed sum of tails of one Laplace noise and this
Gaussian, and these have a closed form.

*Discrete noise.* Noise on whole numbers strays farther than continuous noise of its scale: of scale 1, it is
within 2.996, where continuous noise is in 95 %, in 92.7 % alone. Discrete Laplace noise has P(|Z| >= k) = 2
r^k / (1 + r) for r = exp(-1 / scale), which is P(|L| >= k - s) for s = scale ln(2 / (1 + r)): up to half a
step. So each noise is given this s more. For sums, and for Gaussian noise, a test adds up the discrete laws
at many scales and weights: none is covered in less than 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import log_ndtr, ndtr

from confide.core.arrays import Bools, Floats
from confide.mechanisms.statistics.noisy_integers import IntegerNoise, LaplaceIntegers

LEVEL = 0.95
"""Of every interval by itself."""
APART = 1e-2
"""Scales that are nearer to each other, as a share, are moved apart: the fractions would be too large. It
makes a half-width larger by less than this share."""
NONE = 1e-9
"""A scale that is this share of the largest one adds nothing."""
_STEPS = 60
"""Halvings: 2^-60 of where the search begins."""

Term: TypeAlias = tuple[IntegerNoise, Floats | float]
"""A noise, and what each of its steps adds to a sum: float64[cells], or the same for all."""


@dataclass(frozen=True, slots=True)
class Law:
    """The law of sums of independent noises and sampling error, one for each cell.

    Args:
        laplace: float64[m, cells], the scales of m Laplace noises; 0 for none.
        gaussian: float64[cells], the deviation of Gaussian noise; 0 for none.
        farther: float64[cells], how much farther the sum may stray because noise is discrete.

    >>> law = Law(np.array([[1.0]]), np.array([0.0]), np.array([0.0]))
    >>> law.half_width().round(4).tolist(), law.outside(np.array([3.0])).round(4).tolist()  # ln 20, exp(-3)
    ([2.9957], [0.0498])
    """

    laplace: Floats
    gaussian: Floats
    farther: Floats

    @classmethod
    def of(cls, terms: Sequence[Term], sampling: Floats) -> Law:
        """The law of a weighted sum.

        Args:
            terms: of noise.
            sampling: float64[cells], the variance of the sampling error; 0 for the noise alone.
        """
        none = np.zeros(len(sampling))
        weighted = [(noise, none + np.abs(weight)) for noise, weight in terms]
        laplace = [w * noise.scale for noise, w in weighted if isinstance(noise, LaplaceIntegers)]
        gaussian = [(w * noise.scale) ** 2 for noise, w in weighted if not isinstance(noise, LaplaceIntegers)]
        return cls(
            np.array(laplace or [none]),
            np.sqrt(sum(gaussian, sampling)),
            sum((w * _farther(noise) for noise, w in weighted), none),
        )

    def outside(self, t: Floats) -> Floats:
        """P(|sum| > t) at most, for each cell.

        Args:
            t: float64[cells].
        """
        return self._tail(np.maximum(t - self.farther, 0))

    def half_width(self, level: float = LEVEL) -> Floats:
        """The w with P(|sum| <= w) = level, for each cell; NaN where a scale is not finite."""
        # P(|X| > w) <= (deviation / w)^2 by Chebyshev, so that w is below this; scales may be moved by APART.
        variance = (2 * self.laplace**2).sum(axis=0) * (1 + 2 * APART * len(self.laplace)) + self.gaussian**2
        low, high = np.zeros_like(variance), np.sqrt(variance / (1 - level))
        for _ in range(_STEPS):
            middle = (low + high) / 2
            more = self._tail(middle) > 1 - level
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return np.where(np.isfinite(variance), high + self.farther, np.nan)

    def explains(self, stray: Floats, *, jump: Floats | float = 0.0, level: float = LEVEL) -> Bools:
        """Whether the sum strays so far, or farther, with a chance of 1 - level or more.

        Args:
            stray: float64[cells].
            jump: the most that one row adds. Of few rows a sum goes in jumps, and half of one is allowed for.
            level: such as 0.95.
        """
        free = np.maximum(self.farther, jump / 2)
        return self._tail(np.maximum(np.abs(stray) - free, 0)) >= 1 - level

    def _tail(self, t: Floats) -> Floats:
        """P(|sum| > t) of the continuous law, for t >= 0."""
        scales, weights = _fractions(self.laplace)
        signed = (weights * _single_tail(t, scales, self.gaussian)).sum(axis=0)
        at = np.divide(t, self.gaussian, out=np.where(t > 0, np.inf, 0.0), where=self.gaussian > 0)
        return np.clip(np.where(scales.any(axis=0), signed, 2 * ndtr(-at)), 0, 1)


def _farther(noise: IntegerNoise) -> float:
    """How much farther a noise strays than a continuous one of its scale, in steps."""
    if isinstance(noise, LaplaceIntegers):
        return noise.scale * (math.log(2) - math.log1p(math.exp(-1 / noise.scale)))
    return min(noise.scale, 0.5)


def _fractions(scales: Floats) -> tuple[Floats, Floats]:
    """Scales that differ, in falling order, and the weight of each; 0 for a scale that adds nothing."""
    ordered = -np.sort(-scales, axis=0)
    ordered = np.where(ordered > NONE * ordered[:1], ordered, 0.0)
    for i in range(len(ordered) - 1, 0, -1):
        # The larger one up, never the smaller one down: the noise is not made smaller than it is.
        ordered[i - 1] = np.maximum(ordered[i - 1], ordered[i] * (1 + APART))
    weights = np.ones_like(ordered)
    squares = ordered**2
    for i in range(len(ordered)):
        for j in range(len(ordered)):
            if i != j:
                gap = squares[i] - squares[j]
                weights[i] *= np.divide(squares[i], gap, out=np.ones_like(gap), where=gap != 0)
    return ordered, np.where(ordered > 0, weights, 0.0)


def _single_tail(t: Floats, scale: Floats, gaussian: Floats) -> Floats:
    """P(|L + N| > t) of one Laplace noise and one Gaussian, for t >= 0; 0 where the scale is 0.

    Twice P(L + N > t) = Phi(-t/s) + (exp(s^2/2A^2 - t/A) Phi(t/s - s/A) - exp(s^2/2A^2 + t/A) Phi(-t/s -
    s/A)) / 2, in logarithms, because the exponentials can be beyond all floats.
    """
    at = np.broadcast_to(t, scale.shape)
    safe = np.where(scale > 0, scale, 1.0)
    plain = np.exp(-at / safe)
    s = np.broadcast_to(np.where(gaussian > 0, gaussian, 1.0), scale.shape)
    ratio = s / safe
    half = ratio**2 / 2
    # Both are at most 1, and above it only where rounding or a cell without a scale makes them.
    left = np.exp(np.minimum(half - at / safe + log_ndtr(at / s - ratio), 0))
    right = np.exp(np.minimum(half + at / safe + log_ndtr(-at / s - ratio), 0))
    both = 2 * ndtr(-at / s) + left - right
    return np.where(scale > 0, np.where(gaussian > 0, both, plain), 0.0)
