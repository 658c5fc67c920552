"""Times as numbers that count seconds, or a smaller unit, since 1970."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats
from confide.core.errors import DataError
from confide.core.language import later
from confide.inputs.columns import first_of, named_rows, numbers

Unit: TypeAlias = Literal["s", "ms", "us", "ns"]

A_SECOND: dict[Unit, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How many of a unit make a second. From one unit to the next a number grows a thousandfold."""
UNITS: dict[Unit, str] = {
    "s": later("seconds"),
    "ms": later("milliseconds"),
    "us": later("microseconds"),
    "ns": later("nanoseconds"),
}
LATEST = 4_102_444_800.0
"""1 January 2100 in seconds since 1970."""
PLAUSIBLE: dict[Unit, float] = {
    "s": 315_532_800.0,
    "ms": 315_532_800.0,
    "us": 315_532_800.0,
    "ns": 788_918_400.0,
}
"""1 January 1980 in seconds since 1970; 1995 for nanoseconds. Smaller numbers count something else: days,
years, digits such as 20150314, or the ticks of .NET, which as nanoseconds would be times before 1995."""
MICRO = 1_000_000


def counted(frame: pl.DataFrame, column: str, *, name: str, unit: Unit | None = None) -> tuple[Floats, Unit]:
    """Seconds since 1970, and the unit in which the numbers count.

    Args:
        unit: as the user says it; by default the one in which all rows are times of our days.

    Raises:
        DataError: for numbers that are no times of our days in any unit, or in one unit all.
    """
    found = numbers(frame, column, name=name)
    unit = _unit(frame[column], found, name=name) if unit is None else unit
    if unit == "ns" and frame[column].dtype.is_integer():  # float64 would lose a quarter of a microsecond
        return (frame[column] // 1_000).to_numpy() / MICRO, unit
    return found / A_SECOND[unit], unit


def _unit(given: pl.Series, found: Floats, *, name: str) -> Unit:
    """The unit in which all rows are times of our days."""
    inside: dict[Unit, Bools] = {unit: _inside(found, unit) for unit in A_SECOND}
    # Their ranges do not overlap.
    best: Unit = max(inside.items(), key=lambda of: int(of[1].sum()))[0]
    if inside[best].all():
        return best
    if not inside[best].any():
        rows = named_rows(pl.Series(~inside[best]))
        raise DataError(
            f"{name}: column {given.name!r} is no time in {rows} ({first_of(given)}): it counts "
            "neither seconds since 1970, from 1980 to 2099, nor milliseconds, microseconds or "
            f"nanoseconds. Give ISO text, or say how times are written (`--time-format{_hint(found)}`)."
        )
    odd = pl.Series(~inside[best])
    rows, first = named_rows(odd), first_of(given, odd)
    if any(inside[unit][odd.to_numpy()].any() for unit in inside if unit != best):
        raise DataError(
            f"{name}: column {given.name!r} mixes units: {rows} ({first}) and the other rows "
            "differ by a factor of 1,000 or more. Give all times in seconds since 1970."
        )
    raise DataError(
        f"{name}: column {given.name!r} is no time in {rows} ({first}), where the other rows are "
        f"{UNITS[best]} since 1970: correct or drop these rows, or say how times are written "
        f"(`--time-format {best}`)."
    )


def _inside(found: Floats, unit: Unit) -> Bools:
    scale = A_SECOND[unit]
    return (found >= PLAUSIBLE[unit] * scale) & (found <= LATEST * scale)


def _hint(found: Floats) -> str:
    """The format that digits such as 20150314 are likely in."""
    date = found if found.max() < 1e9 else found // 1_000_000
    month, day = date // 100 % 100, date % 100
    likely = (
        (date >= 19_000_101) & (date < 21_000_101) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    )
    if not np.all(likely):
        return ""
    return " %Y%m%d" if date is found else " %Y%m%d%H%M%S"
