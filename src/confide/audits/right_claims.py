"""Shares of right claims, where claims can be right about people outside the data too."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import difference, proportion


def told(
    evidence: Evidence, *, confidence: float, of: Bools | None = None
) -> tuple[Estimate, Estimate, Estimate]:
    """The shares of right claims about exposed and control people, and their difference.

    Args:
        of: bool[n], the claims to look at; None for all.
    """
    hit, here = evidence.table["hit"].to_numpy(), evidence.exposed
    asked = np.ones(len(hit), np.bool_) if of is None else of
    inside, outside = (
        proportion(int(hit[which].sum()), int(which.sum()), confidence=confidence)
        for which in (here & asked, ~here & asked)
    )
    return inside, outside, difference(inside, outside)
