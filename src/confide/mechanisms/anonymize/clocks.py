"""Cutting of times to the hour, day, week, month, quarter or year, in the local time of a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.errors import PromiseError

Calendar: TypeAlias = Literal["week", "month", "quarter", "year"]
CALENDAR: dict[Calendar, int] = {
    "week": 604_800,
    "month": 2_629_746,
    "quarter": 7_889_238,
    "year": 31_556_952,
}
"""Units of the calendar, and their mean length in seconds."""
MONTHS: dict[Calendar, int] = {"month": 1, "quarter": 3, "year": 12}
DAY = 86_400
THURSDAY = 3 * DAY
"""From Monday to Thursday, the day of the week on which 1970 began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A rule that cuts times to the start of their unit.

    A time becomes the start of its unit as a clock shows it that is ahead of UTC. What is written is that
    start on this clock, moved by `written`.

    Args:
        unit: a fixed number of seconds, counted from 1970-01-01 on that clock; or a unit of the calendar.
        ahead: seconds by which the clock is ahead of UTC; negative in the west.
        written: seconds that are added to what the clock shows. With `-ahead` the instant itself is written.
            With 0 it is the clock's own reading, as a column of local dates holds it.

    Raises:
        PromiseError: for a unit below a second, or one that is not in the calendar.

    >>> Clock(unit=86_400)(np.array([90_000])).tolist()
    [86400]
    >>> west = Clock(unit=86_400, ahead=-28_800, written=28_800)  # midnight eight hours west, at 8:00 UTC
    >>> west(np.array([90_000])).tolist()
    [28800]
    """

    unit: int | Calendar
    ahead: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.unit, str):
            if self.unit not in CALENDAR:
                raise PromiseError(
                    f"there is no unit {self.unit!r}: give week, month, quarter, year or a span."
                )
        elif self.unit < 1:
            raise PromiseError(f"times cannot be cut to {self.unit} seconds: give 1 or more.")

    @property
    def seconds(self) -> int:
        """The length of a unit; of a month, quarter or year the mean one."""
        return CALENDAR[self.unit] if isinstance(self.unit, str) else self.unit

    def __call__(self, seconds: Array) -> Ints:
        """Times in seconds since 1970 UTC, cut, int64."""
        return starts(np.floor(seconds).astype(np.int64) + self.ahead, self.unit) + self.written


def starts(seconds: Ints, unit: int | Calendar) -> Ints:
    """The start of the unit that each time is in, both on one clock.

    >>> starts(np.array([0, 40 * 86_400]), "month").tolist()
    [0, 2678400]
    """
    if not isinstance(unit, str):
        return seconds // unit * unit
    if unit == "week":
        return (seconds + THURSDAY) // CALENDAR["week"] * CALENDAR["week"] - THURSDAY
    month = seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    first = month // MONTHS[unit] * MONTHS[unit]
    return first.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
