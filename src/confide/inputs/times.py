"""Times: columns of instants as seconds since 1970 UTC and back, and spans written with their unit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import first_of, named_rows
from confide.inputs.counted_times import A_SECOND, LATEST, MICRO, UNITS, Unit, counted
from confide.inputs.formatted_times import from_zone, on_clock, read_formatted, written_formatted
from confide.inputs.iso_text import IsoForm, instants, read_iso, written_iso

SpanUnit: TypeAlias = Literal["s", "min", "h", "d", "w"]

SECONDS: dict[SpanUnit, int] = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
WORDS: dict[SpanUnit, str] = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST_D = 3_650
"""Days of the longest span, ten years: more is a mistake in the unit."""

EARLIEST = -2_208_988_800.0
"""1 January 1900 in seconds since 1970. No record of a living person is earlier."""
NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"
KEPT: dict[Unit, int] = {"s": 6, "ms": 2, "us": 0, "ns": 0}
"""Digits after the point of numbers as text that float64 carries in each unit, for times of our days."""


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a column writes its times; what is needed to write others in the same form.

    Args:
        dtype: of the column.
        unit: of its numbers, counted from 1970-01-01 UTC; also of numbers written as text.
        digits: after the decimal point of numbers written as text.
        iso: the form of ISO 8601 text; None for numbers and for columns of dates or datetimes.
        written: the format that the user says; None where the form was recognised.
        zone: the zone that the user says, of times that name none.
        years: of the first and of the last time, for what is said about the reading.
    """

    dtype: pl.DataType
    unit: Unit = "s"
    digits: int = 0
    iso: IsoForm | None = None
    written: str | None = None
    zone: str | None = None
    years: str = field(default="", compare=False)

    @property
    def has_zone(self) -> bool:
        """Whether the times name their zone. Numbers do: they count from 1970-01-01 UTC."""
        return self.zone is not None or self.names_zone

    @property
    def names_zone(self) -> bool:
        """Whether the column itself does."""
        if self.written is not None:
            return "%z" in self.written
        if self.iso is not None:
            return bool(self.iso.zone)
        if isinstance(self.dtype, pl.Datetime):
            return self.dtype.time_zone is not None
        return self.dtype != pl.Date

    @property
    def counts(self) -> bool:
        """Whether the times are numbers that count from 1970."""
        text = self.iso is not None or self.written is not None
        return not text and self.dtype != pl.Date and not isinstance(self.dtype, pl.Datetime)

    @property
    def is_day(self) -> bool:
        """Whether the times are days without an hour, which need no zone."""
        if self.written is not None:
            return not any(part in self.written for part in ("%H", "%I", "%T", "%R", "%X", "%s", "%c"))
        return self.dtype == pl.Date or (self.iso is not None and not self.iso.gap)

    @property
    def words(self) -> str:
        """How the times are read, such as "ISO with zone UTC"."""
        if self.counts:
            return t("{units} since 1970", units=t(UNITS[self.unit]))
        what = self.written or (
            "ISO" if self.iso is not None else t("date") if self.is_day else t("datetime")
        )
        if not self.names_zone:
            return t("{form} without zone, taken as {zone}", form=what, zone=self.zone or "UTC")
        shown = self.dtype.time_zone if isinstance(self.dtype, pl.Datetime) else self.iso and self.iso.zone
        zone = "UTC" if shown in ("Z", "z", None) else shown
        return t("{form} with zone {zone}", form=what, zone=zone)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed in reading the times, in sentences."""
        if not self.names_zone:
            return (t("The times name no zone: they are taken as {zone}.", zone=self.zone or "UTC"),)
        return (t("The times are read as {words}.", words=self.words),) if self.counts else ()

    @property
    def span(self) -> tuple[str, ...]:
        """From when to when, in a sentence for internal use: the first and the last time are one person's."""
        # A wrong unit shows in the years.
        return (t("The times are of {years}.", years=self.years),) if self.counts else ()


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """A column of times.

    Args:
        seconds: float64[n] since 1970-01-01 UTC, exact to the microsecond.
        form: how the column writes them.
    """

    seconds: Floats
    form: TimeForm


