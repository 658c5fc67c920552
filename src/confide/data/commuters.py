"""Simulated traces of commuters, who are at home, at work, and at a few other places.

No real person is in it, so it can be published. The true place of everybody is known at every hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.views.traces import Traces

HOUR = 3_600
MONDAY = 1_000_080_000
"""Monday, 2001-09-10, midnight UTC: the first hour of every simulation."""
CORNER = (45.0, 5.0)  # the latitude and longitude of the first cell; any place would do
METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of the Earth's mean radius


@dataclass(frozen=True, slots=True, kw_only=True)
class Commuters:
    """A simulation of commuters.

    Each person draws a home, a work place and `others` further places uniformly from all cells, and shares
    for the further places from a Dirichlet law. At night and at the weekend the person is mostly at home.
    From nine to five on a working day the person is mostly at work. The other hours go to the further places.

    Args:
        people: the number of people.
        side: the cells form a square grid of side x side.
        cell_m: the width of a cell in metres.
        hours: the number of hours, from a Monday at midnight on.
        observed: the share of each person's hours in the trace, drawn independently for each hour.
        others: the number of further places of each person.
        concentration: of the Dirichlet law; below 1 a few of the further places take most of the time.
        home, work: the probability of being there in the hours of home and of work.
    """

    people: int = 200
    side: int = 10
    cell_m: float = 500.0
    hours: int = 336
    observed: float = 0.1
    others: int = 6
    concentration: float = 1.0
    home: float = 0.65
    work: float = 0.65

    def __post_init__(self) -> None:
        for name in ("people", "side", "hours", "others"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}: give 1 or more.")
        for name in ("observed", "home", "work"):
            if not 0 <= getattr(self, name) <= 1:
                raise DataError(f"{name} is {getattr(self, name)}: give a share in [0, 1].")

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.side**2

    def where(self) -> Floats:
        """The centre of each cell, latitude and longitude in degrees: float64[cells, 2]."""
        row, column = np.divmod(np.arange(self.cells), self.side)
        north = self.cell_m / METRES_PER_DEGREE
        # Degrees of longitude get shorter towards the poles.
        east = north / cos(radians(CORNER[0]))
        return np.column_stack([CORNER[0] + row * north, CORNER[1] + column * east])

    def whereabouts(self, *, rng: Rng) -> Ints:
        """The cell of each person in each hour, observed or not: int64[people, hours]."""
        drawing, living = rng.spawn(2)
        places = drawing.integers(self.cells, size=(self.people, 2 + self.others))
        # Two rows: the free hours around home, and the working hours around the work place.
        shares = np.zeros((2, self.people, 2 + self.others))
        free = drawing.dirichlet(np.full(self.others, self.concentration), size=self.people)
        for row, (anchor, stays) in enumerate(((0, self.home), (1, self.work))):
            shares[row, :, anchor] = stays
            shares[row, :, 2:] = (1 - stays) * free
        up_to = np.cumsum(shares, axis=2)[at_work(self.hours).astype(np.int64)]  # [hours, people, places]
        drawn = living.random((self.hours, self.people, 1))
        # Rounding can leave the last sum slightly below 1, and a draw above it.
        chosen = np.minimum((drawn > up_to).sum(axis=2), places.shape[1] - 1)
        return np.take_along_axis(places, chosen.T, axis=1)

    def __call__(self, *, rng: Rng) -> Traces:
        """Simulate the traces: the observed hours of each person."""
        truth, draws = self.whereabouts(rng=rng), rng.random((self.people, self.hours))
        person, hour = np.nonzero(draws < self.observed)
        return Traces.of(
            person,
            MONDAY + HOUR * hour,
            truth[person, hour],
            people=self.people,
            places=self.cells,
            where=self.where(),
        )


def at_work(hours: int) -> Bools:
    """Whether each hour from Monday on is a working hour, bool[hours].

    >>> int(at_work(168).sum())
    40
    """
    hour = np.arange(hours)
    return (hour % 24 >= 9) & (hour % 24 < 17) & (hour // 24 % 7 < 5)


def commuters(*, rng: Rng, people: int = 200) -> Traces:
    """The commuters of all benchmarks: 100 cells, two weeks, a tenth of the hours observed.

    >>> seen = commuters(rng=np.random.default_rng(0))
    >>> seen.people, seen.places, bool(6_000 < len(seen) < 7_500)
    (200, 100, True)
    """
    return Commuters(people=people)(rng=rng)
