"""Counts: how many people were where, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Bins of time over cells; chosen without the data, and public.

    Args:
        cells: every place code is a cell.
        start: seconds since 1970-01-01 UTC at which the first bin begins.
        bin_s: seconds a bin.
        times: how many bins; visits outside are not counted.
    """

    cells: int
    start: int
    bin_s: int = 3_600
    times: int = 168

    @property
    def size(self) -> int:
        """Cells times bins."""
        return self.cells * self.times

    def pairs(self, traces: Traces) -> tuple[Ints, Ints]:
        """Who was in which (cell, bin), each pair once: person int64[k] and cell * times + bin int64[k].

        >>> import numpy as np
        >>> seen = Traces.of(np.array([0, 0, 0]), np.array([5, 6, 9_999]), np.array([1, 1, 0]))
        >>> [part.tolist() for part in Grid(cells=2, start=0, times=2).pairs(seen)]
        [[0], [2]]
        """
        bins = (traces.time - self.start) // self.bin_s
        inside = (bins >= 0) & (bins < self.times)
        slot = traces.place[inside].astype(np.int64) * self.times + bins[inside]
        both = np.unique(traces.person[inside].astype(np.int64) * self.size + slot)
        return both // self.size, both % self.size

    def total(self, traces: Traces) -> Floats:
        """How many people were in each cell during each bin: float64[cells * times]."""
        return np.bincount(self.pairs(traces)[1], minlength=self.size).astype(np.float64)

    def presence(self, traces: Traces) -> Floats:
        """1 where a person was in a cell during a bin: float64[n, cells * times]."""
        found = np.zeros((traces.people, self.size))
        found[self.pairs(traces)] = 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """How many people of a group were seen in each cell in each bin of time.

    Args:
        counts: float64[cells, times]; noise may make them negative.
        grid: which visits are counted where.
    """

    shown: ClassVar[str] = "counts"

    counts: Floats
    grid: Grid
