"""Augmentation of pictures for a recogniser: moved and mirrored copies, shrunk to a bounded size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Rng
from confide.views.images import Pictures

# A larger picture is shrunk by a whole factor, which leaves at least this many pixels on its shorter side:
# enough to tell faces apart, and few enough to train in seconds.
SEEN = 40


def moved(pictures: Pictures, *, copies: int, shift: float, mirror: bool, rng: Rng) -> Pictures:
    """The pictures, followed by `copies - 1` more of each, moved at random and mirrored by a coin.

    Args:
        copies: of each picture, the picture itself included.
        shift: the largest move, as a share of the shorter side; edges are continued.
        mirror: whether left and right may be exchanged.
    """
    n, h, w = pictures.pixels.shape[:3]
    far = round(shift * min(h, w))
    parts = [pictures.pixels]
    for _ in range(copies - 1):
        down, right = rng.integers(-far, far + 1, size=(2, n, 1))
        columns = np.where(mirror & (rng.random((n, 1)) < 0.5), np.arange(w)[::-1], np.arange(w))
        # Clipping the index continues the edge, and leaves no black border to learn from.
        y = np.clip(np.arange(h) + down, 0, h - 1)
        x = np.clip(columns + right, 0, w - 1)
        parts.append(pictures.pixels[np.arange(n)[:, None, None], y[:, :, None], x[:, None, :]])
    person = None if pictures.person is None else np.tile(pictures.person, copies)
    return Pictures(np.concatenate(parts), person)


def seen(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a model sees: float32[n, c, h, w] from 0 to 1, large pictures shrunk by block means.

    >>> seen(np.zeros((2, 112, 92), np.uint8)).shape, seen(np.zeros((1, 8, 8, 3), np.uint8)).shape
    ((2, 1, 56, 46), (1, 3, 8, 8))
    """
    n, h, w, *colours = pixels.shape
    by = max(1, min(h, w) // SEEN)
    whole = pixels[:, : h - h % by, : w - w % by].reshape(n, h // by, by, w // by, by, *colours)
    small = whole.mean(axis=(2, 4), dtype=np.float32) / np.float32(255)
    return np.moveaxis(small, -1, 1) if colours else small[:, None]
