"""By which rule times were cut: candidates from the released times alone, tried on the original ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Ints
from confide.inputs.worked_out.making import SAME
from confide.mechanisms.anonymize.clocks import DAY, Calendar, Clock, starts

MOST = 20_000
"""Different times that are looked at."""
QUARTER, HOUR = 900, 3_600
WEST, EAST = -12 * HOUR, 14 * HOUR
"""The offsets of clocks on Earth; they are whole quarters of an hour."""
UNITS: tuple[Calendar, ...] = ("year", "quarter", "month", "week")
MINUTES = (10_080, 2_880, 1_440, 720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 10, 5, 2, 1)
LENGTHS = tuple(60 * minutes for minutes in MINUTES)
"""Usual lengths of units, in seconds, the longest first."""
USUAL = 0.9
"""From this share of times on that are starts of a unit, the unit is tried."""
BETTER = 0.002
"""By this share another clock must be better than a simpler one."""

Unit: TypeAlias = int | Calendar


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a rule explains the released times.

    Args:
        explained: the share of released times that it gives.
        given: the share of times it gives that are released.
    """

    explained: float
    given: float

    @property
    def value(self) -> float:
        """Both, for comparing rules. Suppression lowers the second, and as much for each rule."""
        return (self.explained + self.given) / 2


Try: TypeAlias = Callable[[Clock], Fit]


def clock_of(released: Ints, fit: Try) -> tuple[Clock, Fit] | None:
    """The rule that explains released times best; None where they are starts of no unit.

    Args:
        released: seconds since 1970.
        fit: how well a rule explains them, given the originals.
    """
    times = np.unique(released)
    times = times[:: max(1, len(times) // MOST)]
    best: tuple[Clock, Fit] | None = None
    for unit, written in _units(times):
        for clock, found in _clocks(unit, written, fit):
            if best is None or found.value > best[1].value + BETTER:
                best = clock, found
        if best is not None and best[1].explained >= SAME and best[1].given >= SAME:
            break
    return best


def _clocks(unit: Unit, written: int, fit: Try) -> Iterator[tuple[Clock, Fit]]:
    """Clocks with this unit, the simple first: UTC, each whole hour, quarters of an hour beside the best."""
    length = Clock(unit=unit).seconds
    tried: list[tuple[Clock, Fit]] = []

    def of(ahead: int) -> Iterator[tuple[Clock, Fit]]:
        # What is written may be the instant or the reading of the clock, a unit apart at most.
        for moved in (written,) if isinstance(unit, str) or not written else (written, written - length):
            clock = Clock(unit=unit, ahead=ahead, written=moved)
            tried.append((clock, fit(clock)))
            yield tried[-1]

    yield from of(0)
    if max(found.value for _, found in tried) >= 1 - BETTER:
        return
    whole = sorted(range(WEST, EAST + 1, HOUR) if length >= DAY else range(0, length, HOUR), key=abs)
    for ahead in whole:
        if ahead:
            yield from of(ahead)
    if not isinstance(unit, str) and unit % 2 == 0:  # to the nearest, not down
        yield from of(unit // 2)
    if length > QUARTER:
        near = max(tried, key=lambda one: one[1].value)[0].ahead
        for ahead in (near + QUARTER * i for i in (-3, -2, -1, 1, 2, 3)):
            yield from of(ahead)


def _units(times: Ints) -> Iterator[tuple[Unit, int]]:
    """Units whose starts the times are, and what was added to the starts; the simple ones first."""
    calendar: list[tuple[Unit, int]] = []
    for unit in UNITS:
        for moved in _moved(times, unit):
            calendar.append((unit, moved))
    yield from (one for one in calendar if not one[1])
    between = int(np.gcd.reduce(times - times[0])) if len(times) > 1 else 0
    own = {between // i for i in (1, 2, 3) if between // i > 1}
    for length in sorted({*LENGTHS, *own}, reverse=True):
        rest, count = np.unique(times % length, return_counts=True)
        if len(times) > 1 and count.max() >= USUAL * len(times):
            yield length, int(rest[count.argmax()])
    yield from (one for one in calendar if one[1])


def _moved(times: Ints, unit: Calendar) -> Iterator[int]:
    """What has to be taken off the times so that they are starts of the unit, if that is one number."""
    offsets = sorted(range(WEST, EAST + 1, QUARTER), key=abs)
    # All times may have the same place in their month, such as its middle.
    into, count = np.unique(times - starts(times, unit), return_counts=True)
    for moved in (*offsets, int(into[count.argmax()])):
        if np.mean(starts(times - moved, unit) == times - moved) >= USUAL:
            yield moved
            return
