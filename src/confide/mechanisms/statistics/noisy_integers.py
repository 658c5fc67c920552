"""Ghosh, Roughgarden, Sundararajan 2012 and Canonne, Kamath, Steinke 2020: discrete noise on whole numbers.

The samplers are those of OpenDP 0.16: exact in whole numbers, from a cryptographic source. Nobody can replay
them, so there is no rehearsal here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import ndtri

from confide.core.arrays import Floats, Ints
from confide.core.errors import PromiseError

if TYPE_CHECKING:
    from opendp.mod import Measurement

LARGEST_SCALE = 2.0**40
"""Of noise, in steps: far enough from 2^63, where OpenDP's sums stop growing."""
_LARGEST_SHIFT = 2**62
"""Of one person in all entries together, as 64 bits hold it."""
_SUMMED = 2.0**10
"""Up to this scale the law is summed up term by term; above it a continuous law is less than 1e-6 away."""


class IntegerNoise(Protocol):
    """A vector of whole numbers -> the same with noise, and the law of that noise.

    A mechanism is made for the sensitivity of the whole vector, and adds independent noise of one law to each
    entry. What it costs is asked of the mechanism itself (`epsilon` or `rho`).
    """

    @property
    def scale(self) -> float:
        """The scale of the law, in steps: exactly the number that the sampler uses."""
        ...

    @property
    def variance(self) -> float:
        """Of the noise of one entry, at least."""
        ...

    def half_width(self, level: float) -> int:
        """The smallest whole number w for which the noise of one entry is within +-w with this probability at
        least."""
        ...

    def __call__(self, exact: Sequence[int] | Ints) -> Ints:
        """Each entry with fresh noise, int64[n]."""
        ...


@dataclass(frozen=True, slots=True)
class LaplaceIntegers:
    """Discrete Laplace noise: P(k) in proportion to exp(-|k| / scale).

    *Statement.* Where one person moves the vector by at most `l1` in the L1 norm, the answer is
    `epsilon`-differentially private.

    *Proof.* The noise of the entries is independent, so the ratio of the probabilities of two vectors at
    distance d is at most exp(d / scale), by the triangle inequality. Entries that would leave 64 bits stop at
    the last number, which is a function of the noisy entry.

    Args:
        l1: how far one person moves the whole vector, in the L1 norm; at least 1.
        scale: of the noise.

    Raises:
        PromiseError: if such noise cannot be drawn.

    >>> noise = LaplaceIntegers.for_epsilon(l1=3, epsilon=Fraction(1, 10))
    >>> noise.scale >= 30, noise.epsilon <= 0.1, len(noise([5, 7]))
    (True, True, 2)
    """

    l1: int
    scale: float

    def __post_init__(self) -> None:
        _refuse_shift(self.l1)
        _refuse_scale(self.scale)

    @classmethod
    def for_epsilon(cls, *, l1: int, epsilon: Fraction) -> LaplaceIntegers:
        """The smallest noise whose privacy map, rounded up, is within epsilon."""
        _refuse_shift(l1)
        if not epsilon > 0:
            raise PromiseError(f"epsilon is {float(epsilon):g}: give a number above 0.")
        scale = float(Fraction(l1) / epsilon)
        _refuse_scale(scale)
        # OpenDP's map divides floats and rounds up; a few steps of the scale make up for it.
        while Fraction(laplace_epsilon(l1, scale)) > epsilon:
            scale = math.nextafter(scale, math.inf)
        return cls(l1, scale)

    @property
    def epsilon(self) -> float:
        """Of the whole vector, by OpenDP's privacy map: a float that is rounded up."""
        return laplace_epsilon(self.l1, self.scale)

    @property
    def variance(self) -> float:
        return 1 / (2 * math.sinh(1 / (2 * self.scale)) ** 2)

    def half_width(self, level: float) -> int:
        # P(|Z| > w) = 2 r^(w + 1) / (1 + r), for r = exp(-1 / scale).
        outside = math.log((1 - _inside(level)) * (1 + math.exp(-1 / self.scale)) / 2)
        return max(math.ceil(-outside * self.scale - 1), 0)

    def __call__(self, exact: Sequence[int] | Ints) -> Ints:
        return np.asarray(_laplace(self.scale)(_listed(exact)), np.int64)


