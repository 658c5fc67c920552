"""Protections of pictures, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, Scale
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3
from confide.mechanisms.randomize.dp_pix import DPPix


def _dp_pix(epsilon: str, side: str = "16", pixels: str = "16", *, noise: Noise) -> DPPix:
    """Epsilon, the side of a block in pixels, and how many pixels the promise hides."""
    return DPPix.of(epsilon=float(epsilon), side=int(side), pixels=int(pixels), noise=noise)


# A pixel that differs before a mosaic, a blur or P3 is many pixels that differ after it, and DP-Pix hides
# few: these three are not `alone`.
PROTECTIONS: Mapping[str, Protection] = {
    "mosaic": Protection(
        make=lambda side="16": Mosaic(side=int(side)),
        example="mosaic:16",
        alone=False,
        scale=Scale(weakest=2, strongest=128, write=lambda side: f"mosaic:{side:.0f}", whole=True),
    ),
    "blur": Protection(
        make=lambda sigma="3": GaussianBlur(sigma=float(sigma)),
        example="blur:3",
        alone=False,
        scale=Scale(weakest=0.5, strongest=64.0, write=lambda sigma: f"blur:{sigma:.3g}"),
    ),
    # P3 publishes what of each coefficient is below the threshold: a low one hides more.
    "p3": Protection(
        make=lambda threshold="10": P3(threshold=int(threshold)),
        example="p3:10",
        alone=False,
        scale=Scale(weakest=100, strongest=1, write=lambda threshold: f"p3:{threshold:.0f}", whole=True),
    ),
    "dp-pix": Protection(
        make=_dp_pix,
        example="dp-pix:0.5,16",
        random=True,
        scale=Scale(weakest=16.0, strongest=0.05, write=lambda epsilon: f"dp-pix:{epsilon:.3g},16"),
    ),
}
