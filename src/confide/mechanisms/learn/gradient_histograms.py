"""Dalal, Triggs: Histograms of Oriented Gradients for Human Detection (CVPR 2005), of bounded length.

Under a promise a model learns little from raw pixels: what noise leaves is spent on learning what an edge is.
Features that are fixed beforehand bring that with them (Tramèr, Boneh: Differentially Private Learning Needs
Better Features (or Much More Data), ICLR 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError, PromiseError


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientHistograms:
    """Gradient histograms of grey pictures: in each square cell, how much edge there is in which direction.

    At each pixel the gradient is the difference of its neighbours, and votes with its length for the nearest
    two directions. The votes of a cell's pixels are added up. All numbers of a picture together are centred
    on their mean and scaled to the length sqrt(cells), so that brightness and contrast do not matter.

    *Condition of a promise.* A picture's features depend on that picture and these settings alone, which are
    chosen without the data, so any promise for records of features holds for the pictures. No row is longer
    than `radius`.

    Args:
        shape: height and width of the pictures, multiples of `cell`.
        cell: the side of a cell in pixels.
        directions: how many, all around the circle.

    Raises:
        PromiseError: if the cells do not fill the pictures, or there are fewer than two directions.

    >>> features = GradientHistograms(shape=(8, 8), cell=2)
    >>> edge = np.zeros((1, 8, 8))
    >>> edge[:, :, 4:] = 1
    >>> found = features(edge)
    >>> found.shape, round(float(np.linalg.norm(found)), 9) == features.radius
    ((1, 128), True)
    """

    shape: tuple[int, int]
    cell: int
    directions: int = 8

    def __post_init__(self) -> None:
        height, width = self.shape
        if self.cell < 1 or min(self.shape) < 1 or height % self.cell or width % self.cell:
            raise PromiseError(
                f"cells of {self.cell} pixels do not fill pictures of {height} by {width}: give a side that "
                "divides both."
            )
        if self.directions < 2:
            raise PromiseError(f"directions is {self.directions}: give 2 or more.")

    @property
    def radius(self) -> float:
        """The length of the longest row: the square root of the number of cells."""
        return math.sqrt(self.shape[0] * self.shape[1] // self.cell**2)

    def __call__(self, pictures: Array) -> Floats:
        """Compute the features, float64[n, cells * directions]; a picture without any edge is all zeros.

        Args:
            pictures: [n, height, width] or [n, height * width], in any unit.

        Raises:
            DataError: if they have another shape, or are not finite numbers.
        """
        height, width = self.shape
        if pictures.shape[1:] not in (self.shape, (height * width,)):
            raise DataError(
                f"pictures are {pictures.shape[1:]}, and features were asked for {self.shape}: give grey "
                "pictures of this height and width."
            )
        x = np.asarray(pictures, np.float64).reshape(-1, height, width)
        if not np.isfinite(x).all():
            raise DataError("a picture has pixels that are no finite numbers: leave it out.")
        wide = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
        down, right = wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
        place = np.arctan2(down, right) / (2 * math.pi) * self.directions
        # How far a direction is around the circle; only the two at less than one step get votes.
        away = np.abs((place[..., None] - np.arange(self.directions)) % self.directions)
        near = np.maximum(1 - np.minimum(away, self.directions - away), 0.0)
        votes = near * np.hypot(down, right)[..., None]
        down_cells, across = height // self.cell, width // self.cell
        split = votes.reshape(len(x), down_cells, self.cell, across, self.cell, self.directions)
        return self._scaled(split.sum(axis=(2, 4)).reshape(len(x), down_cells * across * self.directions))

    def _scaled(self, rows: Floats) -> Floats:
        centred = rows - rows.mean(axis=1, keepdims=True)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        # What is left of a picture of one direction everywhere, or of none, is rounding.
        flat = length <= 1e-9 * np.linalg.norm(rows, axis=1, keepdims=True)
        # A hair below, so that rounding does not make a row longer than the radius.
        return np.where(flat, 0.0, centred / np.where(flat, 1.0, length) * (self.radius * (1 - 1e-12)))