@dataclass(frozen=True, slots=True)
class GaussianIntegers:
    """Discrete Gaussian noise: P(k) in proportion to exp(-k^2 / (2 scale^2)).

    *Statement.* Where one person moves the vector by at most `l2` in the L2 norm, the answer is
    `rho`-zero-concentrated differentially private.

    *Proof.* Canonne, Kamath, Steinke 2020, theorem 14: rho = l2^2 / (2 scale^2), for vectors of independent
    entries of one scale.

    Args:
        l2_squared: how far one person moves the whole vector, as the square of the L2 norm: a whole number.
        scale: of the noise; its deviation is not above it.

    Raises:
        PromiseError: if such noise cannot be drawn.

    >>> noise = GaussianIntegers.for_rho(l2_squared=3, rho=Fraction(1, 200))
    >>> noise.scale >= 17.3, noise.rho <= 0.005, len(noise([5, 7]))
    (True, True, 2)
    """

    l2_squared: int
    scale: float

    def __post_init__(self) -> None:
        _refuse_shift(self.l2_squared)
        _refuse_scale(self.scale)

    @classmethod
    def for_rho(cls, *, l2_squared: int, rho: Fraction) -> GaussianIntegers:
        """The smallest noise whose privacy map, rounded up, is within rho."""
        _refuse_shift(l2_squared)
        if not rho > 0:
            raise PromiseError(f"rho is {float(rho):g}: give a number above 0.")
        scale = math.sqrt(Fraction(l2_squared) / (2 * rho))
        _refuse_scale(scale)
        while Fraction(gaussian_rho(l2_squared, scale)) > rho:
            scale = math.nextafter(scale, math.inf)
        return cls(l2_squared, scale)

    @property
    def rho(self) -> float:
        """Of the whole vector, by OpenDP's privacy map: a float that is rounded up."""
        return gaussian_rho(self.l2_squared, self.scale)

    @property
    def variance(self) -> float:
        # Above a scale of 1024 the discrete variance is the square to all digits; below, it is summed.
        if self.scale > _SUMMED:
            return self.scale**2
        ks, mass = _gaussian_mass(self.scale)
        return float((ks**2 * mass).sum())

    def half_width(self, level: float) -> int:
        inside = _inside(level)
        if self.scale > _SUMMED:
            return math.ceil(self.scale * float(ndtri((1 + inside) / 2)) + 0.5)
        ks, mass = _gaussian_mass(self.scale)
        within = np.cumsum(np.where(ks[ks >= 0] > 0, 2, 1) * mass[ks >= 0])
        # The sum ends at 40 deviations, where what is missing is below any level that a float can say.
        return int(min(np.searchsorted(within, inside), len(within) - 1))

    def __call__(self, exact: Sequence[int] | Ints) -> Ints:
        return np.asarray(_gaussian(self.scale)(_listed(exact)), np.int64)


def laplace_epsilon(l1: int, scale: float) -> float:
    """OpenDP's privacy map of discrete Laplace noise: an epsilon, rounded up."""
    return float(_laplace(scale).map(l1))


def gaussian_rho(l2_squared: int, scale: float) -> float:
    """OpenDP's privacy map of discrete Gaussian noise: a rho, rounded up; the norm is rounded up first."""
    return float(_gaussian(scale).map(_root_up(l2_squared)))


@lru_cache(maxsize=1024)
def _laplace(scale: float) -> Measurement:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_laplace
    from opendp.metrics import l1_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    return make_laplace(vector_domain(atom_domain(T="i64")), l1_distance(T="i64"), scale=scale)


@lru_cache(maxsize=1024)
def _gaussian(scale: float) -> Measurement:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    return make_gaussian(vector_domain(atom_domain(T="i64")), l2_distance(T="f64"), scale=scale)


def _root_up(square: int) -> float:
    """The root, as a float64 that is not below it."""
    root = math.sqrt(square)
    return root if Fraction(root) ** 2 >= square else math.nextafter(root, math.inf)


def _gaussian_mass(scale: float) -> tuple[Floats, Floats]:
    """Whole numbers up to 40 deviations, and the probability of each."""
    most = math.ceil(40 * scale)
    ks = np.arange(-most, most + 1, dtype=np.float64)
    weight = np.exp(-(ks**2) / (2 * scale**2))
    return ks, weight / weight.sum()


def _inside(level: float) -> float:
    if not 0 < level < 1:
        raise PromiseError(
            f"the level of an interval is {level}: give a number between 0 and 1, such as 0.95."
        )
    return level


def _refuse_shift(shift: int) -> None:
    if type(shift) is not int or not 1 <= shift <= _LARGEST_SHIFT:
        raise PromiseError(f"the sensitivity is {shift!r:.40}: give a whole number from 1 to 2^62.")


def _refuse_scale(scale: float) -> None:
    if not 0 < scale <= LARGEST_SCALE:
        raise PromiseError(
            f"noise of scale {scale:.6g} cannot be drawn, the largest is {LARGEST_SCALE:.3g}: give more "
            "epsilon, or count in coarser steps."
        )


def _listed(exact: Sequence[int] | Ints) -> list[int]:
    """As OpenDP takes it: plain whole numbers of 64 bits."""
    plain = [int(value) for value in exact]
    if any(not -(2**63) <= value < 2**63 for value in plain):
        raise PromiseError("a sum does not fit 64 bits: count in coarser steps.")
    return plain
