"""Background knowledge of an adversary that makes pictures of a model's classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.fft import dctn, idctn

from confide.core.arrays import Floats
from confide.core.errors import KnowledgeError


def cosines(pictures: Floats) -> Floats:
    """The orthonormal cosine transform over the last two axes, float64 of the same shape."""
    return cast(Any, dctn)(pictures, axes=(-2, -1), norm="ortho")  # SciPy's types say something else


def from_cosines(waves: Floats) -> Floats:
    """What has this cosine transform."""
    return cast(Any, idctn)(waves, axes=(-2, -1), norm="ortho")


@dataclass(frozen=True, slots=True, eq=False)
class PictureKnowledge:
    """What pictures of this kind look like in general: public ones, nameless.

    Args:
        public: float64[m, h, w], in the range of the model's inputs.
        low, high: that range.

    Raises:
        KnowledgeError: if there are fewer than two public pictures, or they are not grey.
    """

    public: Floats
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.public.ndim != 3 or len(self.public) < 2:
            raise KnowledgeError(
                f"public pictures are {self.public.shape}: give two or more grey ones, [m, height, width]."
            )
        if not self.low < self.high:
            raise KnowledgeError(f"inputs from {self.low} to {self.high}: give the lower end first.")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.public.shape[1], self.public.shape[2]

    @property
    def mean(self) -> Floats:
        """The mean picture, float64[h, w]."""
        return self.public.mean(axis=0)

    @property
    def power(self) -> Floats:
        """How much pictures differ from their mean at each cosine frequency, float64[h, w], above 0."""
        found = (cosines(self.public - self.mean) ** 2).mean(axis=0)
        # A frequency that no public picture has is not impossible.
        return np.maximum(found, 1e-6 * found.mean() + 1e-12)
