"""Measures on images: similarity to the originals (PSNR, SSIM), what a blur leaves, rates of recognition."""

from __future__ import annotations

from math import sqrt

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence, proportion
from confide.measure.people import design_effect
from confide.measure.special import t_quantile


def psnr(original: Array, shown: Array) -> Floats:
    """The peak signal-to-noise ratio of each image, float64[n], in decibels; inf where nothing differs.

    It is 10 log10(255^2 / mean squared difference). At 20 dB an image is visibly different; at 40 dB it
    looks the same.

    >>> psnr(np.zeros((1, 2, 2)), np.full((1, 2, 2), 255.0)).tolist()
    [0.0]
    """
    gap = original.astype(np.float64) - shown.astype(np.float64)
    error = (gap**2).mean(axis=tuple(range(1, gap.ndim)))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255.0**2 / error)


def ssim(original: Array, shown: Array, *, window: int = 7) -> Floats:
    """The structural similarity of each image, float64[n], at most 1 [Wang et al. 2004].

    The means are taken over all windows of 7 x 7 pixels inside the image with equal weights; the constants
    are the paper's.
    """
    side = min(window, *original.shape[1:3])
    x, y = original.astype(np.float64), shown.astype(np.float64)
    mx, my, xx, yy, xy = (_window_means(a, side) for a in (x, y, x * x, y * y, x * y))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # the paper's constants against division by almost 0
    likeness = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
    scale = (mx**2 + my**2 + c1) * (xx - mx**2 + yy - my**2 + c2)
    return (likeness / scale).mean(axis=tuple(range(1, x.ndim)))


def _window_means(pixels: Floats, side: int) -> Floats:
    """The mean of each window of side x side pixels, from sums over rectangles that start at the corner."""
    borders = ((0, 0), (1, 0), (1, 0), *((0, 0),) * (pixels.ndim - 3))
    total = np.pad(pixels.cumsum(axis=1).cumsum(axis=2), borders)
    below, above = total[:, side:], total[:, :-side]
    return (below[:, :, side:] - below[:, :, :-side] - above[:, :, side:] + above[:, :, :-side]) / side**2


def average(values: Floats, *, confidence: float = 0.95) -> Estimate:
    """The mean of a number over images, with a t-interval; an infinite mean has no interval.

    >>> print(average(np.array([1.0, 2.0, 3.0])))
    2.000 [-0.484, 4.484] at 95%
    """
    centre, n = float(values.mean()), len(values)
    if n < 2 or not np.isfinite(centre):
        return Estimate(centre, centre, centre, confidence)
    half = float(t_quantile((1 + check_confidence(confidence)) / 2, n - 1)) * float(values.std(ddof=1))
    return Estimate(centre, centre - half / sqrt(n), centre + half / sqrt(n), confidence)


def among_first(scores: Floats, truth: Ints, *, k: int) -> Bools:
    """Whether the true class is among the k with the highest scores, bool[n].

    A tie counts against the adversary.

    Args:
        scores: float64[n, classes].
        truth: int64[n].

    >>> among_first(np.array([[0.1, 0.9, 0.5]]), np.array([2]), k=2).tolist()
    [True]
    """
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    # >= counts classes that tie with the true one as ahead of it.
    return (scores >= own).sum(axis=1) <= k


def clustered_rate(hits: Bools, cluster: Ints, *, confidence: float = 0.95) -> Estimate:
    """A rate over rows in clusters (the images of one person), with an interval that takes them into account.

    The interval is Clopper-Pearson's for the effective number of independent rows: n divided by the design
    effect. The design effect is the variance of the rate over clusters divided by its variance over n
    independent rows, and at least 1 [Korn and Graubard 1998]. If all rows hit or none does, the effective
    number is the number of clusters.

    Raises:
        EvidenceError: if there is no row.

    >>> hits = np.array([True, True, True, False])
    >>> print(clustered_rate(hits, np.array([0, 1, 2, 3])))
    0.750 [0.132, 0.998] at 95%
    """
    n = len(hits)
    if not n:
        raise EvidenceError("a rate over 0 images cannot be computed: give at least one.")
    rate = float(hits.mean())
    clusters = len(np.unique(cluster))
    if clusters < 2 or rate in (0.0, 1.0):
        return proportion(rate * clusters, clusters, confidence=confidence)
    rows = n / max(design_effect(hits, cluster), 1.0)
    return proportion(rate * rows, rows, confidence=confidence)


def transfer(size: int, sigma: float) -> Floats:
    """Transfer function of a mirrored Gaussian blur: its factor on each cosine, float64[size].

    >>> bool(transfer(8, 1.0)[0] == 1.0)  # a constant stays
    True
    """
    away = np.arange(1, int(4 * sigma + 0.5) + 1)
    weight = np.exp(-(away**2) / (2 * sigma**2))
    angle = np.pi * np.outer(np.arange(size), away) / size
    return (1 + 2 * (weight * np.cos(angle)).sum(axis=1)) / (1 + 2 * weight.sum())
