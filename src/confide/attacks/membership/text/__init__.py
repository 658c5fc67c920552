"""Attacks that tell which canaries were in the text that trained a language model."""

from __future__ import annotations

from confide.attacks.membership.text.exposure import Exposure
from confide.attacks.membership.text.exposure_fit import ExposureFit

ALL = (Exposure, ExposureFit)

__all__ = ["ALL", "Exposure", "ExposureFit"]
