"""Mahloujifar et al.: blurring in practice can be undone (Privacy Blur, 2025); Wiener's filter (1949).

The blur is known, so it is inverted frequency by frequency. The blur mirrors pictures at their edges, so the
cosine transform diagonalises it exactly: there is no ringing, and no border is lost. Detail that rounding has
hidden is restored only up to the power that clear pictures have there.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats
from confide.measure.pictures import transfer

# The noise assumed in unrounded pictures: more than float arithmetic adds.
EXACT = 1e-12
# The variance that rounding to whole numbers adds: that of a uniform number of width 1.
ROUNDED = 1 / 12

Pixels: TypeAlias = NDArray[np.uint8] | Floats


def power_of(clear: Pixels) -> Floats:
    """Mean power of clear pictures [n, h, w(, 3)] at each cosine frequency, float64[h, w(, 3)]."""
    return (_cosines(clear.astype(np.float64)) ** 2).mean(axis=0)


def deblurred(pixels: Pixels, *, sigma: float, power: Floats, noise: float = ROUNDED) -> Floats:
    """Wiener deblurring: the linear estimate of clear pictures with the least squared error, 0..255.

    Args:
        pixels: the blurred pictures, [n, h, w(, 3)], whole numbers or not.
        sigma: of the blur, whose weights are cut at 4 sigma and whose edges are mirrored.
        power: of clear pictures of the kind, see `power_of`.
        noise: the variance of what was added after the blur.
    """
    h, w = pixels.shape[1:3]
    passed = transfer(h, sigma)[:, None] * transfer(w, sigma)
    passed = passed.reshape(h, w, *(1,) * (pixels.ndim - 3))
    # Wiener's gain: near 1 / passed where the signal is strong, near 0 where noise is.
    gain = passed * power / (passed**2 * power + noise)
    return np.clip(_pixels(gain * _cosines(pixels.astype(np.float64))), 0, 255)


def depixelated(pixels: Pixels, *, side: int, power: Floats) -> Floats:
    """Mosaic removal: the most probable grey pictures with these block means, within 0..255.

    The prior is that of `deblurred`. With P the power, A the block means and y their values, x = P A' (A P
    A')^-1 y. Plain inversion (least squares, without a prior) gives the mosaic back, because the mosaic is
    its own pseudo-inverse.

    Args:
        pixels: the mosaics, [n, h, w].
        side: of a block.
        power: of clear pictures of the kind, see `power_of`.
    """
    h, w = pixels.shape[1:3]
    down, across = (np.arange(size) // side for size in (h, w))
    number = down[:, None] * (across[-1] + 1) + across
    blocks = (number == np.arange(number.max() + 1)[:, None, None]).astype(np.float64)
    blocks /= blocks.sum(axis=(1, 2), keepdims=True)
    means = np.tensordot(pixels.astype(np.float64), blocks, axes=([1, 2], [1, 2]))
    loaded = power * _cosines(blocks)
    gram = np.tensordot(loaded, _cosines(blocks), axes=([1, 2], [1, 2]))
    # A block mean averages side^2 rounding errors, so its variance is that much smaller.
    weights = np.linalg.solve(gram + ROUNDED / side**2 * np.eye(len(gram)), means.T).T
    return np.clip(_pixels(cast(Floats, np.tensordot(weights, loaded, axes=1))), 0, 255)


def _cosines(pixels: Floats) -> Floats:
    from scipy.fft import dctn

    return cast(Floats, dctn(pixels, axes=(1, 2), norm="ortho"))


def _pixels(cosines: Floats) -> Floats:
    from scipy.fft import idctn

    return cast(Floats, idctn(cosines, axes=(1, 2), norm="ortho"))
