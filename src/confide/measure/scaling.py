"""Scaling laws of unicity: its decrease with coarser points and with more people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.measure.special import log_gamma

MOST_ALPHA = 3.0  # with more the curve hardly bends between a unicity of 0 and of 1
"""The largest alpha that is tried."""
ALPHAS = 400  # alpha enters only near the measured unicities, where the steps of the grid are small
"""The number of values of alpha that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionLaw:
    """The law unicity = alpha - factor v^beta h^gamma, clipped to [0, 1].

    Args:
        alpha, factor, beta, gamma: the parameters. The paper has factor 1, which suits only its own units,
            and one exponent for both: beta = gamma.
        r2: the share of the variance of the fitted unicities that the law explains.
    """

    alpha: float
    factor: float
    beta: float
    gamma: float
    r2: float

    @property
    def straight(self) -> bool:
        """Whether the fit ended at the largest alpha: it bends too little to predict anything."""
        return self.alpha > 0.99 * MOST_ALPHA

    def at(self, space: ArrayLike, time: ArrayLike) -> Floats:
        """The unicity if this many places and this many bins are joined, float64[...]."""
        v, h = np.asarray(space, np.float64), np.asarray(time, np.float64)
        return np.clip(self.alpha - self.factor * v**self.beta * h**self.gamma, 0.0, 1.0)


def resolution_law(
    space: Sequence[float], time: Sequence[float], unicities: Sequence[float], *, apart: bool = False
) -> ResolutionLaw:
    """Fit the law to unicities measured at several resolutions.

    For each alpha of a grid from just above the largest unicity to 3, log(alpha - unicity) is fitted on
    log(v h) by least squares. The alpha that explains the unicities best is taken. Unicities of 0 only say
    that the law has reached its end; they are left out if enough others remain.

    Args:
        space, time: v, the average number of places joined in one, and h, the number of bins joined.
        unicities: one for each resolution, all for the same number of points.
        apart: fit separate exponents for space and time, which the paper does not do.

    Raises:
        EvidenceError: if there are fewer than three resolutions (four with `apart`), or they are all equal.

    Source: de Montjoye, Hidalgo, Verleysen, Blondel: Unique in the Crowd (Scientific Reports 2013).

    >>> v, h = np.array([1.0, 2, 4, 1, 4]), np.array([1.0, 1, 2, 4, 4])
    >>> law = resolution_law(v, h, 1.9 - (v * h) ** 0.13)
    >>> round(law.beta, 2), law.beta == law.gamma, round(law.alpha, 1), law.r2 > 0.999
    (0.13, True, 1.9, True)
    """
    v: Floats = np.asarray(space, np.float64)
    h: Floats = np.asarray(time, np.float64)
    y: Floats = np.asarray(unicities, np.float64)
    least = 4 if apart else 3
    if (y > 0).sum() >= least:  # unicities of 0 say only that the law has reached its end
        v, h, y = v[y > 0], h[y > 0], y[y > 0]
    if len(y) < least or np.ptp(v * h) == 0:
        raise EvidenceError(f"the law needs {least} resolutions that differ: measure at more.")
    top = float(y.max())  # alpha must be above it, because the fit takes log(alpha - unicity)
    alphas = top + _up_to(max(MOST_ALPHA - top, 1.0))
    steps: list[Floats] = [np.log(v), np.log(h)] if apart else [np.log(v * h)]
    design = np.column_stack([np.ones(len(y)), *steps])
    fitted = cast(Floats, np.linalg.lstsq(design, np.log(alphas[:, None] - y).T, rcond=None)[0])
    error: Floats = ((np.clip(alphas - np.exp(design @ fitted), 0.0, 1.0) - y[:, None]) ** 2).sum(axis=0)
    best = int(error.argmin())
    total = float(((y - y.mean()) ** 2).sum())
    return ResolutionLaw(
        alpha=float(alphas[best]),
        factor=float(np.exp(fitted[0, best])),
        beta=float(fitted[1, best]),
        gamma=float(fitted[-1, best]),
        r2=1 - float(error[best]) / total if total else 1.0,
    )


def _up_to(most: float) -> Floats:
    """A geometric grid from a thousandth to `most`."""
    powers: Floats = np.linspace(-3.0, log10(most), ALPHAS)
    return 10**powers


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryLaw:
    """Unicity under a Pitman-Yor process: the probability that nobody else among n people has the same data.

    Args:
        discount: in [0, 1); near 1 almost everybody is different.
        strength: above 0; about the number of people from which on data repeat.
    """

    discount: float
    strength: float

    def at(self, n: ArrayLike) -> Floats:
        """The unicity in galleries of n, float64[...]: 1 at n = 1, falling as n^(discount - 1) in the end."""
        return _alone(n, np.asarray(self.discount), np.asarray(self.strength))


def _alone(n: ArrayLike, d: Floats, s: Floats) -> Floats:
    """Gamma(s + 1) Gamma(s + d + n - 1) / (Gamma(s + d) Gamma(s + n)), d the discount and s the strength."""
    size = np.asarray(n, np.float64)
    return np.exp(log_gamma(s + 1) - log_gamma(s + d) + log_gamma(s + d + size - 1) - log_gamma(s + size))


def gallery_law(sizes: Sequence[int], unicities: Sequence[float]) -> GalleryLaw:
    """Fit the two parameters of a Pitman-Yor process to unicities in galleries of several sizes.

    If n people are drawn from this process, the last one differs from all before with probability
    E[(strength + discount K) / (n - 1 + strength)], where K is the number of different values before. This
    has the closed form of `GalleryLaw.at`. The squared errors are minimised over a grid that is refined
    twelve times.

    Args:
        sizes: the number of people in each gallery.
        unicities: the unicity in each gallery.

    Raises:
        EvidenceError: if there are fewer than three sizes.

    Source: the use of the process for galleries follows Rocher, Hendrickx, de Montjoye: A scaling law to
    model the effectiveness of identification techniques (Nature Communications 2025).

    >>> law = gallery_law([100, 1000, 10_000], GalleryLaw(discount=0.9, strength=50.0).at(
    ...     np.array([100, 1000, 10_000])).tolist())
    >>> round(law.discount, 3), round(law.strength)
    (0.9, 50)
    """
    n, y = np.asarray(sizes, np.float64), np.asarray(unicities, np.float64)
    if len(n) < 3:
        raise EvidenceError(f"{len(n)} galleries are too few for a law: measure in three or more.")
    # The search runs over the logit of the discount and the logarithm of the strength.
    low, high = np.array([-12.0, np.log(1e-3)]), np.array([8.0, np.log(1e9)])
    best: Floats = (low + high) / 2
    for zoom in range(12):  # each halves the grid; in the end a step is 1/80,000 of the range
        width = (high - low) / 2 * 0.5**zoom
        steps = np.linspace(-1.0, 1.0, 41)
        grid: Floats = best + width * np.column_stack([np.repeat(steps, 41), np.tile(steps, 41)])
        discount, strength = 1 / (1 + np.exp(-grid[:, :1])), np.exp(grid[:, 1:])
        error: Floats = ((_alone(n, discount, strength) - y) ** 2).sum(axis=1)
        best = grid[int(error.argmin())]
    return GalleryLaw(discount=float(1 / (1 + np.exp(-best[0]))), strength=float(np.exp(best[1])))
