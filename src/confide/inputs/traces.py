"""Traces as a user holds them: read, checked, put on a grid; and a released file matched to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.inputs.columns import coded, named_rows, need, numbers, read_table
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces, cells
from confide.views.traces import Traces

LATEST = 4_102_444_800
"""1 January 2100 in Unix seconds: a later number is in another unit."""
ZONE = r"(Z|z|[+-]\d\d:?\d\d)$"
WIDEST_M, LONGEST_S = 1_000_000, 3650 * 86_400
FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns say who, when and where: a place's name, or latitude and longitude, or all three."""

    user: str
    time: str
    place: str | None = None
    lat: str | None = None
    lon: str | None = None

    @property
    def all(self) -> list[str]:
        return [c for c in (self.user, self.time, self.place, self.lat, self.lon) if c is not None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TracesData:
    """Everybody's traces at the resolution asked for.

    Args:
        records: the original traces.
        people: what the codes of people stand for.
        places: what those of places stand for; None where they are cells.
        name: of the file.
        released: the released traces with the same codes; None where the originals are released.
        notes: in sentences.
    """

    records: Traces
    people: pl.Series
    places: pl.Series | None
    name: str
    released: Traces | None = None
    notes: tuple[str, ...] = ()

    def point(self, place: int, time: int) -> str:
        """A point in words, such as "'Fargo' @ 2010-10-07 15h"."""
        if self.places is not None:
            called = repr(self.places[place])
        else:
            assert self.records.where is not None
            called = "{:.4f}, {:.4f}".format(*self.records.where[place])
        return f"{called} @ {np.datetime64(time, 's').astype('datetime64[m]').item():%Y-%m-%d %H:%M}"


def read_traces(
    given: Any,
    columns: Columns,
    *,
    cell: str,
    bin: str,  # noqa: A002
    released: Any = None,
    key: Any = None,
) -> TracesData:
    """Read, check, match, and put everything on the grid.

    Raises:
        DataError: for a column that is missing or cannot be read (rows are named), or a release that cannot
            be matched.
    """
    metres, seconds = parse_length(cell), parse_span(bin)
    if columns.place is None and (columns.lat is None or columns.lon is None):
        raise DataError("nothing says where people were: name the column of places, or both lat and lon.")
    if (columns.lat is None) != (columns.lon is None):
        raise DataError("a latitude without a longitude is no place: name both columns.")
    if len(set(columns.all)) < len(columns.all):
        raise DataError(f"one column is named twice among {', '.join(columns.all)}: give each its own.")
    if key is not None and released is None:
        raise DataError("a key says who is who in a released file: give `released` too.")
    frame, name = read_table(given, name="the traces")
    need(frame, columns.all, name=name)
    frames, called, notes = [frame], name, []
    ids = [frame[columns.user].cast(pl.String)]
    if released is not None:
        other, called = read_table(released, name="the released file")
        need(other, columns.all, name=called)
        frames.append(other)
        ids.append(_original(other[columns.user].cast(pl.String), key, ids[0], columns.user, called))
    times, naive = zip(
        *(_times(f, columns.time, name=n) for f, n in zip(frames, (name, called), strict=False)), strict=True
    )
    if naive[0]:
        notes.append("The times name no zone: they are taken as UTC.")
    people = coded(ids[0])
    place, where, places = _places(frames, columns, metres, names=(name, called))
    bounds = np.cumsum([0, *(f.height for f in frames)])
    made = [
        CoarseTraces(seconds=seconds)(
            Traces.of(
                coded(i, labels=people.labels).codes,
                t,
                place[low:high],
                people=len(people.labels),
                places=int(place.max()) + 1,
                where=where,
            ),
            rng=None,
        ).view
        for i, t, low, high in zip(ids, times, bounds[:-1], bounds[1:], strict=True)
    ]
    return TracesData(
        records=made[0],
        people=people.labels,
        places=places,
        name=called,
        released=made[1] if released is not None else None,
        notes=tuple(notes),
    )


def parse_length(text: str) -> float:
    """Metres from '500m', '1km' or '500'.

    >>> parse_length("1km"), parse_length("200 m")
    (1000.0, 200.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(m|km|)\s*", str(text))
    if not found:
        raise DataError(f"{text!r} is no length: write it like 500m or 1km.")
    length = float(found[1]) * (1000 if found[2] == "km" else 1)
    if not 1 <= length <= WIDEST_M:
        raise DataError(f"{text!r} is no side for a cell: give 1m to {WIDEST_M // 1000:,}km.")
    return length


def parse_span(text: str) -> int:
    """Seconds from '30s', '10min', '4h', '1d', '1w'; a number alone is hours.

    >>> parse_span("1h"), parse_span("10min"), parse_span("4")
    (3600, 600, 14400)
    """
    unit = {"s": 1, "min": 60, "h": 3600, "": 3600, "d": 86_400, "w": 604_800}
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|w|)\s*", str(text))
    if not found or float(found[1]) * unit[found[2]] < 1:
        raise DataError(f"{text!r} is no span of time: write it like 10min, 1h or 1d.")
    span = int(float(found[1]) * unit[found[2]])
    if span > LONGEST_S:
        raise DataError(f"{text!r} is longer than ten years: give at most 3650d.")
    return span


def _times(frame: pl.DataFrame, column: str, *, name: str) -> tuple[Ints, bool]:
    """Unix seconds of each row, and whether the zone had to be taken for granted."""
    given = frame[column]
    if given.dtype == pl.Object:
        given = pl.Series(column, [str(v) for v in given])
    if isinstance(given.dtype, pl.Datetime):
        return given.dt.epoch("s").to_numpy(), given.dtype.time_zone is None
    if given.dtype == pl.Date:
        return given.cast(pl.Datetime("us")).dt.epoch("s").to_numpy(), True
    if given.dtype == pl.String:
        if not given.str.contains(r"^\s*\d+(\.\d+)?\s*$").all():
            return _from_text(given, name=name)
        frame = frame.with_columns(given.str.strip_chars().cast(pl.Float64))
    seconds = numbers(frame, column, name=name)
    wrong = pl.Series(np.abs(seconds) > LATEST)
    if wrong.any():
        raise DataError(
            f"{name}: column {column!r} is after the year 2100 in {named_rows(wrong)}, read as Unix seconds: "
            "divide milliseconds by 1,000."
        )
    return np.floor(seconds).astype(np.int64), False


def _from_text(given: pl.Series, *, name: str) -> tuple[Ints, bool]:
    """ISO 8601, all with one zone or all without."""
    text = given.str.strip_chars()
    zone = _zones(text).str.replace(":", "").str.to_uppercase().str.replace(r"^[+-]0000$", "Z")
    usual = zone.value_counts(sort=True)["z"][0]
    other = (zone != usual) & text.str.contains(r"^\d{4}-\d\d-\d\d")  # what is no date at all, is said below
    if other.any():
        first = given.filter(other)[0]
        raise DataError(
            f"{name}: column {given.name!r} mixes time zones: most rows have {usual or 'none'}, but not "
            f"{named_rows(other)} ({first!r}). Bring all times to one zone."
        )
    day_only = pl.col("t").str.len_chars() == 10
    parsed = (
        (
            text.str.replace(ZONE, "").str.replace(" ", "T", literal=True).to_frame("t")
            if usual
            else text.str.replace(" ", "T", literal=True).to_frame("t")
        )
        .select(pl.when(day_only).then(pl.col("t") + "T00:00").otherwise(pl.col("t")).alias("t"))
        .select(pl.coalesce([pl.col("t").str.to_datetime(f, strict=False, time_unit="us") for f in FORMATS]))[
            "t"
        ]
    )
    if parsed.null_count():
        wrong = parsed.is_null()
        raise DataError(
            f"{name}: column {given.name!r} is no time in {named_rows(wrong)} ({given.filter(wrong)[0]!r}): "
            "write ISO 8601, such as 2010-10-07T15:27:40Z, or Unix seconds."
        )
    return parsed.dt.epoch("s").to_numpy() - _offset(str(usual)), not usual


def _zones(text: pl.Series) -> pl.Series:
    """What each text says of its zone; empty where nothing (a date alone ends in no zone)."""
    return text.to_frame("t").select(
        pl.when(pl.col("t").str.len_chars() > 10).then(pl.col("t").str.extract(ZONE)).fill_null("").alias("z")
    )["z"]


def _offset(zone: str) -> int:
    """Seconds ahead of UTC.

    >>> _offset("+01:30"), _offset("Z")
    (5400, 0)
    """
    if zone in ("", "Z", "z"):
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def _places(
    frames: list[pl.DataFrame], columns: Columns, metres: float, *, names: tuple[str, str]
) -> tuple[Ints, Floats | None, pl.Series | None]:
    """The place code of each row of all frames, where the places are, and what they are called."""
    spots = None
    if columns.lat is not None and columns.lon is not None:
        pairs = [
            np.column_stack(
                [
                    _degrees(f, columns.lat, 90, "latitude", name=n),
                    _degrees(f, columns.lon, 180, "longitude", name=n),
                ]
            )
            for f, n in zip(frames, names, strict=False)
        ]
        spots = np.concatenate(pairs)
    if columns.place is None:
        assert spots is not None
        cell, where = cells(spots, metres=metres)
        return cell, where, None
    named = coded(pl.concat([f[columns.place].cast(pl.String) for f in frames]))
    if spots is None:
        return named.codes, None, named.labels
    count = np.bincount(named.codes)
    sums = [np.bincount(named.codes, spots[:, i]) / count for i in (0, 1)]
    return named.codes, np.column_stack(sums), named.labels


def _degrees(frame: pl.DataFrame, column: str, most: int, what: str, *, name: str) -> Floats:
    found = numbers(frame, column, name=name)
    wrong = pl.Series(np.abs(found) > most)
    if wrong.any():
        value = found[np.abs(found) > most][0]
        raise DataError(
            f"{name}: column {column!r} lies outside the globe in {named_rows(wrong)} ({value:g}): a {what} "
            f"is between -{most} and {most} degrees."
        )
    return found


def _original(theirs: pl.Series, key: Any, ids: pl.Series, user: str, called: str) -> pl.Series:
    """The original id of each row of the released file."""
    if key is not None:
        table, what = read_table(key, name="the key")
        if table.width != 2:
            raise DataError(
                f"{what} has {table.width} columns: give the original user and the released user."
            )
        names = table.columns
        pairs = table.select(
            pl.col(names[0]).cast(pl.String).alias("is"), pl.col(names[1]).cast(pl.String).alias("id")
        )
        if pairs["id"].is_duplicated().any():
            raise DataError(f"{what} names a released user twice: give a row for each.")
        theirs = theirs.to_frame("id").join(pairs, on="id", how="left", maintain_order="left")["is"]
    lost = theirs.is_null() | ~theirs.is_in(ids.unique().implode())
    if lost.any():
        raise DataError(
            f"{called}: nobody among the original users is meant in {named_rows(lost)} of column {user!r}: "
            "to judge a guess the audit must know whose rows these are. Give a key: a table of two columns, "
            "original user and released user. (The adversary never sees it.)"
        )
    return theirs.alias(user)
