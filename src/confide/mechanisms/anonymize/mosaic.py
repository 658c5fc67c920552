"""Pixelation by block means, as television uses it for faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.nouns import Release
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosaic:
    """Replaces each block of side x side pixels by its mean, rounded; the picture keeps its size.

    *Statement.* It promises nothing: the means are exact, and a recogniser trained on such pictures reads
    them.

    *Conditions.* Where the side does not divide the picture, it is continued by its last row and column.

    Args:
        side: of a block, in pixels.

    Raises:
        DataError: if the side is below 1.

    >>> picture = Pictures(np.array([[[0, 4], [4, 8]]], np.uint8))
    >>> Mosaic(side=2)(picture, rng=None).view.pixels.tolist()
    [[[4, 4], [4, 4]]]
    """

    side: int = 16

    def __post_init__(self) -> None:
        if self.side < 1:
            raise DataError(f"the side of a block is {self.side} pixels: give 1 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Pictures, *, rng: Rng | None) -> Release[Pictures]:
        pixels = data.pixels
        # Blocks at the border are completed first, so that all means are of side^2 pixels.
        means = block_means(padded(pixels, self.side), self.side)
        rounded = np.round(means).astype(np.uint8)
        view = Pictures(spread(rounded, self.side, like=pixels), data.person)
        return Release(view, None, f"Mosaic({self.side})")

    def claims(self, view: Pictures) -> tuple[Claim, ...]:
        """Each block of the release has one colour."""
        return (one_colour(view.pixels, self.side),)


def padded(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The pictures, continued by their last row and column to whole blocks."""
    down, right = (-size % side for size in pixels.shape[1:3])
    rest = ((0, 0),) * (pixels.ndim - 3)
    return np.pad(pixels, ((0, 0), (0, down), (0, right), *rest), mode="edge")


def block_means(pixels: NDArray[np.uint8], side: int) -> Floats:
    """float64[n, rows, columns(, 3)], the mean of each whole block."""
    n, h, w, *colours = pixels.shape
    blocks = pixels.reshape(n, h // side, side, w // side, side, *colours)
    return blocks.mean(axis=(2, 4), dtype=np.float64)


def spread(blocks: NDArray[np.uint8], side: int, *, like: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each block at full size again, cut to the size of `like`."""
    full = np.repeat(np.repeat(blocks, side, axis=1), side, axis=2)
    return np.ascontiguousarray(full[:, : like.shape[1], : like.shape[2]])


def one_colour(pixels: NDArray[np.uint8], side: int) -> Claim:
    """Whether nothing is left within a block: all of its pixels are equal."""
    corners = pixels[:, ::side, ::side]
    holds = all(
        np.array_equal(spread(corner[None], side, like=picture[None])[0], picture)
        for corner, picture in zip(corners, pixels, strict=True)
    )
    return Claim(t("every block of {side} x {side} pixels has one colour", side=side), holds)
