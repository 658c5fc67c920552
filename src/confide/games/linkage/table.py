"""Linkage of tables: which row of a released table belongs to this person?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, Mechanism, World
from confide.games.linkage.claims import NOBODY, HoldsOut, Linkage, pseudonyms
from confide.knowledge.table import Knowing, TableKnowledge
from confide.views.table import Table
from confide.views.table_people import all_rows_of, rows_beside

TableWorld: TypeAlias = World[Table, TableKnowledge, Table, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableLinkage(HoldsOut, Linkage):
    """A table released in random order, and an adversary who knows some columns of each target.

    A fair coin decides for each target whether they are held out of the release, with all rows they have. The
    facts come from their own, unprotected row, which of several is the one asked about; a share of the facts
    is wrong. The adversary names a row of the release, or abstains. Any row of the person is right.

    Args:
        mechanism: protects the table before it is published. It keeps the rows and their order.
        records: the precise table of all people.
        known: the columns that the adversary knows.
        targets: int64[t], the people the adversary is asked about, each by one row and in one world.
        knowing: how good the adversary's facts are.
        parts: the number of worlds that the targets are spread over. More worlds hold out fewer people each,
            so that the release stays nearly complete.
        released: a table that was already published, with a row for each row of `records`, under the same
            domains; its cells may be ranges. The mechanism is applied to it. None to publish `records`.
        absent: bool[n], the rows that are in no release for reasons of their own.
        coin: whether a fair coin holds targets out. If not, the absent people are the control people.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.
        population: a precise table of other people that the adversary has, or None.

    Raises:
        DataError: if the records hold ranges, no known column is named or one does not exist, or the released
            table has more or fewer rows.

    Source: Fellegi, Sunter 1969; Domingo-Ferrer, Torra 2001 (record linkage as the measure of a release).
    """

    mechanism: Mechanism[Table]
    records: Table
    known: tuple[str, ...]
    targets: Ints
    knowing: Knowing = field(default_factory=Knowing)
    parts: int = 1
    released: Table | None = None
    absent: Bools | None = None
    coin: bool = True
    made_by: Mechanism[Table] | None = None
    population: Table | None = None

    def __post_init__(self) -> None:
        if not self.known:
            raise DataError("the adversary knows no column: name one or more.")
        self.records.only(self.known)  # an unknown name is refused here, not in the first world
        if not self.records.precise:
            raise DataError("the records hold ranges: give the table as it was before it was generalised.")
        if self.released is not None and len(self.released) != len(self.records):
            raise DataError(
                f"{len(self.released)} rows are released of {len(self.records)}: give one row for each, and "
                "name those that are missing as absent."
            )

    def deal(self, world: int, *, rng: Rng) -> TableWorld:
        """Toss the coins of this world's targets, publish all other people, and draw the facts."""
        coins, numbering, protecting, telling = rng.spawn(4)
        ids = self.targets[world % self.parts :: self.parts]
        absent = np.zeros(len(self.records), np.bool_) if self.absent is None else self.absent.copy()
        if self.coin:
            absent |= all_rows_of(self.records, ids[coins.random(len(ids)) < 0.5])
        present, out = ~absent[ids], np.flatnonzero(absent)
        order, row = pseudonyms(len(self.records), out, rng=numbering)
        source = (self.records if self.released is None else self.released).take(order)
        release = self.mechanism(source, rng=protecting)
        facts = self.knowing.about(self.records.only(self.known), ids, rng=telling)
        known = TableKnowledge(
            wrong=self.knowing.wrong,
            population=None if self.population is None else self.population.published,
            mechanism=self.made_by or self.mechanism,
        )
        return World(
            case=Case(release.view.published, known, facts),
            secrets=rows_beside(self.records, ids, row, none=NOBODY),
            exposed=present,
            ids=ids,
            promise=release.budget,
            # Utility compares the release with the original, which a released file is not.
            source=self.records.take(order),
        )
