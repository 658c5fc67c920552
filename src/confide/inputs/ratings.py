"""Ratings as a user holds them: read, checked, turned into codes; and a released file matched to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.inputs.columns import coded, named_rows, need, numbers, read_table
from confide.views.interactions import Interactions

LATEST = 4_102_444_800.0
"""1 January 2100 in seconds since 1970: later times are in another unit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingsData:
    """Everybody's ratings, and what is released of them where that is another file.

    Args:
        records: the original ratings.
        people, items: what the codes stand for.
        name: of the file.
        released: the released ones, with the same codes; None where the originals are released.
        absent: bool[n], who of `people` is not in the release.
        notes: what the release lacks, in sentences.
        counted: what was left out or merged, in sentences that count people or items.
    """

    records: Interactions
    people: pl.Series
    items: pl.Series
    name: str
    released: Interactions | None = None
    absent: Bools | None = None
    notes: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    def fact(self, item: int, rating: float | None, day: float | None) -> str:
        """A fact in words, such as "'Fargo' (5) in 1997-11"."""
        stars = "" if rating is None else f" ({rating:g})"
        when = "" if day is None else f" in {np.datetime64(int(day), 'D').astype('datetime64[M]')}"
        return f"{self.items[item]!r}{stars}{when}"


def read_ratings(
    given: Any, *, user: str, item: str, rating: str | None, time: str | None, released: Any, key: Any
) -> RatingsData:
    """Read and match.

    Raises:
        DataError: for a column that is missing or cannot be read, or a release that cannot be matched.
    """
    frame, name = read_table(given, name="the ratings")
    columns = [user, item, *(c for c in (rating, time) if c is not None)]
    if len(set(columns)) < len(columns):
        raise DataError(f"one column is named twice among {', '.join(columns)}: give each its own.")
    need(frame, columns, name=name)
    if released is None:
        if key is not None:
            raise DataError("a key says who is who in the released file: give that file too (`--released`).")
        who, what = coded(frame[user]), coded(frame[item])
        records = _interactions(frame, who.codes, what.codes, rating, time, name=name)
        return RatingsData(
            records=records,
            people=who.labels,
            items=what.labels,
            name=name,
            counted=_merged(frame, records, name),
        )
    return _matched(frame, name, released, key, user, item, rating, time)


def _matched(
    frame: pl.DataFrame,
    name: str,
    released: Any,
    key: Any,
    user: str,
    item: str,
    rating: str | None,
    time: str | None,
) -> RatingsData:
    other, called = read_table(released, name="the released file")
    need(other, [user, item], name=called)
    ids = frame[user].cast(pl.String)
    theirs = other[user].cast(pl.String)
    if key is not None:
        theirs = _translated(theirs, key, called)
    people = pl.concat([ids, theirs]).unique().sort()
    items = pl.concat([frame[item].cast(pl.String), other[item].cast(pl.String)]).unique().sort()
    both = {"labels": items}
    records = _interactions(
        frame,
        coded(ids, labels=people).codes,
        coded(frame[item].cast(pl.String), **both).codes,
        rating,
        time,
        name=name,
        people=len(people),
        items=len(items),
    )
    kept = [c if c in other.columns else None for c in (rating, time)]
    need(other, [c for c in kept if c is not None], name=called)
    public = _interactions(
        other,
        coded(theirs, labels=people).codes,
        coded(other[item].cast(pl.String), **both).codes,
        kept[0],
        kept[1],
        name=called,
        people=len(people),
        items=len(items),
    )
    _same_people(records, public, called)
    lost = [c for c, k in zip((rating, time), kept, strict=True) if c is not None and k is None]
    notes = tuple(f"{called} has no column {c!r}: the adversary cannot compare it." for c in lost)
    counted = list(_merged(frame, records, name))
    strangers = int((records.counts() == 0).sum())
    if strangers:
        counted.append(f"{strangers:,} people of {called} are not in {name}: nobody asks about them.")
    return RatingsData(
        records=records,
        people=people,
        items=items,
        name=called,
        released=public,
        absent=public.counts() == 0,
        notes=notes,
        counted=tuple(counted),
    )


def _interactions(
    frame: pl.DataFrame,
    person: Ints,
    item: Ints,
    rating: str | None,
    time: str | None,
    *,
    name: str,
    people: int | None = None,
    items: int | None = None,
) -> Interactions:
    return Interactions.of(
        person,
        item,
        people=people,
        items=items,
        rating=None if rating is None else numbers(frame, rating, name=name),
        day=None if time is None else days(frame, time, name=name),
    )


def _merged(frame: pl.DataFrame, records: Interactions, name: str) -> tuple[str, ...]:
    twice = frame.height - len(records)
    notes = [f"{twice:,} rows of {name} rate what the same person rated already: the last one counts."] * (
        twice > 0
    )
    single = int((records.raters() == 1).sum())
    if single:
        notes.append(
            f"{single:,} items were rated by one person alone: who knows one of these ratings knows whose "
            "record it is."
        )
    return tuple(notes)


