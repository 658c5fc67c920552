"""Membership inference from synthetic data: was this person's row given to what made the file?"""

from __future__ import annotations

from confide.attacks.membership.synthetic.boosted_trees import BoostedTrees
from confide.attacks.membership.synthetic.copies import ExactCopies, NearCopies
from confide.attacks.membership.synthetic.kernel_density import KernelDensity
from confide.attacks.membership.synthetic.knn_density import NeighbourDensity
from confide.attacks.membership.synthetic.nearest import NearestRelative, NearestSynthetic
from confide.attacks.membership.synthetic.noised_margins import NoisedMarginsLR
from confide.attacks.membership.synthetic.shadow_queries import ShadowQueries

ALONE = (ExactCopies, NearCopies, NearestSynthetic)
RELATIVE = (NearestRelative, NeighbourDensity, KernelDensity, BoostedTrees)
"""These compare with rows of other people."""
FILES = (*ALONE, *RELATIVE)
GENERATORS = (ShadowQueries,)
MARGINS = (NoisedMarginsLR,)
ALL = (*FILES, *GENERATORS, *MARGINS)

__all__ = [
    "ALL",
    "ALONE",
    "FILES",
    "GENERATORS",
    "MARGINS",
    "RELATIVE",
    "BoostedTrees",
    "ExactCopies",
    "KernelDensity",
    "NearCopies",
    "NearestRelative",
    "NearestSynthetic",
    "NeighbourDensity",
    "NoisedMarginsLR",
    "ShadowQueries",
]
