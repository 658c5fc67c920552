"""Aggregate counts: the number of people in each cell in each bin of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.language import later
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid of time bins and cells; it is public and chosen without the data.

    Args:
        cells: the number of cells; each place code is a cell.
        start: the start of the first bin in seconds since 1970-01-01 UTC.
        bin_s: the length of a bin in seconds.
        times: the number of bins; visits outside them are not counted.
    """

    cells: int
    start: int
    bin_s: int = 3_600
    times: int = 168

    @property
    def size(self) -> int:
        """The number of counts: cells times bins."""
        return self.cells * self.times

    def pairs(self, traces: Traces) -> tuple[Ints, Ints]:
        """The presences, each once: the person int64[k] and cell * times + bin int64[k].

        >>> import numpy as np
        >>> seen = Traces.of(np.array([0, 0, 0]), np.array([5, 6, 9_999]), np.array([1, 1, 0]))
        >>> [part.tolist() for part in Grid(cells=2, start=0, times=2).pairs(seen)]
        [[0], [2]]
        """
        bins = (traces.time - self.start) // self.bin_s
        inside = (bins >= 0) & (bins < self.times)
        slot = traces.place[inside].astype(np.int64) * self.times + bins[inside]
        # One number for each (person, cell, bin), so that a person counts once however often they return.
        both = np.unique(traces.person[inside].astype(np.int64) * self.size + slot)
        return both // self.size, both % self.size

    def total(self, traces: Traces) -> Floats:
        """The number of people in each cell during each bin: float64[cells * times]."""
        # Floats, because published counts with noise are floats too.
        return np.bincount(self.pairs(traces)[1], minlength=self.size).astype(np.float64)

    def presence(self, traces: Traces) -> Floats:
        """The presence matrix, 1 where a person was in a cell during a bin: float64[n, cells * times]."""
        found = np.zeros((traces.people, self.size))
        found[self.pairs(traces)] = 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """The visits of a group, and the grid on which they are counted.

    Args:
        traces: of the group.
        grid: which visits are counted where.
    """

    traces: Traces
    grid: Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """A release of aggregate counts: how many people of a group were in each cell in each bin of time.

    Args:
        counts: float64[cells, times]; noise can make them negative.
        grid: the cells and bins.
    """

    shown: ClassVar[str] = later("counts")

    counts: Floats
    grid: Grid

    def __len__(self) -> int:
        return self.counts.size
