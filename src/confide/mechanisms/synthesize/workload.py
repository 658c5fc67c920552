"""A workload: the sets of columns whose margins the synthetic data should get right, with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from confide.core.errors import DataError
from confide.mechanisms.synthesize.subsets import Columns, below

Workload: TypeAlias = int | Sequence[Sequence[str]] | Mapping[tuple[str, ...], float]
"""k for all sets of k columns, a list of column names a set, or such sets with weights above 0."""


def weights_of(workload: Workload, names: Sequence[str]) -> dict[Columns, float]:
    """The weight of each set of columns, by position.

    A k above the number of columns means all of them.

    Raises:
        DataError: if a set is empty or names a column twice or none there is, or a weight is not above 0.

    >>> weights_of(2, ["a", "b", "c"])
    {(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0}
    >>> weights_of({("c", "a"): 2.0}, ["a", "b", "c"])
    {(0, 2): 2.0}
    """
    if isinstance(workload, int):
        if workload < 1:
            raise DataError(f"the workload is all sets of {workload} columns: give 1, 2 or 3.")
        return dict.fromkeys(combinations(range(len(names)), min(workload, len(names))), 1.0)
    given = workload.items() if isinstance(workload, Mapping) else ((tuple(of), 1.0) for of in workload)
    found: dict[Columns, float] = {}
    for columns, weight in given:
        if not 0 < weight < float("inf"):
            raise DataError(f"the weight of {', '.join(columns)} is {weight}: give a number above 0.")
        at = _positions(columns, names)
        found[at] = found.get(at, 0.0) + float(weight)
    if not found:
        raise DataError("the workload is empty: name a set of columns, or give 2 for all pairs.")
    return found


def closure(weights: Mapping[Columns, float]) -> dict[Columns, float]:
    """The downward closure: all non-empty subsets r, each with the weight sum over s of weight[s] |r and s|.

    Args:
        weights: of each set s.

    >>> closure({(0, 1): 1.0, (1, 2): 1.0})
    {(0,): 1.0, (0, 1): 3.0, (1,): 2.0, (1, 2): 3.0, (2,): 1.0}
    """
    subsets = {part for columns in weights for part in below(columns) if part}
    return {
        part: sum(weight * len(set(part) & set(columns)) for columns, weight in weights.items())
        for part in sorted(subsets)
    }


def _positions(columns: Sequence[str], names: Sequence[str]) -> Columns:
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise DataError(f"the workload names {unknown[0]!r}: the columns are {', '.join(names)}.")
    at = tuple(sorted(names.index(name) for name in columns))
    if not at or len(set(at)) < len(at):
        raise DataError(
            f"the workload has the set ({', '.join(columns)}): give one or more columns, each once."
        )
    return at
