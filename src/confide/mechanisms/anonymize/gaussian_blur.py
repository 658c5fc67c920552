"""Gaussian blur, as picture and film hosts offer it for faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.nouns import Release
from confide.measure.pictures import transfer
from confide.views.images import Pictures

# Pixels. Wider weights take long, and a blur of this width already leaves only the mean.
WIDEST = 1_000
# Detail is fine if the blur leaves less than this share of it: in any picture, less than rounding adds.
FINE = 2e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianBlur:
    """Replaces each pixel by the weighted mean of its surroundings, rounded to whole numbers.

    *Statement.* It promises nothing. Blurring is linear and nearly invertible. Only the rounding hides
    detail, see `confide.attacks.reconstruction.images.deblur`.

    *Conditions.* The weights are normal, cut at 4 sigma; the picture is mirrored at its edges.

    Args:
        sigma: the deviation of the weights, in pixels.

    Raises:
        DataError: if sigma is not above 0, or more than 1,000.

    >>> GaussianBlur(sigma=1.0)(Pictures(np.full((1, 5, 5), 7, np.uint8)), rng=None).view.pixels.min()
    np.uint8(7)
    """

    sigma: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.sigma <= WIDEST:
            raise DataError(f"sigma is {self.sigma} pixels: give a number above 0, {WIDEST:,} at most.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Pictures, *, rng: Rng | None) -> Release[Pictures]:
        view = Pictures(np.round(blurred(data.pixels, self.sigma)).astype(np.uint8), data.person)
        return Release(view, None, f"GaussianBlur({self.sigma:g})")

    def claims(self, view: Pictures) -> tuple[Claim, ...]:
        """Fine detail is gone. A blur too weak to hide any claims nothing.

        The cosine transform keeps sums of squares, and the blur multiplies each cosine by its transfer. So at
        the fine cosines a picture of n pixels has at most (255 FINE)^2 n after the blur, and n / 4 from the
        rounding.
        """
        fine = [transfer(size, self.sigma) for size in view.pixels.shape[1:3]]
        gone = np.abs(np.outer(*fine)) <= FINE
        if not gone.any():
            return ()
        most = (0.5 + 255 * FINE) ** 2 * gone.size
        holds = all(_power(p, gone).max() <= most for p in view.pixels)
        text = t("no detail is left that the blur should hide, beyond what rounding adds")
        return (Claim(text, bool(holds), lasts=False),)


def blurred(pixels: NDArray[np.uint8] | Floats, sigma: float) -> Floats:
    """The blurred pictures before rounding, float64 of the same shape; each colour is blurred by itself."""
    from scipy.ndimage import gaussian_filter

    widths = (0.0, sigma, sigma, *(0.0,) * (pixels.ndim - 3))
    return gaussian_filter(pixels.astype(np.float64), widths, mode="reflect")


def _power(picture: NDArray[np.uint8], where: Bools) -> Floats:
    """The sum of squares at these cosines, of each colour."""
    from scipy.fft import dctn

    cosines = cast(Floats, dctn(picture.astype(np.float64), axes=(0, 1), norm="ortho"))
    return np.atleast_1d((cosines[where] ** 2).sum(axis=0))
