"""Writing interactions (ratings, likes) in the form of the original table, and reading them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Array, Bools, Ints
from confide.core.claims import Claim
from confide.core.nouns import AnyMechanism
from confide.inputs.columns import coded, numbers
from confide.inputs.keys import as_ids
from confide.inputs.reading import Reading
from confide.inputs.source import Source
from confide.inputs.tables import Table, Tabular, read_table
from confide.inputs.times import read_times, written_times
from confide.releases.tables import number_column, write_table
from confide.views.interactions import Interactions

A_DAY = 86_400
NOWHERE = -1
"""The row of a pair that the original does not have: a mechanism invented it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InteractionsFile:
    """A table of interactions, and its codes.

    Args:
        table: the original: a file or a frame.
        reading: how the file is written, as far as the user says it.
        source: where it came from, and its form.
        records: the original under codes.
        people, items: what the codes stand for.
        counted: what was left out or merged when the table was read, in sentences.
        audited: the audit of a written file, or of the original, as `Releasable.subject`.
    """

    table: Tabular
    reading: Reading
    source: Source
    records: Interactions
    people: pl.Series
    items: pl.Series
    counted: Sequence[str]
    audited: Callable[[Interactions | None, AnyMechanism | None, Settings], Subject]

    @property
    def given(self) -> Interactions:
        return self.records

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return np.arange(self.records.people)

    def write(self, view: Interactions, numbers: Ints | None, path: Path) -> None:
        """Write a release: rows in the order of the people's numbers, columns in that of the original.

        What the protection left as it was is written as it stood in the original, to the last digit.
        """
        roles, kinds = self.source.roles, self.source.columns
        whose = view.person if numbers is None else numbers[view.person]
        order = np.argsort(whose, kind="stable")
        user = self.people.gather(whose) if numbers is None else number_column(whose, kinds[roles["user"]])
        columns = {roles["user"]: user, roles["item"]: self.items.gather(view.item)}
        if "rating" in roles or "time" in roles:
            frame = self._read(self.table, self.source.name).frame
            row = self._original_rows(view, frame)
            if view.rating is not None:
                columns[roles["rating"]] = self._ratings(view, view.rating, frame[roles["rating"]], row)
            if view.day is not None:
                columns[roles["time"]] = self._times(view, view.day, frame[roles["time"]], row)
        written = pl.DataFrame({c: columns[c].gather(order) for c in kinds if c in columns})
        write_table(written, path, self.source)

    def reread(self, path: Path, numbers: Ints | None) -> Interactions:
        """What a written file says, under the codes of the original."""
        roles = self.source.roles
        table = self._read(path, "the protected file")
        user, item = table.frame[roles["user"]], table.frame[roles["item"]]
        if numbers is None:
            person = coded(as_ids(user), labels=as_ids(self.people)).codes
        else:
            behind = np.empty(len(numbers) + 1, np.int64)
            behind[numbers] = np.arange(len(numbers))
            person = behind[user.cast(pl.Int64).to_numpy()]
        return Interactions.of(
            person,
            coded(as_ids(item), labels=as_ids(self.items)).codes,
            people=self.records.people,
            items=self.records.items,
            rating=self._again(table.frame, "rating"),
            day=self._again(table.frame, "time"),
        )

    def same(self, view: Interactions, reread: Interactions) -> Claim:
        """The same pairs, ratings to within their precision, and times to within that of the column."""
        pairs = np.array_equal(view.person, reread.person) and np.array_equal(view.item, reread.item)
        holds = (
            pairs
            and _near(view.rating, reread.rating, within=1e-4)
            and _near(view.day, reread.day, within=1.0)
        )
        return Claim("the file holds the protected rows and no others", holds)

    def counts(self, view: Interactions) -> Mapping[str, int]:
        """Rows, people with a row, and items that somebody has."""
        people, items = int((view.counts() > 0).sum()), int((view.raters() > 0).sum())
        return {"rows": len(view), "people": people, "items": items}

    def dropped(self, view: Interactions) -> Sequence[str]:
        """The columns of ratings and times that the release does not have any more."""
        there = {"rating": view.rating, "time": view.day}
        return [column for role, column in self.source.roles.items() if there.get(role, view) is None]

    def notes(self, view: Interactions, mechanism: AnyMechanism) -> Sequence[str]:
        """What the protection has left out, and what a promise about one row means for a person."""
        gone, promise = self.dropped(view), mechanism.budget
        most = int(self.records.counts().max(initial=0))
        person = "" if promise is None else f"{promise.epsilon * most:,.4g}"
        said = (
            (f"Left out by the protection: {', '.join(gone)}.", bool(gone)),
            (
                f"The promise hides one row, not a person: a person's rows are hidden by epsilon times their "
                f"number, here by up to {person} ({most:,} rows).",
                promise is not None,
            ),
        )
        return [*self.counted, *(sentence for sentence, so in said if so)]

    def subject(
        self, reread: Interactions | None, mechanism: AnyMechanism | None, settings: Settings
    ) -> Subject:
        return self.audited(reread, mechanism, settings)

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Each original id with its number in the release."""
        return list(zip(as_ids(self.people).to_list(), numbers.tolist(), strict=True))

    def _read(self, table: Tabular, name: str) -> Table:
        roles = self.source.roles
        return read_table(table, name=name, reading=self.reading, ids=(roles["user"], roles["item"]))

    def _original_rows(self, view: Interactions, frame: pl.DataFrame) -> Ints:
        """The row of the original behind each row of the release, int64[k]; `NOWHERE` for an invented one."""
        roles, items = self.source.roles, self.records.items
        person = coded(frame[roles["user"]], labels=self.people).codes
        pair = person * items + coded(frame[roles["item"]], labels=self.items).codes
        order = np.argsort(pair, kind="stable")  # of a pair that comes twice the last row counts
        wanted = view.person.astype(np.int64) * items + view.item
        at = np.searchsorted(pair[order], wanted, side="right") - 1
        found = order[at.clip(0)]
        return np.where(pair[found] == wanted, found, NOWHERE)

    def _ratings(
        self, view: Interactions, rating: NDArray[np.float32], original: pl.Series, row: Ints
    ) -> pl.Series:
        kept = self._kept(view, row, rating, self.records.rating)
        return _mixed(original.gather(row.clip(0)), kept, number_column(rating, original.dtype))

    def _times(
        self, view: Interactions, day: NDArray[np.float32], original: pl.Series, row: Ints
    ) -> pl.Series:
        assert self.source.time is not None
        kept = self._kept(view, row, day, self.records.day)
        made = written_times(day.astype(np.float64) * A_DAY, like=self.source.time)
        return _mixed(original.gather(row.clip(0)), kept, made)

    def _kept(self, view: Interactions, row: Ints, now: Array, before: Array | None) -> Bools:
        """Which values the protection left as they were, bool[k]."""
        items = self.records.items
        pairs = self.records.person.astype(np.int64) * items + self.records.item
        at = np.searchsorted(pairs, view.person.astype(np.int64) * items + view.item)
        return (row != NOWHERE) & (before is not None and now == before[at.clip(0, len(pairs) - 1)])

    def _again(self, frame: pl.DataFrame, role: str) -> Array | None:
        column = self.source.roles.get("rating" if role == "rating" else "time")
        if column is None or column not in frame.columns:
            return None
        if role == "rating":
            return numbers(frame, column, name="the protected file")
        times = read_times(
            frame,
            column,
            name="the protected file",
            form=self.reading.time_format,
            zone=self.reading.time_zone,
        )
        return times.seconds / A_DAY


def _mixed(original: pl.Series, kept: Bools, made: pl.Series) -> pl.Series:
    """The original's values where they were kept, and the protection's elsewhere."""
    if kept.all():
        return original
    if made.dtype != original.dtype:
        original = original.cast(made.dtype)
    return original.zip_with(pl.Series(kept), made)


def _near(one: Array | None, other: Array | None, *, within: float) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.all(np.abs(one.astype(np.float64) - other) <= within))
