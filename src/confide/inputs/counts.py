"""Visits that are to be counted, as a user holds them: read, checked, and put on the grid of the counts."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Column, Flag, Held, OptionalColumn
from confide.core.language import later, t
from confide.inputs import traces as located
from confide.inputs.reading import Decimal, Separator, TimeFormat, TimeZone, reading_of
from confide.inputs.times import parse_span, read_times
from confide.views.counts import Grid
from confide.views.traces import Traces

MOST = 1_000_000
"""Counts on the largest grid: an attack holds 200 tables of them at once, and these take 1.6 GB."""
NOT_THEN = later("{n:,} people have no visit in the time that is counted: nobody asks about them.")
FEWEST = 40
"""Questions at least: about two groups of 20 people, because an interval needs two groups."""
A_DAY = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Visits of people, of which only counts are published, and what somebody knows of these people.

    The release says how many people of a group were in each cell during each bin of time. The adversary knows
    where and when a person was, and where other people were. It is to say whether the person was in the
    group. It is judged on people whom a fair coin put into the group or left out of it; the rest of the group
    is drawn at random from all people.

    Args:
        records: Everybody's visits, one row a visit: .parquet or .csv; in Python also a data frame.
        user: The column that says who.
        time: The column that says when: dates, ISO 8601 text, or seconds since 1970.
        place: The column that says where, by a name or code; or give lat and lon.
        lat: The column with the latitude in degrees.
        lon: The column with the longitude in degrees.
        cell: The side of a cell of the map, where there are coordinates, such as 500m.
        bin: How long a bin of time is, such as 1h.
        start: When the first bin begins, such as 2024-03-04; by default on the day from which on most visits
            are counted.
        span: How long visits are counted, such as 7d.
        group: How many people are counted, on average.
        known: The share of all other people whose visits the adversary knows, from 0 to 1.
        targets: About how many times the adversary is asked whether somebody was counted.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.
        time_format: How times are written, such as %d.%m.%Y %H:%M; or s, ms, us or ns since 1970.
        time_zone: The zone of times that name none, such as Europe/Berlin; by default UTC.

    Raises:
        DataError: for numbers out of range.

    Source: Pyrgelis, Troncoso, De Cristofaro 2018.
    """

    records: Held
    _: KW_ONLY
    user: Column
    time: Column
    place: OptionalColumn = None
    lat: OptionalColumn = None
    lon: OptionalColumn = None
    cell: Annotated[str, Flag(group=HOLD, metavar="LENGTH")] = "500m"
    bin: Annotated[str, Flag(group=HOLD, metavar="SPAN")] = "1h"
    start: Annotated[str | None, Flag(group=HOLD, metavar="TIME")] = None
    span: Annotated[str, Flag(group=HOLD, metavar="SPAN")] = "7d"
    group: Annotated[int, Flag(group=HOLD, least=1)] = 100
    known: Annotated[float, Flag(group=KNOWS, metavar="SHARE")] = 1.0
    targets: Annotated[int, Flag(group=HOW, least=FEWEST)] = 1_000
    separator: Separator = None
    decimal: Decimal = None
    time_format: TimeFormat = None
    time_zone: TimeZone = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        if self.group < 1:
            raise DataError(f"group is {self.group}: count 1 person or more.")
        if not 0 <= self.known <= 1:
            raise DataError(f"known is {self.known}: give a share from 0 to 1.")
        if self.targets < FEWEST:
            raise DataError(f"targets is {self.targets}: ask {FEWEST} times or more.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountsData:
    """The people who can be counted, and the grid.

    Args:
        traces: their visits inside the grid.
        people: what the codes of people stand for.
        who: where each of them stands in the visits (`confide.core.who.standing`).
        grid: which visits are counted where; its cells are those that somebody visited.
        name: of the file.
        notes: how the times were read, in sentences.
        counted: what was left out, in sentences that count people.
    """

    traces: Traces
    people: pl.Series
    who: pl.DataFrame
    grid: Grid
    name: str
    notes: tuple[str, ...]
    counted: tuple[str, ...]


def read_counts(held: Counts) -> CountsData:
    """Read the visits, and keep those inside the time that is counted.

    Raises:
        DataError: for a column that cannot be read, or a grid without visits or with too many counts.
    """
    # The reader of traces puts visits into cells and bins; counting begins where it ends.
    data = located.read_traces(
        located.Traces(
            held.records,
            user=held.user,
            time=held.time,
            place=held.place,
            lat=held.lat,
            lon=held.lon,
            cell=held.cell,
            bin=held.bin,
            separator=held.separator,
            decimal=held.decimal,
            time_format=held.time_format,
            time_zone=held.time_zone,
        )
    )
    bin_s = int(parse_span(held.bin, likely=("h", "d"), least=1))
    # Whole bins: a part of a bin would have fewer visits than the others.
    times = int(parse_span(held.span, least=bin_s)) // bin_s
    when = data.records.time
    begin = _busiest(when, times * bin_s) if held.start is None else _instant(held.start)
    start = begin // bin_s * bin_s  # bins of all data sets begin at the same instants
    inside = data.records.rows((when >= start) & (when < start + times * bin_s))
    # People and cells without a visit in that time get no code: the grid is no larger than it must be.
    who, person = np.unique(inside.person, return_inverse=True)
    cells, place = np.unique(inside.place, return_inverse=True)
    grid = Grid(cells=len(cells), start=start, bin_s=bin_s, times=times)
    if not 0 < grid.size <= MOST:
        raise DataError(
            f"{data.name}: {len(cells):,} cells in {times:,} bins of {held.bin} from "
            f"{np.datetime64(start, 's')} on are {grid.size:,} counts: give a cell, bin, start and span with "
            f"1 to {MOST:,} counts."
        )
    without = len(data.people) - len(who)
    return CountsData(
        traces=Traces.of(person, inside.time, place, people=len(who), places=len(cells)),
        people=data.people.gather(who),
        who=data.who[who],
        grid=grid,
        name=data.name,
        notes=data.notes,
        counted=(*data.counted, *(t(NOT_THEN, n=without),) * (without > 0)),
    )


def _busiest(when: Ints, span_s: int) -> int:
    """The midnight (UTC) from which on most visits are inside the span."""
    days = np.unique(when // A_DAY) * A_DAY
    ordered = np.sort(when)
    # Visits before the end less visits before the beginning, for all days at once.
    inside = np.searchsorted(ordered, days + span_s) - np.searchsorted(ordered, days)
    return int(days[inside.argmax()])


def _instant(text: str) -> int:
    # The reader of columns reads the option too, so that both take the same forms.
    return int(read_times(pl.DataFrame({"start": [text]}), "start", name="the start").seconds[0])
