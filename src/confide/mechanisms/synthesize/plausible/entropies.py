"""Entropies of columns and pairs of columns, with noise, and how strongly columns are correlated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.lattice import off_grid, on_grid
from confide.mechanisms.noise.source import words_of
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers
from confide.mechanisms.statistics.promise import rehearsed
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.views.margins import Measured, counted
from confide.views.table import Table

GRID = 2.0**-4
"""Entropies of all rows together are rounded to this part of a bit."""
RARE = 16
"""A row in a cell of fewer rows is as surprising as one in a cell of this many."""
SURE = 1.0
"""Of what two columns seem to share, this many deviations of the noise are taken off."""
SPARE = 64
"""Deviations by which the number of rows is bounded from above: wrong with a chance below e^-500."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoisyEntropies:
    """Entropies in bits, with noise: H(a) on the diagonal, H(a, b) beside it.

    Args:
        bits: float64[d, d]; NaN for pairs that were not asked for.
        sigma: the deviation of the noise on each, in bits.
        rho: what all cost together.
    """

    bits: Floats
    sigma: float
    rho: float

    def correlations(self) -> Floats:
        """The symmetrical uncertainty of each pair of columns, from 0 to 1: float64[d, d]; 0 if unknown.

        It is 2 (H(a) + H(b) - H(a, b)) / (H(a) + H(b)) (Hall 1999), less what noise alone makes of it, as
        otherwise the columns that say least, with the smallest entropies, would seem to go together best.
        """
        single = np.maximum(np.diag(self.bits), 0)
        both = single[:, None] + single
        # Three numbers with noise are added.
        shared = np.maximum(np.nan_to_num(both - self.bits) - SURE * math.sqrt(3) * self.sigma, 0)
        found = np.clip(np.where(both > 0, 2 * shared / np.where(both > 0, both, 1), 0.0), 0.0, 1.0)
        np.fill_diagonal(found, 1.0)
        return found


def noisy_entropies(
    table: Table, *, rows: Measured, cells: int, spends: Concentrated, rho: float, rng: Rng
) -> NoisyEntropies:
    """Count the entropies of a table with discrete Gaussian noise.

    *Sensitivity.* Let f(c) = c log max(c, 16), and E = f(n) - sum of f(c) over the cells, which is n H but
    for rare cells. A row that is added to a cell of c moves E by f(n + 1) - f(n) less f(c + 1) - f(c). These
    steps rise with c, from log 16 on, and c is at most n. So E rises by 0 at least and by s = log(n + 1) + 1
    / ln 2 - log 16 at most, and E - n s / 2 moves by s / 2, either way. (For H itself, and a row in another's
    place, the paper has (2 + 1 / ln 2 + 2 log n) / n.) s is taken for a number of rows above which the table
    is not, by the noised count.

    The paper adds Laplace noise to each H. Gaussian noise at a concentrated budget is a third of that for the
    60 or 70 entropies of 14 columns, as pairs that are too large to be child and parent are left out.

    Args:
        table: of codes.
        rows: how many there are, with noise.
        cells: of a pair, at most.
        spends: the budget that `rho` is a part of; its unit is a record.
        rho: what all may cost.
        rng: of a rehearsal.
    """
    if spends.most != 1:
        raise PromiseError("entropies are noised for records, and not for people of several rows.")
    n, d, sizes = max(float(rows.counts), 1.0), len(table.domains), table.sizes
    half = (math.log2((2 * n + SPARE * rows.sigma + 1) / RARE) + 1 / math.log(2)) / 2
    margins = [(a,) for a in range(d)]
    margins += [(a, b) for a, b in combinations(range(d), 2) if sizes[a] * sizes[b] <= cells]
    exact = np.array([_entropy(table, columns) - len(table) * half for columns in margins])
    # Rounding moves each by half a step with the row, and by half a step without it.
    moved = math.ceil(half / GRID) + 1
    least = GaussianIntegers.for_rho(l2_squared=len(margins) * moved**2, rho=Fraction(rho * (1 - 1e-9)))
    # A whole deviation, because the rehearsal draws no other; up, so that noise becomes larger.
    law = GaussianIntegers(least.l2_squared, float(math.ceil(least.scale)))
    steps = on_grid(exact, GRID)
    noised = (
        law(steps)
        if spends.noise == "secure"
        else steps + rehearsed(law, len(steps), words_of(spends.noise, rng))
    )
    bits = np.full((d, d), np.nan)
    for columns, value in zip(margins, off_grid(noised, GRID) / n + half, strict=True):
        bits[columns[0], columns[-1]] = bits[columns[-1], columns[0]] = value
    return NoisyEntropies(bits=bits, sigma=law.scale * GRID / n, rho=law.rho)


def _entropy(table: Table, columns: tuple[int, ...]) -> float:
    """E of a margin, in bits."""
    counts = counted(table, columns).reshape(-1).astype(np.float64)
    n = len(table)
    return float(n * math.log2(max(n, RARE)) - (counts * np.log2(np.maximum(counts, RARE))).sum())
