"""Laws of noise by name and scale: Gaussian, Laplace and uniform, drawn on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import ndtr

from confide.core.arrays import Floats, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.lattice import step_for
from confide.mechanisms.noise.words import Words, below

LawName: TypeAlias = Literal["gaussian", "laplace", "uniform"]
LAWS: tuple[LawName, ...] = ("gaussian", "laplace", "uniform")
FINEST = 2.0**-40
"""The smallest step: dates are then some 2^55 of them."""


@dataclass(frozen=True, slots=True)
class Law:
    """A law of noise around 0.

    Args:
        name: gaussian, laplace or uniform.
        scale: the deviation of a Gaussian, the mean size of Laplace noise, the largest size of uniform noise.

    Raises:
        PromiseError: for an unknown name, or a scale that is not above 0.

    >>> Law("laplace", 2.0).cdf(np.array([0.0])).tolist()
    [0.5]
    """

    name: LawName
    scale: float

    def __post_init__(self) -> None:
        if self.name not in LAWS:
            raise PromiseError(f"there is no noise {self.name!r}: choose {', '.join(LAWS)}.")
        if not 0 < self.scale < float("inf"):
            raise PromiseError(f"the scale of noise is {self.scale}: give a finite number above 0.")

    def cdf(self, x: Floats) -> Floats:
        """The chance that the noise is at most x."""
        z = x / self.scale
        if self.name == "gaussian":
            return np.asarray(ndtr(z), np.float64)
        if self.name == "uniform":
            return np.clip((z + 1) / 2, 0, 1)
        tail = np.exp(-np.abs(z)) / 2
        return np.where(z < 0, tail, 1 - tail)

    @property
    def step(self) -> float:
        """The step of the grid that noise, and what it is added to, stand on."""
        return max(step_for(self.scale), FINEST)

    def drawn(self, n: int, words: Words) -> Ints:
        """n numbers of this law in whole steps, int64[n]."""
        scale = max(round(self.scale / self.step), 1)
        if self.name == "gaussian":
            return discrete_gaussian(n, sigma=scale, words=words)
        if self.name == "uniform":
            return below(2 * scale + 1, n, words) - scale
        return discrete_laplace(n, rate=Fraction(1, scale), words=words)
