"""Singling out through synthetic files; the attacks on tables (`attacks/linkage/table`) play there too."""

from __future__ import annotations

from confide.attacks.linkage.synthetic.near_ranges import NearRanges

ALL = (NearRanges,)

__all__ = ["ALL", "NearRanges"]
