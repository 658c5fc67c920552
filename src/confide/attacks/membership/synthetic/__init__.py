"""Membership inference from synthetic data: was this person's row given to what made the file?"""

from __future__ import annotations

from confide.attacks.membership.synthetic.boosted_trees import BoostedTrees
from confide.attacks.membership.synthetic.copies import ExactCopies, NearCopies
from confide.attacks.membership.synthetic.kernel_density import KernelDensity
from confide.attacks.membership.synthetic.knn_density import NeighbourDensity
from confide.attacks.membership.synthetic.nearest import NearestRelative, NearestSynthetic

ALONE = (ExactCopies, NearCopies, NearestSynthetic)
RELATIVE = (NearestRelative, NeighbourDensity, KernelDensity, BoostedTrees)
"""These compare with rows of other people."""
ALL = (*ALONE, *RELATIVE)

__all__ = [
    "ALL",
    "ALONE",
    "RELATIVE",
    "BoostedTrees",
    "ExactCopies",
    "KernelDensity",
    "NearCopies",
    "NearestRelative",
    "NearestSynthetic",
    "NeighbourDensity",
]
