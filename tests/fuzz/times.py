"""Times: columns of instants in every form, held against the naive datetime that each was written from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from hypothesis import strategies as st

from confide.core.errors import ConfideError
from confide.inputs.times import EARLIEST, LATEST, Times, read_times, written_times

from .mutating import NUMBERS
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader

Draw = Callable[[Any], Any]
EPOCH = dt.datetime(1970, 1, 1)
OLDEST, NEWEST = dt.datetime(1900, 1, 2), dt.datetime(2099, 12, 30)
MICRO = dt.timedelta(microseconds=1)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Pacific/Apia", "Australia/Lord_Howe")


class Column:
    """A column of times. No dataclass: hypothesis would show its fields by polars, a panic at some dates.

    Args:
        values: of the column.
        form, zone: what the user says.
        micros: since 1970 UTC that it must be read as; None where nobody knows.
        off: microseconds that may be lost.
        plain: whether it may not be refused.
    """

    def __init__(
        self,
        values: pl.Series,
        *,
        form: str | None = None,
        zone: str | None = None,
        micros: list[int] | None = None,
        off: int = 0,
        plain: bool = True,
    ) -> None:
        self.values, self.form, self.zone = values, form, zone
        self.micros, self.off, self.plain = micros, off, plain

    def __repr__(self) -> str:
        # As numbers: polars panics where it is to show a date of the year 300,000.
        kind = self.values.dtype
        held = self.values.to_physical() if kind.is_temporal() else self.values
        said = f"form={self.form!r}, zone={self.zone!r}, plain={self.plain}: {self.micros}"
        return f"{kind} {held.to_list()}, {said}"


def naive(earliest: dt.datetime = OLDEST) -> st.SearchStrategy[dt.datetime]:
    return st.datetimes(earliest, NEWEST)


def _whole(moments: list[dt.datetime], step: dt.timedelta) -> list[dt.datetime]:
    return [m - (m - EPOCH) % step for m in moments]


def _micros(moments: list[dt.datetime], behind: list[dt.timedelta] | None = None) -> list[int]:
    late = behind or [dt.timedelta(0)] * len(moments)
    return [(m - EPOCH - b) // MICRO for m, b in zip(moments, late, strict=True)]


@st.composite
def iso(draw: Draw) -> Column:
    """ISO texts: days, minutes, seconds or fractions, with the zones of no row or of each."""
    moments = draw(st.lists(naive(), min_size=1, max_size=6))
    fine = draw(st.sampled_from([1, 10**3, 10**6, 60 * 10**6]))
    moments = _whole(moments, fine * MICRO)
    gap = draw(st.sampled_from("T "))
    timespec = {1: "microseconds", 10**3: "milliseconds", 10**6: "seconds", 60 * 10**6: "minutes"}[fine]
    texts = [m.isoformat(gap, timespec) for m in moments]
    offsets = draw(st.lists(st.integers(-14 * 4, 14 * 4), min_size=len(texts), max_size=len(texts)))
    with_zone = draw(st.sampled_from(["", "Z", "+00:00", "+0000", "+00", " +00:00"]))
    behind = [dt.timedelta(minutes=15 * k) if len(with_zone) > 3 else dt.timedelta(0) for k in offsets]
    if len(with_zone) > 3:
        texts = [t + _zone(b, with_zone) for t, b in zip(texts, behind, strict=True)]
    else:
        texts = [t + with_zone for t in texts]
    around = draw(st.sampled_from(["", " ", "\t"]))
    return Column(pl.Series("t", [around + t + around for t in texts]), micros=_micros(moments, behind))


def _zone(ahead: dt.timedelta, like: str) -> str:
    minutes = abs(ahead) // dt.timedelta(minutes=1)
    colon, blank = ":" if ":" in like else "", " " if like[0] == " " else ""
    return f"{blank}{'-' if ahead < dt.timedelta(0) else '+'}{minutes // 60:02}{colon}{minutes % 60:02}"


@st.composite
def numbers(draw: Draw) -> Column:
    """Numbers in a unit since 1970, of any type that holds them, and the same as text."""
    unit, size, since = draw(
        st.sampled_from([("s", 10**6, 1980), ("ms", 10**3, 1980), ("us", 1, 1980), ("ns", 0, 1996)])
    )
    moments = draw(st.lists(naive(dt.datetime(since, 1, 2)), min_size=1, max_size=6))
    # Odd digits stand behind the point of a float in seconds alone: the other units are written whole.
    micros = _micros(_whole(moments, max(size, 1) * MICRO))
    counts = [m // size if size else m * 1_000 for m in micros]
    how = draw(st.sampled_from(["int", "float", "text", "uint", "decimal"]))
    kinds: dict[str, Any] = {
        "float": pl.Float64,
        "text": pl.String,
        "uint": pl.UInt64,
        "decimal": pl.Decimal(38, 2),
    }
    made = pl.Series("t", counts, dtype=pl.Int64).cast(kinds.get(how, pl.Int64))
    # A float64 of 1e18 nanoseconds is a quarter of a microsecond off.
    off = int((unit == "ns" and how in ("float", "text")) or how == "decimal")
    return Column(made, form=draw(st.sampled_from([None, unit])), micros=micros, off=off)


@st.composite
def typed(draw: Draw) -> Column:
    """Dates and datetimes of each unit, with or without a zone."""
    moments = draw(st.lists(naive(), min_size=1, max_size=6))
    unit = draw(st.sampled_from(["date", "ms", "us", "ns"]))
    if unit == "date":
        days = _whole(moments, dt.timedelta(days=1))
        return Column(pl.Series("t", [d.date() for d in days]), micros=_micros(days))
    moments = _whole(moments, (1_000 if unit == "ms" else 1) * MICRO)
    made = pl.Series("t", moments, dtype=pl.Datetime("us")).dt.cast_time_unit(unit)
    if draw(st.booleans()):
        made = made.dt.replace_time_zone("UTC").dt.convert_time_zone(draw(st.sampled_from(ZONES)))
    return Column(made, micros=_micros(moments))


@st.composite
def clocked(draw: Draw) -> Column:
    """Times that name no zone, as a clock of a zone shows them; an hour that it skips must be refused."""
    zone = draw(st.sampled_from(ZONES))
    moments = _whole(
        draw(st.lists(naive(dt.datetime(1975, 1, 2)), min_size=1, max_size=4)), dt.timedelta(seconds=1)
    )
    # Near the change of clocks more often than chance would have it.
    if draw(st.booleans()):
        day = draw(
            st.sampled_from([dt.datetime(2011, 3, 27), dt.datetime(2011, 10, 30), dt.datetime(2011, 3, 13)])
        )
        moments = [day + dt.timedelta(minutes=draw(st.integers(0, 6 * 60))) for _ in moments]
    if max(moments) > dt.datetime(2037, 1, 1):
        moments = [m.replace(year=2000, day=min(m.day, 28)) for m in moments]
    shown = [m.replace(tzinfo=ZoneInfo(zone)) for m in moments]
    known = all(_exists(m) for m in shown)
    micros = [(m.astimezone(dt.UTC).replace(tzinfo=None) - EPOCH) // MICRO for m in shown]
    form = draw(st.sampled_from([None, "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S"]))
    texts = [m.isoformat(" ") if form is None else m.strftime(form) for m in moments]
    values = pl.Series("t", texts)
    if form == "%Y%m%d%H%M%S" and draw(st.booleans()):
        values = values.cast(pl.Int64)
    return Column(values, form=form, zone=zone, micros=micros if known else None, plain=known)


def _exists(moment: dt.datetime) -> bool:
    back = moment.astimezone(dt.UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None, fold=0) == moment.replace(tzinfo=None, fold=0)


@st.composite
def odd(draw: Draw) -> Column:
    """Columns that are half times and half something else, of any type."""
    good = st.one_of(
        naive().map(str), naive().map(lambda m: m.isoformat() + "Z"), st.integers(3 * 10**8, 4 * 10**9)
    )
    texts = st.sampled_from(
        [
            "2010-02-30",
            "2010-13-01T00:00",
            "24:00",
            "2010-10-07T24:00:00",
            "2010-10-07T15:27:60Z",
            "0000-01-01",
            "9999-12-31T23:59:59.999999999",
            "2010-10-07T15:27:40+99:00",
            "+",
            "-",
            "1e400",
            "nan",
            "infinity",
            "",
            " ",
            "٢٠١٠-١٠-٠٧",
            "٣٤",
            "1970-01-01T00:00:00.000000000000000000001",
            "\x1b[2J",
            "20150314",
            "2010-10-07T15:27:40-",
        ]
    )
    value = st.one_of(good, texts, st.text(max_size=12), st.sampled_from(NUMBERS), st.floats(), st.none())
    values = draw(st.lists(value, min_size=1, max_size=8))
    kind = draw(
        st.sampled_from(
            ["text", "text", "float", "int", "micros", "category", "duration", "days", "ns", "u64"]
        )
    )
    if kind in ("text", "category"):
        made = pl.Series("t", [None if v is None else str(v) for v in values], dtype=pl.String)
        made = made.cast(pl.Categorical) if kind == "category" else made
    elif kind == "float":
        made = pl.Series(
            "t", [float(v) if isinstance(v, int | float) else None for v in values], dtype=pl.Float64
        )
    else:
        whole = [v if isinstance(v, int) and v < 2**63 else None for v in values]
        made = pl.Series("t", whole, dtype=pl.Int64)
        casts: dict[str, Any] = {"micros": pl.Datetime("us"), "ns": pl.Datetime("ns", "Europe/Berlin")}
        casts |= {"days": pl.Date, "u64": pl.UInt64, "duration": pl.Duration("us")}
        made = made.cast(casts[kind], strict=False) if kind in casts else made
    form = draw(
        st.sampled_from(
            [None, None, None, "s", "ns", "%Y", "%H:%M", "%d.%m.%Y", "%Y%m%d", "%", "%Q %", "%s", "%c%z"]
        )
    )
    return Column(made, form=form, zone=draw(st.sampled_from([None, None, *ZONES])), plain=False)


def inputs() -> st.SearchStrategy[Column]:
    return st.one_of(iso(), numbers(), typed(), clocked(), odd(), odd())


def meet(given: Column, folder: Path, *, read: Callable[..., Times] = read_times) -> Outcome:
    """Read a column of times, hold it against what was written, and write it again."""
    frame = given.values.to_frame("t")
    try:
        found = read(frame, "t", name="table", form=given.form, zone=given.zone)
    except ConfideError as error:
        need(not given.plain, f"plain times are refused: {error}")
        raise
    inside = (
        np.isfinite(found.seconds) & (found.seconds >= EARLIEST - 86_400) & (found.seconds <= LATEST + 86_400)
    )
    need(len(found.seconds) == len(frame) and inside.all(), f"times outside of our days: {found.seconds}")
    for said in (found.form.words, *found.form.notes, *found.form.span):
        need(said.isprintable(), f"words that act: {said!r}")
    again = written_times(found.seconds, like=found.form)
    need(len(again) == len(frame), "another number of times is written")
    if given.micros is None:
        return READ
    micros = np.rint(found.seconds * 1e6).astype(np.int64).tolist()
    away = [abs(one - other) for one, other in zip(micros, given.micros, strict=True)]
    need(max(away) <= given.off, f"other instants: {micros} for {given.micros} from {given.values.to_list()}")
    back = read(again.alias("t").to_frame(), "t", name="table", form=given.form, zone=given.zone)
    away = np.abs(np.rint(back.seconds * 1e6) - micros)
    need(away.max() <= given.off, f"other instants when written again: {again.to_list()}")
    return AS_WRITTEN


READER = Reader("times", inputs, meet, most=lambda size: 2**26)
