"""Naive references for tables: every data set of n people that fits, by trying them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, product

import numpy as np

from confide.views.crosstabs import ALL, Crosstabs
from confide.views.table import Domain, Table


def made(rng: np.random.Generator, *, people: int, sizes: Sequence[int]) -> Table:
    """Random people, whose columns have these numbers of values."""
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)]
    return Table.of(domains, np.column_stack([rng.integers(m, size=people) for m in sizes]))


def fitting(view: Crosstabs, people: int) -> Iterator[Counter[tuple[int, ...]]]:
    """Every data set of `people` rows with each cell's count between its least and greatest."""
    rows = list(product(*(range(len(domain)) for domain in view.domains)))
    cells = [
        (table.columns, tuple(codes), low, high)
        for table in view.tables
        for codes, low, high in zip(
            table.codes.tolist(), table.low.tolist(), table.high.tolist(), strict=True
        )
    ]
    # Which rows a cell counts, once: the loop below runs over thousands of data sets.
    counted = [
        [all(c in (ALL, row[i]) for i, c in zip(columns, codes, strict=True)) for row in rows]
        for columns, codes, _, _ in cells
    ]
    for chosen in combinations_with_replacement(range(len(rows)), people):
        if all(
            low <= sum(inside[i] for i in chosen) <= high
            for inside, (_, _, low, high) in zip(counted, cells, strict=True)
        ):
            yield Counter(rows[i] for i in chosen)