def parse_span(
    text: str | float, *, likely: tuple[SpanUnit, SpanUnit] = ("d", "h"), least: float = 0
) -> float:
    """Seconds from a text such as '14d', '2w', '12h', '30min' or '90s'.

    Args:
        text: the span. A number without a unit is refused, for the reader cannot know what was meant.
        likely: the two readings of a bare number to propose.
        least: the shortest span that makes sense, in seconds.

    Raises:
        DataError: for a number without a unit, for anything else, or if it is too short or above ten years.

    >>> parse_span("14d"), parse_span("30min"), parse_span("1.5 h")
    (1209600.0, 1800.0, 5400.0)
    """
    # No "m": it could be minutes or months.
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|w|)\s*", str(text))
    if not found:
        raise DataError(f"{text!r} is no span of time: write it like 14d, 4h or 30min.")
    number, unit = found.groups()
    if not unit:
        # Both readings ready to copy: the user alone knows which was meant.
        one, other = (f"{number}{u} for {WORDS[u]}" for u in likely)
        raise DataError(f"{number!r} has no unit: write {one}, or {other}.")
    seconds = float(number) * next(s for u, s in SECONDS.items() if u == unit)
    if seconds < least:
        raise DataError(f"{text!r} is too short a span of time: give at least {least:g}s.")
    if seconds > LONGEST_D * SECONDS["d"]:
        raise DataError(f"{text!r} is longer than ten years: give at most {LONGEST_D}d.")
    return seconds


def read_times(
    frame: pl.DataFrame, column: str, *, name: str, form: str | None = None, zone: str | None = None
) -> Times:
    """A column of times as seconds since 1970 UTC.

    It may hold dates, datetimes with or without a zone, ISO 8601 text (see `read_iso`), or numbers, also as
    text, that count seconds since 1970-01-01 UTC. Numbers too large for seconds are read as milliseconds,
    microseconds or nanoseconds, all rows in one unit; numbers that are times of our days in none are refused.

    Args:
        form: the format of the times, or the unit of numbers, where the user says it.
        zone: of times that name none; UTC by default.

    Raises:
        DataError: for rows that are no time, or outside of 1900 to 2099.
    """
    given = frame[column]
    kind = given.dtype
    if kind in (pl.Categorical, pl.Enum):
        # The text of a category, not its code.
        given = given.cast(pl.String)
    seconds, found = _read(given, kind, name=name, form=form)
    # Not the same as two comparisons joined by "or": this way NaN is wrong too.
    # A wrong unit gives times of other centuries: this guard finds it.
    _refuse(given, pl.Series(~((seconds >= EARLIEST) & (seconds <= LATEST))), name=name)
    if zone is not None and not found.names_zone:
        seconds = from_zone(seconds, zone, given, name=name)
        found = replace(found, zone=zone)
    first, last = (str(np.datetime64(int(at), "s"))[:4] for at in (seconds.min(), seconds.max()))
    return Times(
        seconds, replace(found, years=first if first == last else t("{low} to {high}", low=first, high=last))
    )


def _read(given: pl.Series, kind: pl.DataType, *, name: str, form: str | None) -> tuple[Floats, TimeForm]:
    """Seconds since 1970 as the column says them, and its form."""
    unit: Unit | None = next((u for u in A_SECOND if u == form), None)
    if kind == pl.Date:
        # A date is midnight UTC of its day, by its number: as a datetime the year 300,000 would be a panic.
        days = given.to_physical().cast(pl.Float64).fill_null(np.nan)
        return days.to_numpy() * SECONDS["d"], TimeForm(kind)
    if kind == pl.Datetime:
        return instants(given), TimeForm(kind)
    if form is not None and unit is None and (given.dtype == pl.String or kind.is_numeric()):
        return read_formatted(given, form, name=name), TimeForm(kind, written=form)
    if given.dtype == pl.String:
        text = given.str.strip_chars()
        counts = text.str.contains(NUMBER).fill_null(False)
        if counts.sum() <= len(counts) / 2:
            seconds, iso = read_iso(given, name=name)
            return seconds, TimeForm(kind, iso=iso)
        _refuse(given, ~counts, name=name)  # a column of numbers, so the other rows are the wrong ones
        digits = text.str.extract(r"\.([0-9]+)").str.len_chars().max()
        seconds, unit = counted(text.to_frame(), given.name, name=name, unit=unit)
        return seconds, TimeForm(kind, unit, min(digits, KEPT[unit]) if isinstance(digits, int) else 0)
    if kind.is_numeric():
        seconds, unit = counted(given.to_frame(), given.name, name=name, unit=unit)
        return seconds, TimeForm(kind, unit)
    raise DataError(
        f"{name}: column {given.name!r} is of type {kind}: give datetimes, ISO text, or seconds since 1970."
    )


