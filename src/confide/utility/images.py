"""Utility of released pictures: how like the originals they look."""

from __future__ import annotations

import numpy as np

from confide.core.estimate import Estimate
from confide.core.language import later
from confide.measure.pictures import average, psnr, ssim
from confide.views.images import Pictures

PSNR, SSIM = later("likeness (PSNR, dB)"), later("likeness (SSIM)")


def left_of(original: Pictures, view: Pictures) -> dict[str, Estimate | float]:
    """Average likeness of a release to the pictures that it was made of.

    Args:
        original: the pictures before the mechanism.
        view: the release of them, in the same order.

    Returns:
        the structural similarity, at most 1; and the peak signal-to-noise ratio in decibels, where every
        picture differs from its original (it is infinite for one that does not).

    >>> same = Pictures(np.arange(128, dtype=np.uint8).reshape(2, 8, 8))
    >>> left = left_of(same, same)
    >>> list(left), left[SSIM].value
    (['likeness (SSIM)'], 1.0)
    """
    shown = original.pixels, view.pixels
    likeness = psnr(*shown)
    found: dict[str, Estimate | float] = {SSIM: average(ssim(*shown))}
    return found | ({PSNR: average(likeness)} if np.isfinite(likeness).all() else {})
