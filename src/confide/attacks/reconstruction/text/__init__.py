"""Attacks that get texts out of a language model."""

from __future__ import annotations

from confide.attacks.reconstruction.text.extraction import Extraction

ALL = (Extraction,)

__all__ = ["ALL", "Extraction"]
