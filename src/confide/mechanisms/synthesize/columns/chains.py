"""Values of columns that are at least one another, drawn so that bounds, bins and differences hold at once.

With `b = a + d`, `c = b + e` the bins say between which numbers a, d and e are, and the bounds between which
numbers b and c. From the last column back, each column learns between which numbers it has to be so that all
behind it are within theirs: the numbers that some allowed differences lead to are an interval. Then, from the
first column on, each value is drawn uniformly from what is allowed, and nothing has to be drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.mechanisms.synthesize.columns.bins import between
from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.domain import Modelled


def drawn_in_chains(
    modelled: Sequence[Modelled], codes: Mapping[str, Ints], *, rows: int, rng: Rng
) -> tuple[Mapping[str, Ints], Bools]:
    """A value for each code of columns of whole steps, and which rows can have any.

    Args:
        modelled: the columns of whole steps, differences among them.
        codes: int[n], of each by the column's name in the file.
        rows: n.
        rng: which bins' values are drawn from.

    Returns:
        Column -> int64[n]. An empty cell has a value that means nothing. And bool[n]: whether the codes of a
        row fit together.
    """
    parts = {m.column.name: m for m in modelled}
    parents = {name: m.difference.lesser for name, m in parts.items() if m.difference is not None}
    graph = {name: [parents[name]] if name in parents else [] for name in parts}
    order = list(TopologicalSorter(graph).static_order())
    n = rows
    low: dict[str, Ints] = {}
    high: dict[str, Ints] = {}
    least: dict[str, Ints] = {}
    most: dict[str, Ints] = {}
    for name, m in parts.items():
        assert m.cuts is not None and not isinstance(m.column, Category)
        code = np.minimum(codes[name], len(m.cuts) - 1)  # of an empty cell: any bin
        first, end = m.cuts.starts[code], m.cuts.ends[code]
        if m.difference is None:
            low[name], high[name] = first, end
        else:
            least[name], most[name] = first, end
            bounds = m.column.ends()
            low[name], high[name] = (np.full(n, int(b), np.int64) for b in bounds)
    for name in reversed(order):
        if name in parents:
            there = ~_empty(parts[name], codes[name])  # no value, no condition on the column before it
            lesser = parents[name]
            low[lesser] = np.where(there, np.maximum(low[lesser], low[name] - most[name]), low[lesser])
            high[lesser] = np.where(there, np.minimum(high[lesser], high[name] - least[name]), high[lesser])
    fits = np.ones(n, np.bool_)
    values: dict[str, Ints] = {}
    for name in order:
        first, end = low[name], high[name]
        if name in parents:
            before = values[parents[name]]
            first, end = np.maximum(first, before + least[name]), np.minimum(end, before + most[name])
        fits &= (first <= end) | _empty(parts[name], codes[name])
        values[name] = between(first, np.maximum(first, end), rng=rng)
    return values, fits


def _empty(one: Modelled, codes: Ints) -> Bools:
    return (codes == len(one.domain) - 1) & one.nulls
