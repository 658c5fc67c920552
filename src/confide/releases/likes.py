"""You hold likes, and want the safer file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from confide.audits import likes as audits
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.columns import coded
from confide.inputs.likes import Likes, LikesData, read_likes
from confide.inputs.source import Source
from confide.inputs.tables import read_table
from confide.releases.interactions import InteractionsFile
from confide.releases.spec import ReleaseSpec
from confide.views.interactions import Interactions


def read(held: Likes) -> LikesRelease:
    """Read the likes of everybody, and those of the people whose trait is known.

    Raises:
        DataError: if they cannot be read, or a released table is given: what is protected is the records.
    """
    if held.released is not None:
        raise DataError("protect takes one table of likes: give the released table itself as the records.")
    data = read_likes(held)
    frame = read_table(held.records, name="the records").frame
    who, what = coded(frame[held.user]), coded(frame[held.item])
    records = Interactions.of(who.codes, what.codes, people=len(who.labels), items=len(what.labels))
    file = InteractionsFile(
        table=held.records, source=data.source, records=records, people=who.labels, items=what.labels
    )
    return LikesRelease(held, data, file)


@dataclass(frozen=True, slots=True)
class LikesRelease:
    """Everybody's likes, read and coded, and their file; the table of traits is not released.

    Args:
        held: the record.
        data: of the people whose trait is known: the audit asks about them alone.
        file: everybody's likes.
    """

    held: Likes
    data: LikesData
    file: InteractionsFile

    @property
    def source(self) -> Source:
        return self.data.source

    @property
    def given(self) -> Interactions:
        return self.file.records

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return np.arange(self.file.records.people)

    def write(self, view: Interactions, numbers: Ints | None, path: Path) -> None:
        self.file.write(view, numbers, path)

    def reread(self, path: Path, numbers: Ints | None) -> Interactions:
        return self.file.reread(path, numbers)

    def same(self, view: Interactions, reread: Interactions) -> Claim:
        return self.file.same(view, reread)

    def counts(self, view: Interactions) -> Mapping[str, int]:
        return self.file.counts(view)

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        return self.file.key(numbers)

    def dropped(self, view: Interactions) -> Sequence[str]:
        return self.file.dropped(view)

    def notes(self, view: Interactions, mechanism: AnyMechanism) -> Sequence[str]:
        return (*self.data.left_out, *self.file.notes(view, mechanism))

    def subject(
        self, reread: Interactions | None, mechanism: AnyMechanism | None, settings: Settings
    ) -> Subject:
        """The audit of the written file, read as any released table, against the original."""
        if reread is None:
            return audits.subject_of(self.held, self.data, settings=settings)
        columns = {
            self.held.user: self.file.people.gather(reread.person),
            self.held.item: self.file.items.gather(reread.item),
        }
        held = replace(self.held, released=pl.DataFrame(columns))
        return audits.subject_of(held, read_likes(held, sure=True), settings=settings, made_by=mechanism)


SPEC = ReleaseSpec(audit=audits.SPEC, read=read)
