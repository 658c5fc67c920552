"""You hold location traces, and want the safer file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from confide.audits import traces as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Array, Floats, Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.columns import coded
from confide.inputs.keys import as_ids
from confide.inputs.places import read_places
from confide.inputs.reading import reading_of
from confide.inputs.source import Source
from confide.inputs.times import written_times
from confide.inputs.traces import Traces, TracesData, read_traces
from confide.inputs.visit_tables import read_visit_table
from confide.knowledge.traces import owners
from confide.releases.spec import ReleaseSpec
from confide.releases.tables import number_column, write_table
from confide.views import traces as views

DIGITS = 6
"""Decimals of a written degree: a tenth of a metre. More would only be noise of the computation."""
NEAR = 1e-5
"""Degrees that a written point may be off: what a column of 32 bits rounds."""


def read(held: Traces) -> TracesRelease:
    """Read the visits, on the grid of cells and bins on which they are released.

    Raises:
        DataError: if they cannot be read, or a released file is given: what is protected is the records.
    """
    if held.released is not None:
        raise DataError("protect takes one table: give the released file itself as the records.")
    return TracesRelease(held, read_traces(held))


@dataclass(frozen=True, slots=True)
class TracesRelease:
    """Traces, read and put on their grid, and their file.

    What is audited is the grid, and exact points and seconds would single people out more easily. So the
    written file holds the cells and bins, whatever protects them further.
    """

    held: Traces
    data: TracesData

    @property
    def source(self) -> Source:
        return self.data.source

    @property
    def given(self) -> views.Traces:
        return self.data.records

    @property
    def as_read(self) -> tuple[str, ...]:
        bins = f"bin:{self.held.bin}"
        return (bins,) if self.data.places is not None else (f"cell:{self.held.cell}", bins)

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return owners(mechanism, self.given)

    def write(self, view: views.Traces, numbers: Ints | None, path: Path) -> None:
        """Write a release: rows by number, time and place; columns in the order of the original.

        Raises:
            DataError: if the ids of the original would join what was split, or cells have no names.
        """
        if numbers is None and view.people != self.given.people:
            raise DataError(
                "the ids of the original would join the parts of each trace again: leave out `--ids keep`."
            )
        whose = view.person if numbers is None else numbers[view.person]
        # In their old order the rows would tell which of two visits in one bin came first.
        order = np.lexsort((view.place, view.time, whose))
        columns = {
            self.held.user: self._users(view, whose),
            self.held.time: written_times(view.time, like=self.source.time) if self.source.time else None,
            **self._places(view),
        }
        there = {name: column for name, column in columns.items() if column is not None}
        written = pl.DataFrame({c: there[c].gather(order) for c in self.source.columns if c in there})
        write_table(written, path, self.source)

    def reread(self, path: Path, numbers: Ints | None) -> views.Traces:
        """What a written file says: people under the codes of its rows, each written point a place."""
        reading = reading_of(self.held)
        table, when = read_visit_table(
            path, name="the protected file", columns=self.held.columns, reading=reading
        )
        user = as_ids(table.frame[self.held.user])
        if numbers is None:
            person, people = coded(user, labels=as_ids(self.data.people)).codes, self.given.people
        else:
            behind = np.empty(len(numbers) + 1, np.int64)
            behind[numbers] = np.arange(len(numbers))
            person, people = behind[user.cast(pl.Int64).to_numpy()], len(numbers)
        places = read_places([table], self.held.columns)
        code, where, number = places.code, places.where, places.number
        if places.labels is not None:
            code = coded(places.labels, labels=self.data.places).codes[code]
            where, number = self.given.where, self.given.places
        seconds = np.floor(when.seconds).astype(np.int64)
        return views.Traces.of(person, seconds, code, people=people, places=number, where=where)

    def same(self, view: views.Traces, reread: views.Traces) -> Claim:
        """The same visits: user, second, and place or point."""
        text = "the file holds the protected visits and no others"
        if len(view) != len(reread) or view.people != reread.people:
            return Claim(text, False)
        one, other = _in_order(view), _in_order(reread)
        near = all(np.abs(a - b).max(initial=0) <= NEAR for a, b in zip(one, other, strict=True))
        return Claim(text, near)

    def counts(self, view: views.Traces) -> Mapping[str, int]:
        """Rows, user ids with a row, and places that somebody visits."""
        ids, places = len(np.unique(view.person)), len(np.unique(view.place))
        there = "cells" if self.data.places is None else "places"
        return {"rows": len(view), "user ids": ids, there: places}

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Each original id with its number in the release, or with several where traces are split."""
        ids = as_ids(self.data.people).gather(self.rows(mechanism))
        return list(zip(ids.to_list(), numbers.tolist(), strict=True))

    def dropped(self, view: views.Traces) -> Sequence[str]:
        return ()

    def notes(self, view: views.Traces, mechanism: AnyMechanism) -> Sequence[str]:
        grid = f"Places and times are written as they are audited: {', '.join(self.as_read)}."
        # The table of places is what the noise goes to; the proof takes it as chosen without the visits.
        table = (
            "The promise takes the list of places as public. It was made from this file, so that a place on "
            "it is one where somebody was."
        )
        return (grid, table) if mechanism.budget is not None else (grid,)

    def subject(
        self, reread: views.Traces | None, mechanism: AnyMechanism | None, settings: Settings
    ) -> Subject:
        """The audit of the written file, read as any released file, against the original."""
        if reread is None or mechanism is None:
            return audits.subject_of(self.held, self.data, settings=settings)
        rows = pl.Series(np.arange(reread.people)).cast(pl.String)
        key = pl.DataFrame({"user": as_ids(self.data.people).gather(self.rows(mechanism)), "row": rows})
        shown = pl.DataFrame(
            {
                self.held.user: rows.gather(reread.person),
                self.held.time: pl.from_epoch(pl.Series(reread.time), time_unit="s").dt.replace_time_zone(
                    "UTC"
                ),
                **{c: pl.Series(s) for c, s in self._places(reread).items()},
            }
        )
        held = replace(self.held, released=shown, key=key)
        data = replace(read_traces(held, made_by=mechanism, sure=True), name=self.data.name)
        return audits.subject_of(held, data, settings=settings, how=HowMade(mechanism))

    def _users(self, view: views.Traces, whose: Array) -> pl.Series:
        if whose is view.person:
            return self.data.people.gather(whose)
        return number_column(whose, self.source.columns[self.held.user])

    def _places(self, view: views.Traces) -> dict[str, pl.Series]:
        """The columns that say where; those of degrees give the place's point, never a visit's own."""
        columns: dict[str, pl.Series] = {}
        if self.held.place is not None and self.data.places is not None:
            if view.places != self.given.places:
                raise DataError(
                    "cells have no names: give latitude and longitude without a column of places."
                )
            columns[self.held.place] = self.data.places.gather(view.place)
        for i, column in enumerate((self.held.lat, self.held.lon)):
            if column is not None and view.where is not None:
                degrees = np.round(view.where[view.place, i], DIGITS)
                columns[column] = number_column(degrees, self.source.columns[column])
        return columns


def _in_order(view: views.Traces) -> tuple[Floats, ...]:
    """Person, time, and point or place of each visit, sorted."""
    parts: list[Array] = [view.person, view.time]
    if view.where is None:
        parts.append(view.place)
    else:
        # As a column of 32 bits holds them: it may make two latitudes one, and then longitude decides.
        parts += [np.round(view.where[view.place, i], DIGITS).astype(np.float32) for i in (0, 1)]
    order = np.lexsort(parts[::-1])
    return tuple(part[order].astype(np.float64) for part in parts)


SPEC = ReleaseSpec(audit=audits.SPEC, read=read)
