"""Membership inference from synthetic data: was this person's row given to what made the file?"""

from __future__ import annotations

from confide.attacks.membership.synthetic.copies import ExactCopies, NearCopies
from confide.attacks.membership.synthetic.nearest import NearestRelative, NearestSynthetic

ALL = (ExactCopies, NearCopies, NearestSynthetic, NearestRelative)

__all__ = [
    "ALL",
    "ExactCopies",
    "NearCopies",
    "NearestRelative",
    "NearestSynthetic",
]
