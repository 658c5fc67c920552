"""Cormode, Procopiuc, Srivastava, Shen, Yu: Private Spatial Decompositions (ICDE 2012), in one dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools, Floats, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.mechanisms.statistics.promise import IntegerLaw, rehearsed
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import read_rows, steps_of

LEVELS = 12
"""How often a cell is halved at most, after the first counts."""
FINE = 8
"""Leaves aimed at for each bin: bins end at leaves."""
CLEAR = 3
"""A cell is halved from this number of deviations of the noise on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileBins:
    """Makes bins of about the same number of rows, between edges that noised counts choose.

    *Statement.* The edges keep rho (zero-concentrated) or epsilon for one person more or less, who has at
    most `at_most` rows.

    *Proof.* There are `LEVELS` + 1 releases. Each counts the rows in cells that are disjoint and follow from
    the releases before, so that the person moves its counts by at most `at_most` in the L1 and L2 norms, and
    has a part of the budget of its own; the parts add up. Which cells are halved, and where bins end, is
    computed from noised counts.

    *Conditions.* Bounds, the number of bins and `at_most` are public. The rows have no more of anyone.

    A value that many rows have becomes a bin by itself, so that a column of mostly zeros keeps them.

    Args:
        rho, epsilon: what the edges may cost; exactly one of both.
        at_most: rows of one person.
        noise: "secure" for a release; "rehearsal" draws it from `rng`.

    Raises:
        PromiseError: if the budget cannot be spent so.

    >>> pay = np.repeat([0, 7, 900], [500, 300, 200])
    >>> made = QuantileBins(rho=5.0, noise="rehearsal")(pay, Bins.even(0, 1023, 4, whole=True), 3,
    ...                                                 rng=np.random.default_rng(0))
    >>> made.codes(np.array([0, 7, 900])).tolist()
    [0, 1, 2]
    """

    rho: float | None = None
    epsilon: float | None = None
    at_most: int = 1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if (self.rho is None) == (self.epsilon is None):
            raise PromiseError("give the edges a rho or an epsilon, and not both.")
        spent = self.rho if self.epsilon is None else self.epsilon
        if spent is None or not 0 < spent < math.inf:
            raise PromiseError(f"the edges may cost {spent}: give a number above 0.")
        if self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}: give 1 or more.")
        _ = self.law

    @property
    def law(self) -> IntegerLaw:
        """The noise on each count of a level."""
        parts, most = LEVELS + 1, self.at_most
        if self.epsilon is not None:
            return LaplaceIntegers.for_epsilon(l1=most, epsilon=Fraction(self.epsilon) / parts)
        least = GaussianIntegers.for_rho(l2_squared=most**2, rho=Fraction(self.rho or 0) / parts)
        # A whole deviation, because the rehearsal draws no other; up, so that noise becomes larger.
        return GaussianIntegers(most**2, float(math.ceil(least.scale)))

    def __call__(self, at: Array, between: Bins, count: int, *, rng: Rng) -> Bins:
        """The bins of a column.

        Args:
            at: its values within the bounds, in steps; empty cells left out.
            between: even public bins, of which the first cells are.
            count: how many bins are to be made, at most.
            rng: of a rehearsal.
        """
        law, rows = self.law, np.sort(at)
        starts, ends = between.starts, between.ends
        counts = self._counts(rows, starts, ends, between.last, law, rng)
        deviation = math.sqrt(law.variance)
        enough = max(float(counts.sum()) / (FINE * count), CLEAR * deviation)
        for _ in range(LEVELS):
            middles = _middles(starts, ends, whole=between.whole)
            halved = (counts > enough) & (middles > starts)
            if not halved.any():
                break  # what is left of the budget stays unspent
            new = np.sort(np.concatenate([starts, middles[halved]]))
            fresh = np.isin(new, starts[halved]) | np.isin(new, middles[halved])
            old, starts = counts[~halved], new
            ends = Bins(starts, between.last).ends
            counts = np.empty(len(starts), np.float64)
            counts[~fresh] = old
            counts[fresh] = self._counts(rows, starts[fresh], ends[fresh], between.last, law, rng)
        return Bins(starts[_begin(counts, count)], between.last)

    def _counts(
        self, rows: Array, starts: Array, ends: Array, last: float, law: IntegerLaw, rng: Rng
    ) -> Floats:
        """Noised counts of the rows in disjoint cells, float64[k]."""
        upper = np.searchsorted(rows, ends, side="right")
        if starts.dtype == np.float64:
            # The end of a cell of floats is the next one's start, except of the last: no row counts twice.
            upper = np.where(ends == last, upper, np.searchsorted(rows, ends, side="left"))
        exact = (upper - np.searchsorted(rows, starts, side="left")).astype(np.int64)
        if self.noise == "secure":
            return law(exact).astype(np.float64)
        return (exact + rehearsed(law, len(exact), words_of(self.noise, rng))).astype(np.float64)


def _middles(starts: Array, ends: Array, *, whole: bool) -> Array:
    """Where the second half of each cell begins; its own start where it cannot be halved."""
    if whole:
        return starts + (ends - starts + 1) // 2
    middles = starts + (ends - starts) / 2
    return np.where((middles > starts) & (middles < ends), middles, starts)


def _begin(counts: Floats, count: int) -> Bools:
    """With which leaves a bin begins: each takes its share of what is left, or a little less."""
    counts = np.maximum(counts, 0)
    begin = np.zeros(len(counts), np.bool_)
    begin[0] = True
    left, bins, inside = float(counts.sum()), count, 0.0
    for i, one in enumerate(counts.tolist()):
        # A leaf that goes further over the share than it was missing begins a bin of its own.
        share = left / max(bins, 1)
        if inside > 0 and bins > 1 and inside + one - share > share - inside:
            begin[i] = True
            left, bins, inside = left - inside, bins - 1, 0.0
        inside += one
    return begin


def with_quantile_bins(
    frame: pl.DataFrame, domain: PublicDomain, bins: QuantileBins, *, rng: Rng
) -> PublicDomain:
    """A domain with all its bins, a budget being spent on those that are to be quantiles.

    Args:
        frame: the rows; no more than `bins.at_most` of one person.
        domain: public.
        bins: with the budget of all columns together, which is divided evenly.
        rng: of a rehearsal.

    Raises:
        DataError: as `encode`.
    """
    if not domain.pending:
        return domain
    read, _ = read_rows(frame, domain)
    parts = len(domain.pending)
    # The next float below: the parts must not add up to more.
    one = replace(
        bins,
        rho=None if bins.rho is None else math.nextafter(bins.rho / parts, 0),
        epsilon=None if bins.epsilon is None else math.nextafter(bins.epsilon / parts, 0),
    )
    edges = dict(domain.edges)
    for m in domain.modelled:
        if m.name in domain.pending and m.cuts is not None and m.quantiles is not None:
            cells = steps_of(m, read)
            made = one(cells.at[~cells.empty], m.cuts, m.quantiles, rng=rng)
            edges[m.name] = (*made.starts.tolist(), made.last)
    return replace(domain, edges=edges)
