"""Membership inference from synthetic data: was this person's row given to what made the file?"""

from __future__ import annotations

from confide.attacks.membership.synthetic.copies import ExactCopies, NearCopies
from confide.attacks.membership.synthetic.nearest import NearestRelative, NearestSynthetic
from confide.attacks.membership.synthetic.noised_margins import NoisedMarginsLR
from confide.attacks.membership.synthetic.shadow_queries import ShadowQueries

FILES = (ExactCopies, NearCopies, NearestSynthetic, NearestRelative)
GENERATORS = (ShadowQueries,)
MARGINS = (NoisedMarginsLR,)
ALL = (*FILES, *GENERATORS, *MARGINS)

__all__ = [
    "ALL",
    "FILES",
    "GENERATORS",
    "MARGINS",
    "ExactCopies",
    "NearCopies",
    "NearestRelative",
    "NearestSynthetic",
    "NoisedMarginsLR",
    "ShadowQueries",
]