def days(frame: pl.DataFrame, column: str, *, name: str) -> Floats:
    """A column of times as days since 1970: dates, datetimes, ISO text, or seconds since 1970.

    Raises:
        DataError: if a time cannot be read, or lies after 2099 or before 1900; the rows are named.
    """
    given = frame[column]
    if given.dtype == pl.String:
        seconds = _from_text(given)
    elif given.dtype.is_temporal() and given.dtype != pl.Time and not isinstance(given.dtype, pl.Duration):
        seconds = _seconds(given)
    else:
        seconds = given.cast(pl.Float64, strict=False)
    wrong = seconds.is_null() | ~seconds.is_between(-2_208_988_800.0, LATEST).fill_null(False)
    if wrong.any():
        first = frame[column].filter(wrong)[0]
        raise DataError(
            f"{name}: column {column!r} is no time in {named_rows(wrong)} ({first!r}): give ISO dates or "
            "seconds since 1970."
        )
    return seconds.to_numpy() / 86_400


def _seconds(given: pl.Series) -> pl.Series:
    """Dates, or datetimes with or without a zone, as seconds since 1970 UTC; empty where empty."""
    if isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is not None:
        given = given.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return given.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6


def _from_text(given: pl.Series) -> pl.Series:
    """ISO text, or numbers as text, as seconds since 1970; what is neither becomes empty."""
    found = given.cast(pl.Float64, strict=False)
    zoned = given.str.contains(r"(Z|[+-]\d\d:?\d\d)$")
    bare = ~zoned & found.is_null()
    if zoned.any() and bare.any():
        raise DataError(
            f"column {given.name!r} has a time zone in some rows and none in {named_rows(bare)}: give all "
            "times in UTC."
        )
    text = given.str.replace("T", " ", literal=True).str.replace(r"Z$", "+0000")
    text = text.str.replace(r"([+-]\d\d):(\d\d)$", "$1$2")
    for shape in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        form = shape + "%z" * bool(zoned.any())
        found = found.fill_null(_seconds(text.str.to_datetime(form, strict=False, time_unit="us")))
    return found


def _translated(theirs: pl.Series, key: Any, called: str) -> pl.Series:
    """The release's ids as those of the original, by a key of two columns: original id, released id."""
    table, name = read_table(key, name="the key")
    if table.width != 2:
        raise DataError(
            f"{name} has {table.width} columns: give two, the original user and the released one."
        )
    pairs = table.select(pl.all().cast(pl.String))
    original, new = pairs.columns
    if pairs[new].n_unique() < pairs.height or pairs[original].n_unique() < pairs.height:
        raise DataError(f"{name} names a user twice: give each original and each released user one row.")
    joined = theirs.to_frame("id").join(pairs, left_on="id", right_on=new, how="left", maintain_order="left")
    lost = joined[original].is_null()
    if lost.any():
        raise DataError(
            f"{name} lacks user {theirs.filter(lost)[0]!r} of {called} ({named_rows(lost)}): add a row."
        )
    return joined[original]


def _same_people(records: Interactions, public: Interactions, called: str) -> None:
    """Does each id stand for the same person in both?

    Judged by items in common with the own record and with the next person's: numbers that were given anew
    overlap by chance, and their records do not.

    Raises:
        DataError: if not: then it says what key is needed.
    """
    ask = (
        "give a key (`--key`), a table of two columns: the user in the original, and the same user in "
        f"{called}."
    )
    here = np.flatnonzero((records.counts() > 0) & (public.counts() > 0))
    if not len(here):
        raise DataError(
            f"no user of {called} is among the users of the original, so nobody can be judged: {ask}"
        )
    if not (records.raters()[public.item] > 0).any():
        raise DataError(
            f"{called} and the original have no item in common: give both files the same item ids, as the "
            "adversary knows them."
        )
    if len(here) < 2:
        return
    own, others = (
        _common(records, public.take(here), here),
        _common(records, public.take(here), np.roll(here, 1)),
    )
    ahead = own - others
    if not ahead.mean() > 3 * ahead.std() / np.sqrt(len(ahead)):
        raise DataError(f"users of {called} carry ids of the original, but not their records: {ask}")


def _common(records: Interactions, public: Interactions, who: Array) -> Floats:
    """The share of each person's released items that are among those of `who[person]` in the original."""
    keys = records.person.astype(np.int64) * records.items + records.item
    asked = who[public.person].astype(np.int64) * records.items + public.item
    found = keys[np.searchsorted(keys, asked).clip(0, len(keys) - 1)] == asked
    return np.bincount(public.person, found, minlength=public.people) / np.maximum(public.counts(), 1)
