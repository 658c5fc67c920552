"""Trace splitting: a new pseudonym after a fixed number of hours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTraces:
    """Cuts each trace at fixed times, and gives each part a pseudonym of its own.

    Points of different parts are no longer connected, so that fewer combinations single a part out. But an
    adversary who finds one part learns that part, and places that return (home, work) connect the parts
    again. So there is no promise. The new numbers follow person and time, so they must be shuffled before
    publication, as the games do.

    Args:
        hours: the length of a part, counted from 1970-01-01 on a clock.
        ahead: seconds by which that clock is ahead of UTC; negative in the west.

    Raises:
        PromiseError: if `hours` is not above 0.

    Source: Song, Dahlmeier, Bressan: Not So Unique in the Crowd: a Simple and Effective Algorithm for
    Anonymizing Location Data (PIR 2014).

    >>> seen = Traces.of(np.array([0, 0, 1]), np.array([0, 90_000, 5]), np.array([0, 1, 1]))
    >>> split = SplitTraces(hours=24)
    >>> split(seen, rng=None).view.person.tolist(), split.owners(seen).tolist()
    ([0, 1, 2], [0, 0, 1])
    """

    hours: float = 24.0
    ahead: int = 0

    def __post_init__(self) -> None:
        if not self.hours > 0:
            raise PromiseError(f"a part cannot be {self.hours} hours long: give a number above 0.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        number = np.cumsum(self._opens(data)) - 1
        people = int(number[-1]) + 1 if len(number) else 0
        return Release(replace(data, person=number.astype(np.int32), people=people), None, "SplitTraces")

    def owners(self, data: Traces) -> Ints:
        """The person behind each part, int64[parts]."""
        return data.person[self._opens(data)].astype(np.int64)

    def claims(self, view: Traces) -> tuple[Claim, ...]:
        """No user id has visits in two parts of the time."""
        part = (view.time + self.ahead) // self._seconds
        one = (part[1:] == part[:-1]) | (view.person[1:] != view.person[:-1])
        holds = bool(one.all())
        return (Claim(f"no user id has visits in two parts of {self.hours:g} hours", holds),)

    @property
    def _seconds(self) -> int:
        return max(int(3600 * self.hours), 1)

    def _opens(self, data: Traces) -> Bools:
        """bool[k]: does a part begin with this visit?"""
        # Fixed times for all people: a part that starts with a person's own visit would tell when that was.
        part = (data.time + self.ahead) // self._seconds
        opens = np.ones(len(part), np.bool_)
        opens[1:] = (part[1:] != part[:-1]) | (data.person[1:] != data.person[:-1])
        return opens
