"""Traces: who was where, when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError
from confide.views.people import chosen, digest_of, start_of

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """The k visits of n people to p places, by person and, within a person, by time.

    Make one with `Traces.of`.

    Args:
        person: int32[k] in 0..people-1, rising.
        time: int64[k], seconds since 1970-01-01 UTC, rising within each person.
        place: int32[k] in 0..places-1.
        people: n.
        places: p.
        where: float64[p, 2], latitude and longitude of each place in degrees; None where not known.

    >>> seen = Traces.of(np.array([1, 0, 1]), np.array([50, 7, 3]), np.array([0, 1, 2]))
    >>> seen.person.tolist(), seen.time.tolist(), seen.place.tolist()
    ([0, 1, 1], [7, 3, 50], [1, 2, 0])
    """

    shown: ClassVar[str] = "traces"

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
        """From codes in any order.

        Raises:
            DataError: if the arrays differ in length, or a code is negative or beyond the count.
        """
        n = int(person.max(initial=-1)) + 1 if people is None else people
        p = int(place.max(initial=-1)) + 1 if places is None else places
        p = max(p, 0 if where is None else len(where))
        if not len(person) == len(time) == len(place):
            raise DataError("persons, times and places differ in length: give one of each a row.")
        for name, codes, count in (("person", person, n), ("place", place, p)):
            if len(codes) and (codes.min() < 0 or codes.max() >= count):
                raise DataError(f"a code of a {name} lies outside 0 to {count - 1}: give codes from 0 on.")
        order = np.lexsort((place, time, person))
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
        """int64[n + 1]: person i's visits are those from start[i] to start[i + 1] - 1."""
        return start_of(self.person, self.people)

    def counts(self) -> Ints:
        """How many visits each person made, int64[n]."""
        return np.diff(self.start)

    def rows(self, rows: Array) -> Traces:
        """These visits alone (a mask, or rising positions); people and places keep their codes."""
        return replace(self, person=self.person[rows], time=self.time[rows], place=self.place[rows])

    def take(self, people: Array) -> Traces:
        """These people alone (a mask, or codes in any order, none twice), numbered anew in that order."""
        rows, person, n = chosen(self.person, self.people, people)
        return replace(self.rows(rows), person=person, people=n)

    def digest(self) -> str:
        """A SHA-256 over all of it: the content's name in a cache."""
        return digest_of(self)


def metres(one: Floats, other: Floats) -> Floats:
    """The distance along the surface between points given as (latitude, longitude) in degrees.

    Args:
        one, other: float64[..., 2], broadcast against each other.

    >>> round(float(metres(np.array([40.0, -74.0]), np.array([41.0, -74.0]))))
    111195
    """
    a, b = np.radians(one), np.radians(other)
    half = np.sin((b - a) / 2) ** 2
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
