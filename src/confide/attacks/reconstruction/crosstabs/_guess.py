"""A number for each combination, read off for the people who are asked about."""

from __future__ import annotations

import numpy as np

from confide.attacks.reconstruction.crosstabs._combinations import Combinations
from confide.core.arrays import Floats
from confide.views.table import Table


def counted_in(found: Combinations, value: Floats, targets: Table) -> Floats:
    """The value of each target's own combination, float64[n]; 0 where the tables rule it out.

    Args:
        found: N combinations of the target's columns.
        value: float64[N].
        targets: n people, with one value in each cell.
    """
    at = {codes: i for i, codes in enumerate(map(tuple, found.codes.tolist()))}
    rows = [at.get(codes) for codes in map(tuple, targets.low.tolist())]
    return np.array([0.0 if row is None else float(value[row]) for row in rows])
