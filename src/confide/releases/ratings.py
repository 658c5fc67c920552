"""You hold ratings, and want the safer file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from confide.audits import ratings as audits
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.ratings import Ratings, RatingsData, read_ratings
from confide.inputs.source import Source
from confide.releases.interactions import InteractionsFile
from confide.releases.spec import ReleaseSpec
from confide.views.interactions import Interactions


def read(held: Ratings) -> RatingsRelease:
    """Read the ratings.

    Raises:
        DataError: if they cannot be read, or a released file is given: what is protected is the records.
    """
    if held.released is not None:
        raise DataError("protect takes one table: give the released file itself as the records.")
    data = read_ratings(held)
    file = InteractionsFile(
        table=held.records, source=data.source, records=data.records, people=data.people, items=data.items
    )
    return RatingsRelease(held, data, file)


@dataclass(frozen=True, slots=True)
class RatingsRelease:
    """Ratings, read and coded, and their file."""

    held: Ratings
    data: RatingsData
    file: InteractionsFile

    @property
    def source(self) -> Source:
        return self.data.source

    @property
    def given(self) -> Interactions:
        return self.data.records

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return np.arange(self.data.records.people)

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
        return (*self.data.counted, *self.file.notes(view, mechanism))

    def subject(
        self, reread: Interactions | None, mechanism: AnyMechanism | None, settings: Settings
    ) -> Subject:
        data = self.data if reread is None else replace(self.data, released=reread)
        return audits.subject_of(self.held, data, settings=settings, made_by=mechanism)


SPEC = ReleaseSpec(audit=audits.SPEC, read=read)
