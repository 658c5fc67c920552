"""Traces as a user holds them: read, checked, put on a grid; and a released file matched to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Annotated

import numpy as np
import polars as pl

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOW, KNOWS, Column, Flag, Held, OptionalColumn
from confide.core.flags import Table as AnyTable
from confide.core.language import t
from confide.core.nouns import AnyMechanism
from confide.inputs.homes import same_people
from confide.inputs.lengths import parse_length
from confide.inputs.places import Columns, Places, nearest
from confide.inputs.reading import Decimal, Separator, TimeFormat, TimeZone, reading_of
from confide.inputs.resemblance import unsettled
from confide.inputs.source import Source
from confide.inputs.times import parse_span
from confide.inputs.visits import Visits, read_visits
from confide.knowledge.traces import as_released
from confide.mechanisms.anonymize.fixed_grid import FixedGrid
from confide.mechanisms.in_order import in_order
from confide.views import traces as views
from confide.views.points import distinct, first_at_each

ROUNDED = 0.1
"""How far a point of a released file may be from the point that its mechanism makes, and still counts as that
one: this share of a cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Location traces: visits of people to places, under pseudonyms, and what somebody knows of these people.

    One adversary knows a few points of a person, a place and a time each, exactly. Another one knows where
    the person was in the first half of the time, and the second half is released. Each is to name the
    person's trace. They are judged on people in the release, and on people held out of it, for whom every
    trace that is named is a false match.

    Args:
        records: Everybody's visits, one row a visit: .parquet or .csv; in Python also a data frame.
        user: The column that says who.
        time: The column that says when: dates and times, ISO text, or seconds since 1970.
        place: The column that says where by a name or code; or give lat and lon.
        lat: The column with the latitude in degrees.
        lon: The column with the longitude in degrees.
        cell: The side of a cell, such as 500m. Without place, positions are known and released by the cell:
            bands of latitude, each cut into squares of nearly equal areas.
        bin: The length of a bin, such as 1h. Times are known and released by the bin, counted from 1970-01-01
            UTC.
        released: What will be published, if that is another table with the same columns. People who have no
            visit in it count as held out.
        key: Where the released table has new ids: a table of two columns, a user of the records and the same
            user in the released table. A person whose trace was cut in parts has several rows.
        made_by: The protections by which the released table was made, NAME:SETTINGS as of --protect, several
            joined by a plus: the adversary knows them. By default what the sidecar of the table says
            (FILE.confide.json), or else what a comparison with the records shows.
        points: How many points are known about a person.
        targets: About how many people the adversary is asked, half of them held out of the release.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.
        time_format: How times are written, such as %d.%m.%Y %H:%M; or s, ms, us or ns since 1970.
        time_zone: The zone of times that name none, such as Europe/Berlin; by default UTC.

    Raises:
        DataError: for columns that do not say where people were, a length or span that means nothing, or
            numbers that ask about nobody.

    Source: de Montjoye et al. 2013; Gambs et al. 2014; Shokri et al. 2011.
    """

    records: Held
    _: KW_ONLY
    user: Column
    time: Column
    place: OptionalColumn = None
    lat: OptionalColumn = None
    lon: OptionalColumn = None
    cell: Annotated[str, Flag(group=HOW, metavar="LENGTH")] = "500m"
    bin: Annotated[str, Flag(group=HOW, metavar="SPAN")] = "1h"
    released: AnyTable | None = None
    key: AnyTable | None = None
    made_by: Annotated[str | None, Flag(group=KNOWS, metavar="NAME:SETTINGS")] = None
    points: Annotated[int, Flag(group=KNOWS, least=1)] = 4
    targets: Annotated[int, Flag(group=HOW, least=2)] = 1_000
    separator: Separator = None
    decimal: Decimal = None
    time_format: TimeFormat = None
    time_zone: TimeZone = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = self.metres, self.seconds, reading_of(self)  # what cannot be is said before any file is read
        self.columns.check()
        if self.released is None and self.key is not None:
            raise DataError("a key says who is who in a released file: give that file too (`--released`).")
        if self.released is None and self.made_by is not None:
            raise DataError("--made-by says how a released table was made: give that too (`--released`).")
        if self.points < 1:
            raise DataError(f"points is {self.points}: let 1 point or more be known of a person.")
        if self.targets < 2:
            raise DataError(f"targets is {self.targets}: ask about 2 people or more.")

    @property
    def columns(self) -> Columns:
        """The columns by what they say."""
        return Columns(user=self.user, time=self.time, place=self.place, lat=self.lat, lon=self.lon)

    @property
    def metres(self) -> float:
        """The side of a cell."""
        return parse_length(self.cell)

    @property
    def seconds(self) -> int:
        """The length of a bin."""
        return int(parse_span(self.bin, likely=("h", "d"), least=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TracesData:
    """Everybody's traces at the resolution asked for.

    Args:
        records: the original traces.
        people: what the codes of people stand for.
        places: what those of places stand for; None where they are cells.
        name: of the file.
        source, who: of the original traces, and where each of `people` stands in them (`core.who.standing`).
        released: the released traces, a person for each of their user ids, places under the same codes; None
            where the originals are released.
        owner: int64[ids], the person behind each user id of the released traces; a person has several where
            the release splits traces.
        released_source: of the released traces.
        exact: the original traces as they were read, row for row as `records`; None where the originals are
            released. Who knows how a released file was made applies that to these.
        grid: on which `records` and `released` stand; None where the originals are released.
        unsettled: what no audit of this release can settle, in a few words -> why.
        notes, counted: how the times were read; what was left out, in sentences that count people.
    """

    records: views.Traces
    people: pl.Series
    places: pl.Series | None
    name: str
    source: Source
    who: pl.DataFrame
    released: views.Traces | None = None
    owner: Ints | None = None
    released_source: Source | None = None
    exact: views.Traces | None = None
    grid: FixedGrid | None = None
    unsettled: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    @property
    def known(self) -> views.Traces:
        """The original traces as an adversary knows them: exactly, where a released file is given."""
        return self.records if self.exact is None else self.exact

    def points(self) -> views.Traces:
        """What is known, with one visit of each person in each cell and bin.

        Several exact visits in one cell and bin would count as several points, and tell no more than one.
        """
        return self.known.rows(np.sort(first_at_each(self.records)))

    def able(self, points: int) -> int:
        """How many people have this number of points, and a visit in the release."""
        enough = distinct(self.records).counts() >= points
        if self.released is not None and self.owner is not None:
            here = self.owner[self.released.counts() > 0]
            enough &= np.bincount(here, minlength=len(enough)) > 0
        return int(enough.sum())

    def point(self, place: int, time: int) -> str:
        """A point in words, such as "'Fargo' @ 2010-10-07 15:00"."""
        if self.places is not None:
            called = repr(self.places[place])
        else:
            assert self.records.where is not None
            called = "{:.4f}, {:.4f}".format(*self.records.where[place])
        return f"{called} @ {np.datetime64(time, 's').astype('datetime64[m]').item():%Y-%m-%d %H:%M}"


def read_traces(
    held: Traces,
    *,
    made_by: AnyMechanism | None = None,
    sure: bool = False,
    visits: Visits | None = None,
) -> TracesData:
    """Read the visits, put them on the grid, and match a released file to them.

    Args:
        held: the record.
        made_by: how the released file was made, as the adversary knows it.
        sure: the released file was made from the records just now. The check that people resemble themselves
            in it is left out then, since a strong protection would fail it.
        visits: of the record, where they were read already.

    Raises:
        DataError: for a column that is missing or cannot be read (rows are named), or a release that cannot
            be matched.
    """
    read = visits_of(held, sure=sure) if visits is None else visits
    places, names = read.places, read.names
    grid, there = _one_grid(places, held, made_by)
    records = grid(read.exact, rng=None).view
    data = TracesData(
        records=records,
        people=read.people,
        places=places.labels,
        name=names[1],
        source=read.sources[0],
        who=read.who,
        notes=read.notes,
        counted=read.span,
    )
    if read.shown is None or read.owner is None or read.told is None:
        return data
    shown = grid(replace(read.shown, where=there), rng=None).view
    alike = sure or _alike(read, shown, grid, made_by, metres=held.metres)
    return replace(
        data,
        released=shown,
        owner=read.owner,
        exact=read.exact,
        grid=grid,
        released_source=read.sources[1],
        unsettled=unsettled(alike),
        counted=(*read.span, *_others(records, read.told, names)),
    )


def _alike(
    read: Visits, shown: views.Traces, grid: FixedGrid, made_by: AnyMechanism | None, *, metres: float
) -> bool:
    """Whether people resemble themselves in the release, as far as it shows where they were."""
    assert read.owner is not None
    steps = [step for step in (made_by, grid) if step is not None]
    # As they would stand in the release: a coarse one has nobody in their own part of the town.
    expected = as_released(in_order(steps), read.exact, release=shown, rng=np.random.default_rng(0))
    return same_people(expected, shown, read.owner, metres, names=read.names, keyed=read.keyed)


def visits_of(held: Traces, *, sure: bool = False) -> Visits:
    """The visits of the record as they were read, on no grid.

    Raises:
        DataError: as `read_visits`.
    """
    said = reading_of(held)
    read = read_visits(
        held.records, held.released, key=held.key, columns=held.columns, reading=said, sure=sure
    )
    when = read.exact.time
    if len(when) > 1 and when.min() == when.max():
        raise DataError(
            f"{read.names[0]}: column {held.time!r} holds one time for everybody: name the column that says "
            "when each visit was."
        )
    return read


def _one_grid(places: Places, held: Traces, made_by: AnyMechanism | None) -> tuple[FixedGrid, Floats | None]:
    """The grid on which visits are known and released, and where the places of a released file are on it.

    Raises:
        DataError: if the released file is said to show cells, and places are known by their names.
    """
    none, where = np.empty(0, np.int64), places.where
    table = views.Traces.of(none, none, none, people=0, places=places.number, where=where)
    # The release may have places of its own, such as the middles of larger cells.
    made = table if made_by is None else made_by(table, rng=np.random.default_rng(0)).view
    if places.labels is not None:
        if made.places != table.places:
            raise DataError(
                "the released file was made of cells, and cells have no names: give latitude and longitude "
                "without a column of places."
            )
        return FixedGrid(seconds=held.seconds), where
    assert where is not None and made.where is not None
    # A written point is rounded, and the middle of a large cell may be on the border of the reader's cells.
    there = where if made_by is None else nearest(where, made.where, within_m=ROUNDED * held.metres)
    return FixedGrid.over(where, there, made.where, metres=held.metres, seconds=held.seconds), there


def _others(records: views.Traces, released: Ints, names: tuple[str, str]) -> tuple[str, ...]:
    """Who is in one file and not in the other, in sentences."""
    ours, theirs = names
    known = records.counts() > 0
    here = np.bincount(released, minlength=records.people) > 0
    outsiders, absent = int((~known).sum()), int((known & ~here).sum())
    left_out = t(
        "{n:,} people of {theirs} are not in {ours}: their rows are left out of what the adversary sees, "
        "which makes the others a little easier to find.",
        n=outsiders,
        theirs=theirs,
        ours=ours,
    )
    held_out = t(
        "{n:,} people of {ours} are not in {theirs}: they count as held out.",
        n=absent,
        ours=ours,
        theirs=theirs,
    )
    return (*[left_out] * (outsiders > 0), *[held_out] * (absent > 0))
