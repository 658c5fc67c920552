"""Visits on one grid: traces with different tables of places under the same codes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces, cells
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedGrid:
    """Coarsens traces to cells and bins, the cells under codes that were fixed before.

    An audit reads the originals and a released file on one grid, and compares place codes. A mechanism that
    makes places of its own, such as coarser cells, gives them codes of its own. Where it made the released
    file, the adversary applies it to the visits that it knows, and then this grid, as the reader did to the
    file. Make one with `FixedGrid.over`.

    Args:
        seconds: the length of a bin.
        metres: the side of a cell; None leaves places as they are.
        where: float64[c, 2], the middle of each cell in degrees, by code; None without cells.

    >>> points = np.array([[40.700, -74.0], [40.701, -74.0], [40.8, -74.0]])
    >>> grid = FixedGrid.over(points, metres=500, seconds=3600)
    >>> seen = Traces.of(np.array([0]), np.array([3700]), np.array([0]), where=points[2:])
    >>> view = grid(seen, rng=None).view
    >>> view.place.tolist(), view.time.tolist(), view.places
    ([1], [3600], 2)
    """

    seconds: int
    metres: float | None = None
    where: Floats | None = None

    @classmethod
    def over(cls, *points: Floats, metres: float, seconds: int) -> FixedGrid:
        """The grid of all cells that hold one of these points, float64[., 2] in degrees."""
        _, where = cells(np.concatenate(points), metres=metres)
        return cls(metres=metres, seconds=seconds, where=where)

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        """Release the visits, one for one and in the same order, in their cells and bins.

        Raises:
            DataError: if a place is in no cell of this grid, or has no coordinates.
        """
        view = CoarseTraces(seconds=self.seconds)(data, rng=rng).view
        if self.metres is not None and self.where is not None:
            if data.where is None:
                raise DataError("places without latitude and longitude are in no cell: give both.")
            # The middle of a cell is in that cell, and codes follow the cells: known cells keep their codes.
            cell, where = cells(np.concatenate([self.where, data.where]), metres=self.metres)
            if len(where) > len(self.where):
                raise DataError("a place is in no cell of the grid: make the grid over all places.")
            place = cell[len(self.where) :][view.place].astype(np.int32)
            view = replace(view, place=place, places=len(where), where=self.where)
        return Release(view, None, "FixedGrid")
