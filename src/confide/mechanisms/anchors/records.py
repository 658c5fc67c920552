"""The anchor of releases of records: strangers, made up without a look at anybody's data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.nouns import Release
from confide.views.images import Pictures
from confide.views.interactions import Interactions
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedRatings:
    """Releases made-up raters, as many as it is told to: it keeps epsilon = 0 for everything about a person.

    Only the catalogue is real: the number of items, and whether there are ratings and dates, both public.

    Args:
        people: so many strangers.
        each: so many items each, drawn with falling popularity.
        since: the first possible day.
        days: over so many days they rate.
    """

    people: int = 300
    each: int = 40
    since: float = 0.0
    days: float = 365.0

    @property
    def budget(self) -> Budget:
        return Budget(0.0, unit=Unit.person("person", at_most=2**31))

    def __call__(self, data: Interactions, *, rng: Rng) -> Release[Interactions]:
        k = self.people * self.each
        view = Interactions.of(
            np.repeat(np.arange(self.people), self.each),
            (data.items * rng.random(k) ** 2).astype(np.int64),
            people=self.people,
            items=data.items,
            rating=None if data.rating is None else rng.integers(1, 6, k),
            day=None if data.day is None else self.since + self.days * rng.random(k),
        )
        return Release(view, self.budget, "StrangersRatings")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedTraces:
    """Releases made-up people who go about the public places at the public times: it keeps epsilon = 0.

    There are as many as there were people: their number is public.

    Args:
        each: so many visits each, to places with falling popularity.
        since: the first possible second.
        seconds: over so many seconds they move.
        bin: times are multiples of so many seconds.
    """

    each: int = 40
    since: int = 0
    seconds: int = 14 * 86_400
    bin: int = 3_600

    @property
    def budget(self) -> Budget:
        return Budget(0.0, unit=Unit.person("person", at_most=2**31))

    def __call__(self, data: Traces, *, rng: Rng) -> Release[Traces]:
        k = data.people * self.each
        view = Traces.of(
            np.repeat(np.arange(data.people), self.each),
            (self.since + rng.integers(0, self.seconds, k)) // self.bin * self.bin,
            (data.places * rng.random(k) ** 2).astype(np.int64),
            people=data.people,
            places=data.places,
            where=data.where,
        )
        return Release(view, self.budget, "StrangersTraces")

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """Visits as they are: nothing is known of how they would look."""
        return visits


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedImages:
    """Releases noise in the place of each picture: it keeps epsilon = 0 for everything in them."""

    @property
    def budget(self) -> Budget:
        return Budget(0.0)

    def __call__(self, data: Pictures, *, rng: Rng) -> Release[Pictures]:
        noise = rng.integers(0, 256, data.pixels.shape, dtype=np.uint8)
        return Release(Pictures(noise, data.person), self.budget, "StrangersPictures")
