"""Reconstruction from contingency tables: which records do the published counts give away?"""

from __future__ import annotations

from confide.attacks.reconstruction.crosstabs.generate_verify import GenerateThenVerify
from confide.attacks.reconstruction.crosstabs.ranked_rows import RankedRows

ALL = (GenerateThenVerify, RankedRows)

__all__ = ["ALL", "GenerateThenVerify", "RankedRows"]