def refuse_other_zone(one: TimeForm | None, other: TimeForm | None, names: tuple[str, str]) -> None:
    """Check that times of two files are comparable: both name a zone, or neither does.

    Raises:
        DataError: if one alone does. The files may then be hours apart, and nobody would be found.
    """
    if one is None or other is None or one.is_day or other.is_day or one.has_zone == other.has_zone:
        return
    with_zone, without = names if one.has_zone else names[::-1]
    raise DataError(
        f"the times of {with_zone} have a zone, and those of {without} have none, so they may be "
        "hours apart: say the zone of those (`--time-zone UTC`), or write both in one way."
    )


def written_times(seconds: Array, *, like: TimeForm) -> pl.Series:
    """Times in the form that a column had, [n].

    What the form cannot hold is cut off: a column of dates keeps the day alone, one of whole seconds the
    second. Reading the result gives the same instants up to that, and to the microsecond.

    Raises:
        DataError: if a time does not fit into the type of the column.

    >>> written_times(np.array([1286465260.5]), like=TimeForm(pl.Date()))[0]
    datetime.date(2010, 10, 7)
    """
    # Rounded: float64 seconds may be just below the microsecond that they stand for.
    micros = pl.Series(np.rint(np.asarray(seconds, np.float64) * MICRO).astype(np.int64))
    kind = like.dtype
    if like.zone is not None:
        micros = on_clock(micros, like.zone)
    if like.written is not None:
        text = written_formatted(micros.cast(pl.Datetime("us")), like.written)
        return text if kind == pl.String or not kind.is_numeric() else text.cast(kind)
    if like.iso is not None:
        return written_iso(micros, like.iso)
    if isinstance(kind, pl.Datetime):
        # The numbers count from 1970 UTC. So they are named UTC first, and then shown in the column's zone.
        moments = micros.cast(pl.Datetime("us")).dt.cast_time_unit(kind.time_unit)
        if kind.time_zone is None:
            return moments
        return moments.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.time_zone)
    if kind == pl.Date:
        return micros.cast(pl.Datetime("us")).dt.date()
    if not kind.is_numeric():
        return _as_text(micros, like)
    # Whole numbers in whole numbers, so that no time is rounded up.
    if kind.is_integer():
        count = _ticks(micros, A_SECOND[like.unit])
    else:
        # Divided by numpy: polars multiplies by the inverse, which is a microsecond off now and then.
        count = pl.Series(micros.to_numpy() / MICRO * A_SECOND[like.unit])
    try:
        # A protection may move a time beyond what a narrow type, Int32 say, can hold.
        return count.cast(kind)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"a time does not fit into a column of type {kind}: store it as Int64.") from error


def _refuse(given: pl.Series, wrong: pl.Series, *, name: str) -> None:
    """Name the rows that are no time, if there are any."""
    if wrong.any():
        raise DataError(
            f"{name}: column {given.name!r} is no time in {named_rows(wrong)} ({first_of(given, wrong)}): "
            "give times between 1900 and 2099, as ISO text or in seconds since 1970."
        )


def _ticks(micros: pl.Series, a_second: int) -> pl.Series:
    """Whole units, rounded down, so that a time is never written later than it was."""
    return micros * (a_second // MICRO) if a_second >= MICRO else micros // (MICRO // a_second)


def _as_text(micros: pl.Series, like: TimeForm) -> pl.Series:
    """Numbers as text with a fixed count of digits after the point."""
    tenth = 10**like.digits
    count = _ticks(micros, A_SECOND[like.unit] * tenth)
    if not like.digits:
        return count.cast(pl.String)
    # Sign and size apart: floor division would take -0.5 to -1 and 0.5.
    size = count.abs()
    sign = pl.Series(np.where(count.to_numpy() < 0, "-", ""))
    after = (size % tenth).cast(pl.String).str.zfill(like.digits)
    return sign + (size // tenth).cast(pl.String) + "." + after
