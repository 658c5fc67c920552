"""Ra, Govindan, Ortega: P3: Toward Privacy-Preserving Photo Sharing (NSDI 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.views.images import Pictures

# The steps for brightness in Annex K of the JPEG standard (ITU-T T.81).
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
# JPEG's colours: brightness and two differences (JFIF, from ITU-R BT.601).
TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


@dataclass(frozen=True, slots=True, kw_only=True)
class P3:
    """Releases the public part of a picture: without the DC, and with all large coefficients cut.

    A picture is divided as by JPEG, into blocks of 8 x 8 and their quantised cosine coefficients. Each AC
    coefficient up to the threshold in size is public. A larger one becomes the threshold, without its sign.
    The DC, these signs and what is beyond the threshold are the secret part, which only friends can add back.

    *Statement.* It promises nothing: the small coefficients are a sketch of the picture, and a recogniser
    trained on such sketches reads them.

    *Conditions.* The picture is continued by its last row and column to whole blocks. Colours are JPEG's
    (brightness and two differences), none subsampled, all quantised by the steps for brightness.

    Args:
        threshold: T; 1 shows least. The authors advise 10 to 20.
        quality: of JPEG, 1 to 100: how fine the steps of the coefficients are.

    Raises:
        DataError: if the threshold is below 1, or the quality not among 1 to 100.
    """

    threshold: int = 10
    quality: int = 90

    def __post_init__(self) -> None:
        if self.threshold < 1:
            raise DataError(f"the threshold is {self.threshold}: give 1 or more.")
        if not 1 <= self.quality <= 100:
            raise DataError(f"the quality is {self.quality}: give 1 to 100.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Pictures, *, rng: Rng | None) -> Release[Pictures]:
        pixels = data.pixels.astype(np.float64)
        if pixels.ndim == 4:
            planes = np.moveaxis(pixels @ TO_YCC.T + [0, 128, 128], -1, 1)
            shown = np.stack([self._public(planes[:, c]) for c in range(3)], axis=-1)
            shown = (shown - [0, 128, 128]) @ np.linalg.inv(TO_YCC).T
        else:
            shown = self._public(pixels)
        view = Pictures(np.clip(np.round(shown), 0, 255).astype(np.uint8), data.person)
        return Release(view, None, f"P3({self.threshold})")

    def _public(self, plane: Floats) -> Floats:
        """The public part of one plane of each picture, decoded, float64[n, h, w]."""
        from scipy.fft import dctn, idctn

        n, h, w = plane.shape
        whole = np.pad(plane, ((0, 0), (0, -h % 8), (0, -w % 8)), mode="edge")
        rows, columns = whole.shape[1] // 8, whole.shape[2] // 8
        # JPEG centres pixels before its transform.
        blocks = whole.reshape(n, rows, 8, columns, 8) - 128
        coefficients = cast(Floats, dctn(blocks, axes=(2, 4), norm="ortho"))
        public = public_part(coefficients, self.threshold, steps(self.quality))
        decoded = cast(Floats, idctn(public, axes=(2, 4), norm="ortho")) + 128
        return decoded.reshape(whole.shape)[:, :h, :w]


def steps(quality: int) -> Floats:
    """The quantisation steps at a quality, float64[8, 8], by the rule of the Independent JPEG Group.

    >>> bool((steps(50) == LUMINANCE).all()), float(steps(100).max())
    (True, 1.0)
    """
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return np.clip(np.floor((LUMINANCE * scale + 50) / 100), 1, 255)


def public_part(coefficients: Floats, threshold: int, step: Floats) -> Floats:
    """The public part of coefficients [n, rows, 8, columns, 8]: in the same units, quantised."""
    step = step[:, None, :]
    whole = np.round(coefficients / step)
    public = np.where(np.abs(whole) > threshold, threshold, whole)
    # The DC, the mean of the block, is secret.
    public[:, :, 0, :, 0] = 0
    return public * step
