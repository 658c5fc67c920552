"""Laws of noise by name and scale: Gaussian, Laplace and uniform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import ndtr, ndtri

from confide.core.arrays import Floats
from confide.core.errors import PromiseError

LawName: TypeAlias = Literal["gaussian", "laplace", "uniform"]
LAWS: tuple[LawName, ...] = ("gaussian", "laplace", "uniform")


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
    >>> Law("uniform", 2.0).quantile(np.array([0.75])).tolist()
    [1.0]
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

    def quantile(self, p: Floats) -> Floats:
        """The value that the noise is below with chance p in (0, 1): of uniform p it is the noise."""
        if self.name == "gaussian":
            return self.scale * np.asarray(ndtri(p), np.float64)
        if self.name == "uniform":
            return self.scale * (2 * p - 1)
        return -self.scale * np.sign(p - 0.5) * np.log1p(-2 * np.abs(p - 0.5))
