"""Cells of an answer: each aggregate of each group from noisy sums, with its two intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.statistics.bands import Band
from confide.mechanisms.statistics.intervals import Cells, Quotient, mean_of, of_total, variance_of
from confide.mechanisms.statistics.noisy_sums import NoisySums
from confide.releases.session.planning import Part, What
from confide.releases.sql.grid import Grid
from confide.releases.sql.query import Aggregate, CountPeople, CountRows, OfClipped, Quantile, Share
from confide.releases.sql.sums import Histogram, Rows, Squares, Sum, Total, sums_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Noisy:
    """The noisy sums of a question.

    Args:
        sums: of each sum a number for each group.
        histograms: of each histogram a list of counts for each group.
        parts: their noise.
    """

    sums: Mapping[Sum, Sequence[int]]
    histograms: Mapping[Histogram, Sequence[Sequence[int]]]
    parts: Mapping[What, Part]

    def cells(self, aggregate: Aggregate) -> Cells:
        """One aggregate of all groups."""
        match aggregate:
            case CountRows() | CountPeople():
                return of_total(self._noisy(*sums_for(aggregate)), 0, 1)
            case OfClipped(function="sum"):
                return self._sum(aggregate)
            case OfClipped(function="avg"):
                return self._mean(aggregate)
            case Share():
                inside, present = sums_for(aggregate)
                return mean_of(self._noisy(inside), self._noisy(present), 0, 1).cells
            case OfClipped(function=function):
                spread, step = self._deviations(aggregate).cells, _grid(aggregate).step
                return spread.map(lambda x: np.sqrt(x) * step if function == "stddev" else x * step**2)
            case Quantile():
                return self._quantile(aggregate)

    def _noisy(self, one: Sum) -> NoisySums:
        part = self.parts[one]
        return NoisySums(tuple(self.sums[one]), part.noise, 1 << part.bits)

    def _sum(self, aggregate: OfClipped) -> Cells:
        (one,), grid = sums_for(aggregate), _grid(aggregate)
        rows = self.cells(CountRows()).both if Rows() in self.sums else None
        found = of_total(self._noisy(one), float(grid.lowest), float(grid.highest), rows=rows)
        return found.map(lambda codes: codes * grid.step)

    def _mean(self, aggregate: OfClipped) -> Cells:
        (total, number), grid = sums_for(aggregate), _grid(aggregate)
        spread = self._deviations(aggregate) if Squares(aggregate.value) in self.sums else None
        low, high = float(grid.lowest), float(grid.highest)
        found = mean_of(self._noisy(total), self._noisy(number), low, high, spread=spread)
        return found.cells.map(lambda codes: float(grid.origin) + codes * grid.step)

    def _deviations(self, aggregate: OfClipped) -> Quotient:
        sums, grid = sums_for(OfClipped("var", aggregate.value)), _grid(aggregate)
        squares, total, number = (self._noisy(one) for one in sums)
        return variance_of(squares, total, number, float(grid.lowest), float(grid.highest))

    def _quantile(self, aggregate: Quantile) -> Cells:
        one = Histogram(aggregate.value)
        counts, grid = np.array(self.histograms[one], np.float64), one.grid

        def plain(places: Floats) -> Floats:
            # Beyond the last bound no value is, wherever the last step ends.
            values = float(grid.origin) + (places + grid.lowest) * grid.step
            return np.minimum(values, float(grid.high))

        return Band(counts=counts, noise=self.parts[one].noise, p=aggregate.p).cells.map(plain)


def _grid(aggregate: OfClipped) -> Grid:
    return Total(aggregate.value, "plain" if aggregate.function == "sum" else "centred").grid
