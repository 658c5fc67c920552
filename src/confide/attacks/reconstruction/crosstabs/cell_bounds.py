"""Dobra, Fienberg: Bounds for Cell Entries in Contingency Tables Given Marginal Totals (PNAS 2000)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import Combinations
from confide.attacks.reconstruction.crosstabs._propagation import propagated, totals
from confide.attacks.reconstruction.crosstabs._solver import Clock, System, components, example
from confide.core.arrays import Bools, Ints


@dataclass(frozen=True, slots=True, eq=False)
class CellBounds:
    """What the other cells say of each cell that was asked about.

    Args:
        statement: int64[q], the number of each cell among the statements.
        least, most: int64[q], proved: no data set that fits is outside them.
        seen_least, seen_most: int64[q], the smallest and the largest count in a data set that fits. Between
            these the cell is not known; between them and the bounds it is not decided.
    """

    statement: Ints
    least: Ints
    most: Ints
    seen_least: Ints
    seen_most: Ints

    def see(self, cell: int, count: int) -> None:
        """Take into account that a data set that fits has this count."""
        self.seen_least[cell] = min(self.seen_least[cell], count)
        self.seen_most[cell] = max(self.seen_most[cell], count)

    @property
    def exact(self) -> Bools:
        """Whether the count follows: there is one that fits, bool[q]."""
        return self.least == self.most

    @property
    def decided(self) -> Bools:
        """Whether the bounds are the best that there are, bool[q]."""
        return (self.least >= self.seen_least) & (self.most <= self.seen_most)

    @property
    def width(self) -> Ints:
        """How many counts may still stand behind each cell, int64[q]: 1 says that the cell is not hidden."""
        return self.most - self.least + 1


def cell_bounds(
    found: Combinations, statements: Sequence[int] | Ints, *, seconds: float = 60.0
) -> CellBounds:
    """Bounds of suppressed cells: the least and the greatest count in all data sets that fit the tables.

    A suppressed cell is as safe as its bounds are wide. Bounds are propagated first; then each cell is made
    as small and as large as it can be. The proved ends are the solver's dual bounds; every data set that it
    meets on the way is an example for all cells, so that most questions need not be asked.

    Args:
        found: from `combinations`.
        statements: int64[q], the cells that are asked about, by their number in `found`.
        seconds: for all questions. What is not answered keeps the bounds that are proved so far.

    Raises:
        ContradictionError: if no data set fits.

    Source: Dobra and Fienberg 2000, for what bounds are; Buzzigoli and Giusti 1998, for the propagation.
    """
    at = np.asarray(statements, np.int64)
    bounds, clock = propagated(found), Clock(seconds)
    counted = found.matrix[at]
    settled = totals(counted, np.where(bounds.free, 0, bounds.least))
    # Its own range is a statement too: a cell marked "1 to 4" is in it whatever the others say.
    least = np.maximum(totals(counted, bounds.least), found.low[at])
    most = np.minimum(totals(counted, bounds.most), found.high[at])
    told = CellBounds(at, least, most, np.full(len(at), np.iinfo(np.int64).max), np.full(len(at), -1))
    # What is published, and what holds no open combination, has one count in all of them.
    known = (least == most) | (totals(counted, bounds.free.astype(np.int64)) == 0)
    for k in np.flatnonzero(known).tolist():
        told.see(k, int(least[k]))
    groups = components(found, bounds.free)
    for i, group in enumerate(groups):
        # A cell whose count is open is a statement, so all that is open of it is in one group.
        own = sparse.csr_array(counted[:, group])
        mine = np.flatnonzero((np.diff(own.indptr) > 0) & ~known)
        share = Clock(clock.left / (len(groups) - i))
        forms = np.asarray(own[mine].todense(), np.int64)
        _narrow(told, mine, forms, settled, System.of(found, bounds, group), share)
    return told


def _narrow(told: CellBounds, mine: Ints, forms: Ints, settled: Ints, system: System, clock: Clock) -> None:
    """Make each cell of one group as small and as large as it can be."""

    def see(x: Ints | None) -> None:
        for k, form in zip(mine.tolist(), forms, strict=True):
            if x is not None:
                told.see(k, int(form @ x + settled[k]))

    see(example(system, seconds=clock.left).example)
    for i, (k, form) in enumerate(zip(mine.tolist(), forms, strict=True)):
        for sign, ends, met in ((1, told.least, told.seen_least), (-1, told.most, told.seen_most)):
            if sign * ends[k] >= sign * met[k] or clock.over:
                continue
            answer = system.minimise(sign * form, seconds=clock.left / (2 * (len(mine) - i)))
            see(answer.example)
            if answer.bound is not None:
                proved = sign * answer.bound + settled[k]
                ends[k] = max(ends[k], proved) if sign > 0 else min(ends[k], proved)
