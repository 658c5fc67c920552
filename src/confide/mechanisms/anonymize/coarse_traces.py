"""Coarsening of traces: cells in place of points, hours in place of seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.claims import Claim
from confide.core.durations import in_units
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.views.traces import EARTH_RADIUS_M, Traces
from confide.views.traces import metres as metres_between

METRES_PER_DEGREE = math.radians(EARTH_RADIUS_M)
ROUNDED_M = 1.0
"""Metres that a written point may be off the middle of its cell: what a column of 32 bits rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseTraces:
    """Replaces every place by its grid cell, and every time by the start of its bin.

    Several people in one cell and hour look the same. But the sequence of a person's cells and hours stays,
    and uniqueness falls only as about the tenth power of the resolution (de Montjoye et al. 2013). So there
    is no promise. The codes of the cells come from the place table alone.

    Args:
        metres: the side of a cell; None leaves places as they are.
        seconds: the length of a bin, counted from 1970-01-01 UTC; None leaves times as they are.

    Raises:
        PromiseError: if a size is not above 0.

    >>> seen = Traces.of(np.array([0, 0]), np.array([3600, 7300]), np.array([0, 1]),
    ...                  where=np.array([[40.70, -74.0], [40.71, -74.0]]))
    >>> view = CoarseTraces(metres=50_000, seconds=7200)(seen, rng=None).view
    >>> view.place.tolist(), view.time.tolist(), view.places
    ([0, 0], [0, 7200], 1)
    """

    metres: float | None = None
    seconds: int | None = None

    def __post_init__(self) -> None:
        if self.metres is not None and not 0 < self.metres < math.inf:
            raise PromiseError(f"a cell cannot be {self.metres} metres wide: give a number above 0.")
        if self.seconds is not None and self.seconds < 1:
            raise PromiseError(f"a bin cannot be {self.seconds} seconds long: give 1 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        """Release the visits, one for one and in the same order, in their cells and bins.

        Raises:
            DataError: if cells are asked for and the places have no coordinates.
        """
        view = data
        if self.seconds is not None:
            view = replace(view, time=view.time // self.seconds * self.seconds)
        if self.metres is not None:
            if data.where is None:
                raise DataError("places without latitude and longitude have no cells: coarsen time only.")
            cell, where = cells(data.where, metres=self.metres)
            view = replace(view, place=cell[view.place].astype(np.int32), places=len(where), where=where)
        return Release(view, None, "CoarseTraces")

    def claims(self, view: Traces) -> tuple[Claim, ...]:
        """Every point is the middle of a cell, and every time the start of a bin."""
        found: list[Claim] = []
        if self.metres is not None and view.where is not None:
            where = view.where[np.unique(view.place)]
            cell, middle = cells(where, metres=self.metres)
            near = bool((metres_between(where, middle[cell]) <= ROUNDED_M).all())
            found.append(Claim(f"every point is the middle of a cell of {self.metres:g} m", near))
        if self.seconds is not None:
            whole = bool((view.time % self.seconds == 0).all())
            found.append(Claim(f"every time is the start of a bin of {in_units(self.seconds)}", whole))
        return tuple(found)


def cells(where: Floats, *, metres: float) -> tuple[Ints, Floats]:
    """The cell of each place, and the middle of each cell.

    Bands of latitude are `metres` high, from the equator on. Each is divided from longitude 0 on into cells
    `metres` wide at the band's middle. So a cell's area differs from metres^2 by less than a thousandth below
    10 km and 60 degrees.

    Returns:
        cell int64[p] in 0..c-1, and float64[c, 2].

    >>> cells(np.array([[0.001, 0.001], [0.002, 0.001], [0.02, 0.001]]), metres=1_000)[0].tolist()
    [0, 0, 1]
    """
    step = metres / METRES_PER_DEGREE
    # A pole is one point, whatever its longitude, and so is a point at -180 and at 180 degrees.
    lon = np.where(np.abs(where[:, 0]) == 90, 0.0, np.where(where[:, 1] == 180, -180.0, where[:, 1]))
    band = np.floor(where[:, 0] / step)
    middle = _middles(band, step, 90)
    # Degrees of longitude are shorter away from the equator; at the poles a cell would be infinitely wide.
    width = step / np.cos(np.radians(np.clip(middle, -89.9, 89.9)))
    column = np.floor(lon / width)
    # Band and column in one code, shifted so that both are positive.
    code = (band + 2**30).astype(np.int64) * 2**32 + (column + 2**31).astype(np.int64)
    _, first, cell = np.unique(code, return_index=True, return_inverse=True)
    across = _middles(column[first], width[first], 180)
    return cell.reshape(-1).astype(np.int64), np.column_stack([middle[first], across])


def _middles(number: Floats, size: Floats | float, most: float) -> Floats:
    """The middles of stretches of this size with these numbers, cut to what is between -most and most."""
    middle = (number + 0.5) * size
    low, high = np.maximum(number * size, -most), np.minimum((number + 1) * size, most)
    # At an end of the globe a stretch is cut, and the middle of what is left is inside of it.
    cut = (number * size < -most) | ((number + 1) * size > most)
    return np.where(cut, (low + high) / 2, middle)
