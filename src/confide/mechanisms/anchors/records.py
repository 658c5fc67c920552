"""Anchors of releases of records: unrelated people, made up without reading anyone's data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.nouns import Release
from confide.views.images import Pictures
from confide.views.interactions import Interactions
from confide.views.table import Table
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedRatings:
    """Unrelated ratings: releases made-up raters, so it keeps epsilon = 0 for everything about a person.

    Only public facts are real: the number of items, and whether there are ratings and dates.

    Args:
        people: the number of made-up raters.
        each: the number of items of each, drawn with falling popularity.
        since: the first possible day.
        days: the number of days over which they rate.
    """

    people: int = 300
    each: int = 40
    since: float = 0.0
    days: float = 365.0

    @property
    def budget(self) -> Budget:
        return Budget(0.0, unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Interactions, *, rng: Rng) -> Release[Interactions]:
        k = self.people * self.each
        view = Interactions.of(
            np.repeat(np.arange(self.people), self.each),
            # The square makes early items popular, as in real catalogues.
            (data.items * rng.random(k) ** 2).astype(np.int64),
            people=self.people,
            items=data.items,
            rating=None if data.rating is None else rng.integers(1, 6, k),
            day=None if data.day is None else self.since + self.days * rng.random(k),
        )
        return Release(view, self.budget, "UnrelatedRatings")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedTraces:
    """Unrelated traces: releases made-up people at the public places and times, at epsilon = 0.

    There are as many as there were people, because their number is public.

    Args:
        each: the number of visits of each, to places with falling popularity.
        since: the first possible second.
        seconds: the length of time in which they move.
        bin: times are multiples of this many seconds.
    """

    each: int = 40
    since: int = 0
    seconds: int = 14 * 86_400
    bin: int = 3_600

    @property
    def budget(self) -> Budget:
        return Budget(0.0, unit=Unit.person("person", at_most=ANY_NUMBER))

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
        return Release(view, self.budget, "UnrelatedTraces")

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits unchanged: nothing is known of how they would look."""
        return visits


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedImages:
    """Unrelated pictures: releases noise in the place of each picture, so it keeps epsilon = 0."""

    @property
    def budget(self) -> Budget:
        return Budget(0.0)

    def __call__(self, data: Pictures, *, rng: Rng) -> Release[Pictures]:
        noise = rng.integers(0, 256, data.pixels.shape, dtype=np.uint8)
        return Release(Pictures(noise, data.person), self.budget, "UnrelatedImages")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedTable:
    """An unrelated table: releases rows of values drawn evenly from their domains, at epsilon = 0.

    There are as many rows as there were people, because their number is public, as the domains are.
    """

    @property
    def budget(self) -> Budget:
        return Budget(0.0, unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
        codes = rng.integers(0, data.sizes, data.low.shape)
        return Release(Table.of(data.domains, codes), self.budget, "UnrelatedTable")
