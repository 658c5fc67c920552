"""The population's ranking: what the adversary would claim without the tables.

What it gets right is knowledge of the population. A ranking of rows from the tables has to do better, or the
tables
gave nothing away by it: Sánchez et al., Confidence-Ranked Reconstruction of Census Records from Aggregate
Statistics Fails to Capture Privacy Risks and Reidentifiability (2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats
from confide.views.table import Table


def frequencies(people: Table, rows: NDArray[np.int32]) -> Floats:
    """The share of the people who have the values of each row, float64[n].

    Args:
        people: other people of the same population, with one value in each cell.
        rows: int32[n, d], codes of the same columns.
    """
    known, counts = np.unique(people.low, axis=0, return_counts=True)
    often = dict(zip(map(tuple, known.tolist()), counts.tolist(), strict=True))
    return np.array([often.get(row, 0) for row in map(tuple, rows.tolist())]) / max(len(people), 1)


def match_rate(ranking: Sequence[tuple[int, ...]], block: Table) -> float:
    """Match rate at k: the share of the first k distinct rows of a ranking that are in the data.

    Args:
        ranking: k distinct rows, the surest first.
        block: the people in the data.

    Raises:
        ValueError: if the ranking is empty.

    Source: Dick et al. 2023, equation 1.
    """
    if not ranking:
        raise ValueError("an empty ranking has no match rate")
    there = set(map(tuple, block.low.tolist()))
    return sum(row in there for row in ranking) / len(ranking)
