"""Hidden cells: what of them can be subtracted, is in the span of the others, or is pinned by bounds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import Combinations, combinations
from confide.attacks.reconstruction.crosstabs._exact import rounded
from confide.attacks.reconstruction.crosstabs._highs import program
from confide.attacks.reconstruction.crosstabs._released import Released, released_cells
from confide.attacks.reconstruction.crosstabs.cell_bounds import CellBounds, cell_bounds
from confide.attacks.reconstruction.crosstabs.differencing import Derivation, derived, written
from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.core.language import later, t
from confide.views.crosstabs import Crosstabs

FEWER_TERMS = 1e-4
"""Cost of a coefficient, beside the bound itself: of two equal derivations the shorter is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class HiddenCells:
    """What the release says of its hidden cells.

    Args:
        released: all cells of the release as statements, table by table.
        cells: int64[h], the hidden ones.
        bounds: of each.
        derivations: of each, the shortest that was found: of its number, else of what narrows it. None where
            nothing is learned beyond its mark, or where no derivation is known.
    """

    released: Released
    cells: Ints
    bounds: CellBounds
    derivations: tuple[Derivation | None, ...]

    @property
    def disclosed(self) -> Bools:
        """The cells whose count follows, bool[h]."""
        return self.bounds.exact

    @property
    def undecided(self) -> Bools:
        """The cells whose bounds may not be the best: not safe, bool[h]."""
        return ~self.bounds.decided

    @property
    def narrowed(self) -> Bools:
        """The cells of which more is known than their mark says, bool[h]."""
        low, high = self.released.low[self.cells], self.released.high[self.cells]
        return (self.bounds.least > low) | (self.bounds.most < high)


def hidden_cells(view: Crosstabs, *, seconds: float = 60.0, derive: bool = True) -> HiddenCells:
    """Check the hidden cells of a release, by three means of which each sees more than the one before.

    Subtraction and the linear span need equations alone. Bounds also use that nobody can be counted less than
    zero times, and that people are whole. All are proofs; what is not decided is not safe.

    Args:
        view: exact tables, with hidden cells.
        seconds: for the bounds, and as many again for derivations.
        derive: whether derivations are sought; of rounded cells there would be too many.

    Raises:
        ContradictionError: if no data set fits.
    """
    released = released_cells(view)
    cells = released.hidden
    found = combinations(view)
    # Statements stand in another order there, and without cells that say nothing.
    first = np.cumsum([0, *map(len, view.tables)])
    place = {int(first[table] + cell): i for i, (table, cell) in enumerate(found.cell.tolist())}
    # A hidden cell whose combinations are all ruled out counts nobody.
    told = np.array([place.get(int(cell), -1) for cell in cells], np.int64)
    bounds = _of_all(found, told, seconds=seconds)
    if not derive:
        return HiddenCells(released, cells, bounds, (None,) * len(cells))
    try:
        rows, names = [released.rows[i] for i in cells], [released.names[i] for i in cells]
        sums = derived(released, rows, names, seconds=seconds)
    except DataError:  # too many cells for exact sums: what follows from equations, bounds find too
        sums = [None] * len(cells)
    order = {i: int(first[table] + cell) for i, (table, cell) in enumerate(found.cell.tolist())}
    derivations = tuple(
        by_sum if by_sum is not None else _by_bounds(found, released, order, bounds, number)
        for number, by_sum in enumerate(sums)
    )
    return HiddenCells(released, cells, bounds, derivations)


def _of_all(found: Combinations, told: Ints, *, seconds: float) -> CellBounds:
    """Bounds of the hidden cells; 0 to 0 where nobody can be in one."""
    there = told >= 0
    some = cell_bounds(found, told[there], seconds=seconds)

    def spread(values: Ints) -> Ints:
        full = np.zeros(len(told), np.int64)
        full[there] = values
        return full

    parts = (some.least, some.most, some.seen_least, some.seen_most)
    return CellBounds(told, *map(spread, parts))


def _by_bounds(
    found: Combinations, released: Released, order: dict[int, int], bounds: CellBounds, number: int
) -> Derivation | None:
    """The inequality that narrows a cell most, where linear ones are enough."""
    at = int(bounds.statement[number])
    if at < 0:
        return None
    least, most = int(bounds.least[number]), int(bounds.most[number])
    texts: list[str] = []
    terms: list[tuple[Fraction, int]] = []
    for sign, end, mark in ((1, least, int(found.low[at])), (-1, most, int(found.high[at]))):
        if sign * end <= sign * mark:
            continue  # no more than its mark says
        proof = certificate(found, at, sign=sign)
        if proof is None or proof[1] != end:
            texts.append(t(AT_LEAST if sign > 0 else AT_MOST, end=end))
            continue
        own = [(factor, order[i]) for factor, i in proof[0]]
        shown = written(released, own, proof[2])
        texts.append(t("at least {sum}", sum=shown) if sign > 0 else t("at most {sum}", sum=shown))
        terms += own
    if not texts:
        return None
    name = released.names[order[at]]
    return Derivation(name, "bounds", tuple(terms), least, most, False, "; ".join(texts))


AT_LEAST = later("at least {end}, as no data set of whole people that fits has another")
AT_MOST = later("at most {end}, as no data set of whole people that fits has another")


def certificate(
    found: Combinations, at: int, *, sign: int
) -> tuple[list[tuple[Fraction, int]], int, Fraction] | None:
    """An inequality that bounds a cell, from the other cells: its terms, and the bound in whole numbers.

    If the sum of y[i] row[i] is nowhere above the cell's own row, then the cell is at least the sum of y[i]
    times the counts, as no combination has fewer than zero people: y[i] > 0 takes the least count of cell i,
    and y[i] < 0 the greatest. The best y is the dual solution of a linear program; it is rounded to rationals
    and checked exactly. For an upper bound all signs are turned round.

    Args:
        found: the combinations that are not ruled out by a zero.
        at: the number of the statement.
        sign: 1 for the lower bound, -1 for the upper one.

    Returns:
        coefficients and statements, the bound rounded inwards, and the sum itself; None if no exact
        certificate was found.
    """
    others = np.array([i for i in range(len(found.low)) if i != at])
    matrix = sparse.csr_array(found.matrix[others])
    own = np.asarray(found.matrix[[at]].todense(), np.float64).ravel()
    low, high = found.low[others].astype(np.float64), found.high[others].astype(np.float64)
    # maximise low . up - high . down, up to the price of terms, with (up - down) @ matrix <= sign * own
    both = sparse.csr_array(sparse.hstack([matrix.T, -matrix.T]))
    cost = np.concatenate([-low, high]) + FEWER_TERMS
    best = program(cost, [(both, -np.inf, sign * own)], least=0, most=np.inf, whole=False).x
    if best is None:
        return None
    y = rounded(best[: len(others)] - best[len(others) :])
    used = [i for i, factor in enumerate(y) if factor]
    total = [Fraction(0)] * len(found)
    for i in used:
        for c in matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]].tolist():
            total[c] += y[i]
    if any(part > int(sign * mine) for part, mine in zip(total, own, strict=True)):
        return None
    value = sum((y[i] * int(low[i] if y[i] > 0 else high[i]) for i in used), Fraction(0))
    end = ceil(value) if sign > 0 else floor(-value)
    return [(sign * y[i], int(others[i])) for i in used], end, sign * value
