"""Round steps by which numbers and dates are joined: found for a table, and named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from confide.core.arrays import Floats

SPARSER = 3
"""The first level of numbers has at most one group for each three values: finer ones hardly hide anybody."""
LONG_SPAN = 365
"""Days from which on dates are joined by calendar months, and not by weeks."""
MOST_STEPS = 40
"""Doublings of a step; 2^40 steps are more than any range of values that a column holds."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps by which numbers or dates are joined: level by level, and each counted from the same zero.

    Args:
        unit: what is counted: "number", "week" (days from a Monday on) or "month".
        step: of each level, in numbers, days or months, rising.
        whole: whether all numbers are whole, and groups of them are named so.
    """

    unit: Literal["number", "week", "month"]
    step: tuple[float, ...]
    whole: bool = False

    def place(self, known: Floats, step: float) -> Floats:
        """The number of the group of each value, float64[m].

        Args:
            known: float64[m], numbers, or days since 1970-01-01.
            step: of the level.
        """
        if self.unit == "number":
            return np.floor(known / step)
        if self.unit == "week":
            return np.floor((known + 3) / step)  # day -3 was a Monday
        days = [date(1970, 1, 1) + timedelta(days=int(day)) for day in np.floor(known).tolist()]
        return np.array([(day.year * 12 + day.month - 1) // int(step) for day in days], np.float64)

    def names(self, known: Floats, step: float) -> list[str]:
        """The name of the group of each value."""
        starts, at = np.unique(self.place(known, step), return_inverse=True)
        if self.unit == "number":
            named = [_range(start, step, whole=self.whole and step >= 1) for start in starts.tolist()]
        else:
            of = _days if self.unit == "week" else _months
            named = [of(int(start), int(step)) for start in starts.tolist()]
        return [named[i] for i in at.tolist()]


def steps_of_numbers(known: Floats) -> Steps:
    """Doubling steps of a round unit (1, 2 or 5 times a power of ten), for rising numbers, float64[m]."""
    if len(known) < 2:
        return Steps("number", ())
    step, found = _first_step(known), list[float]()
    while step < known[-1] - known[0] and len(found) < MOST_STEPS:
        found.append(step)
        step *= 2
    return Steps("number", tuple(found), bool((known == np.floor(known)).all()))


def steps_of_dates(known: Floats) -> Steps:
    """Months and so on, or weeks for less than a year, for rising days since 1970-01-01, float64[m]."""
    if len(known) < 2:
        return Steps("week", ())
    if known[-1] - known[0] < LONG_SPAN:
        weeks = [7 * 2**i for i in range(MOST_STEPS) if 7 * 2**i < known[-1] - known[0]]
        return Steps("week", tuple(weeks))
    months = Steps("month", ()).place(known, 1)
    steps = [1, 3, 6, 12]
    while steps[-1] * 2 < months[-1] - months[0] + 1:
        steps.append(steps[-1] * 2)
    most = max(len(known) / SPARSER, 1)
    return Steps("month", tuple(step for step in steps if len(np.unique(months // step)) <= most))


def _first_step(known: Floats) -> float:
    most = max(len(known) / SPARSER, 2)
    power = np.floor(np.log10(np.diff(known).min()))
    for exponent in range(int(power), int(power) + 400):
        for unit in (1, 2, 5):
            step = unit * 10.0**exponent
            if len(np.unique(np.floor(known / step))) <= most:
                return step
    return float(known[-1] - known[0])


def _range(number: float, step: float, *, whole: bool) -> str:
    low, high = number * step, (number + 1) * step
    return f"{low:.0f}-{high - 1:.0f}" if whole else f"{low:.12g} to below {high:.12g}"


def _days(number: int, step: int) -> str:
    # Day -3 was a Monday, so that weeks begin on Mondays.
    first = date(1970, 1, 1) + timedelta(days=number * step - 3)
    return f"{first} to {first + timedelta(days=step - 1)}"


def _months(number: int, step: int) -> str:
    first, last = number * step, number * step + step - 1
    if step >= 12:
        return f"{first // 12}" if step == 12 else f"{first // 12}-{last // 12}"
    start, end = f"{first // 12}-{first % 12 + 1:02}", f"{last // 12}-{last % 12 + 1:02}"
    return start if step == 1 else f"{start} to {end}"
