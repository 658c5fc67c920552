"""Traces: visits of people to places at times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import later
from confide.views.people import chosen, digest_of, number_of, start_of

EARTH_RADIUS_M = 6_371_008.8  # the mean radius of the Earth as a sphere


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """The k visits of n people to p places, sorted by person and time.

    Make one with `Traces.of`.

    Args:
        person: int32[k] in 0..people-1, rising.
        time: int64[k], seconds since 1970-01-01 UTC, rising within each person.
        place: int32[k] in 0..places-1.
        people: n.
        places: p.
        where: float64[p, 2], latitude and longitude of each place in degrees; None if not known.

    >>> seen = Traces.of(np.array([1, 0, 1]), np.array([50, 7, 3]), np.array([0, 1, 2]))
    >>> seen.person.tolist(), seen.time.tolist(), seen.place.tolist()
    ([0, 1, 1], [7, 3, 50], [1, 2, 0])
    """

    shown: ClassVar[str] = later("traces")

    person: NDArray[np.int32]
    time: Ints
    place: NDArray[np.int32]
    people: int
    places: int
    where: Floats | None = None

    @classmethod
    def of(
        cls,
        person: Array,
        time: Array,
        place: Array,
        *,
        people: int | None = None,
        places: int | None = None,
        where: Floats | None = None,
    ) -> Traces:
        """Build traces from codes in any order.

        Raises:
            DataError: if the arrays differ in length, or a code is negative or too large.
        """
        if not len(person) == len(time) == len(place):
            raise DataError("persons, times and places differ in length: give one of each for each row.")
        known = 0 if where is None else len(where)  # places with coordinates and no visit count too
        n = number_of("person", person, people)
        # Codes of places must stay those of the table of coordinates.
        p = max(number_of("place", place, None if places is None else max(places, known)), known)
        order = np.lexsort((place, time, person))  # the last key is the first to sort by
        return cls(
            person[order].astype(np.int32),
            time[order].astype(np.int64),
            place[order].astype(np.int32),
            n,
            p,
            where,
        )

    def __len__(self) -> int:
        return len(self.person)

    @property
    def start(self) -> Ints:
        """The offsets int64[n + 1]: person i has the visits start[i] to start[i + 1] - 1."""
        return start_of(self.person, self.people)

    def counts(self) -> Ints:
        """The number of visits of each person, int64[n]."""
        return np.diff(self.start)

    def rows(self, rows: Array) -> Traces:
        """Only these visits (a mask, or rising positions); people and places keep their codes."""
        return replace(self, person=self.person[rows], time=self.time[rows], place=self.place[rows])

    def take(self, people: Array) -> Traces:
        """Only these people (a mask, or codes in any order, none twice), renumbered in that order."""
        rows, person, n = chosen(self.person, self.people, people)
        return replace(self.rows(rows), person=person, people=n)

    def digest(self) -> str:
        """A SHA-256 over all fields, which identifies the content in a cache."""
        return digest_of(self)


def by_time_and_place(traces: Traces) -> tuple[Traces, Ints]:
    """The visits by person, time and place, and the positions int64[k] where they stood.

    Visits that a mechanism moved to one time still stand in their true order. A release does not show it.

    >>> seen = Traces.of(np.array([0, 0]), np.array([10, 20]), np.array([1, 0]))
    >>> shown, stood = by_time_and_place(replace(seen, time=seen.time // 60))
    >>> shown.place.tolist(), stood.tolist()
    ([0, 1], [1, 0])
    """
    order = np.lexsort((traces.place, traces.time, traces.person))
    return traces.rows(order), order


def unwrapped(lon: Floats) -> Floats:
    """Longitudes that rise without a jump at 180 degrees: cut where the widest stretch without places is.

    >>> unwrapped(np.array([179.5, -179.5])).tolist(), unwrapped(np.array([5.0, 6.0])).tolist()
    ([179.5, 180.5], [5.0, 6.0])
    """
    around = np.unique(lon)
    gaps = np.diff(around)
    if not len(gaps) or gaps.max() <= 360 - (around[-1] - around[0]):
        return lon
    return np.where(lon <= around[gaps.argmax()], lon + 360, lon)


def metres(one: Floats, other: Floats) -> Floats:
    """The great-circle distance in metres between points (latitude, longitude) in degrees.

    Args:
        one, other: float64[..., 2], broadcast against each other.

    >>> round(float(metres(np.array([40.0, -74.0]), np.array([41.0, -74.0]))))
    111195
    """
    a, b = np.radians(one), np.radians(other)
    half = np.sin((b - a) / 2) ** 2  # the haversine formula, which is accurate for near points
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    # Rounding may carry opposite points of the globe above 1.
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
