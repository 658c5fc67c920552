"""Protections of pictures, by the name that a user writes."""

from __future__ import annotations

from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, Scale
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3
from confide.mechanisms.randomize.dp_pix import DPPix


def _dp_pix(epsilon: str, side: str = "16", pixels: str = "16", *, noise: Noise) -> DPPix:
    return DPPix.of(
        epsilon=parse_epsilon(epsilon), side=parse_whole(side), pixels=parse_whole(pixels), noise=noise
    )


# A pixel that differs before a mosaic, a blur or P3 is many pixels that differ after it, and DP-Pix hides
# few: these three are not `alone`.
PROTECTIONS: Mapping[str, Protection] = {
    "mosaic": Protection(
        make=lambda side="16": Mosaic(side=parse_whole(side)),
        example="mosaic:16",
        settings={"side": "of a block of one colour, in pixels"},
        alone=False,
        scale=Scale(weakest=2, strongest=128, write=lambda side: f"mosaic:{side:.0f}", whole=True),
    ),
    "blur": Protection(
        make=lambda sigma="3": GaussianBlur(sigma=parse_number(sigma)),
        example="blur:3",
        settings={"sigma": "the standard deviation of the blur, in pixels"},
        alone=False,
        scale=Scale(weakest=0.5, strongest=64.0, write=lambda sigma: f"blur:{sigma:.3g}"),
    ),
    # P3 publishes what of each coefficient is below the threshold: a low one hides more.
    "p3": Protection(
        make=lambda threshold="10": P3(threshold=parse_whole(threshold)),
        example="p3:10",
        settings={"threshold": "what of each coefficient is published at most: a lower one hides more"},
        alone=False,
        scale=Scale(weakest=100, strongest=1, write=lambda threshold: f"p3:{threshold:.0f}", whole=True),
    ),
    "dp-pix": Protection(
        make=_dp_pix,
        example="dp-pix:0.5,16",
        settings={
            "epsilon": "of the promise: a smaller one hides more",
            "side": "of a block, in pixels",
            "pixels": "how many pixels that differ the promise hides",
        },
        random=True,
        scale=Scale(weakest=16.0, strongest=0.05, write=lambda epsilon: f"dp-pix:{epsilon:.3g},16"),
    ),
}
