"""You hold a table of people, and want the safer file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from confide.audits import table as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.audits.table.games import linkage
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.cells import cell_ranges, cell_texts
from confide.inputs.reading import reading_of
from confide.inputs.source import Source
from confide.inputs.table import Table, TableData, read_data
from confide.inputs.tables import Tabular, read_table
from confide.releases.spec import ReleaseSpec
from confide.releases.tables import write_table
from confide.releases.until_found import LeastChange
from confide.releases.until_halves import halves
from confide.releases.until_rates import INFERENCE, rates_of
from confide.releases.until_table import search
from confide.views.table import Table as Cells

PUBLIC_VALUES = (
    "The promise takes for granted that everybody may know which values each column can hold: a value that "
    "one person alone has shows that they are there. Hierarchies with all possible values avoid this."
)


@dataclass(frozen=True, slots=True, eq=False)
class TableFile:
    """A table of people, and its codes.

    Args:
        held: the record that the user filled in.
        data: the same, read.
    """

    held: Table
    data: TableData

    @property
    def source(self) -> Source:
        return self.data.source

    @property
    def given(self) -> Cells:
        return self.data.cells

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def bound(self, mechanism: AnyMechanism) -> AnyMechanism:
        """The mechanism with the known columns, the secret and the hierarchies of this table."""
        return audits.bound(mechanism, self.data, self.held)

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return np.arange(len(self.data.cells))

    def write(self, view: Cells, numbers: Ints | None, path: Path) -> None:
        """Write a release, rows in the order of their numbers and columns in that of the original.

        Columns that the protection left as they were are written as they stood. Others are written as text,
        a cell a value, a range or a group of the hierarchy.
        """
        frame = self._frame(self.held.records)
        columns: dict[str, pl.Series] = {}
        for i, domain in enumerate(view.domains):
            original = self.data.cells.low[:, i]
            if (view.low[:, i] == original).all() and (view.high[:, i] == original).all():
                columns[domain.name] = frame[domain.name]
            else:
                texts = cell_texts(
                    domain, view.low[:, i], view.high[:, i], self.data.hierarchies.get(domain.name)
                )
                columns[domain.name] = pl.Series(texts)
        if numbers is None and self.held.id is not None:
            columns[self.held.id] = frame[self.held.id]
        order = np.arange(len(view)) if numbers is None else np.argsort(numbers)
        written = [columns[c].gather(order).alias(c) for c in self.source.columns if c in columns]
        write_table(pl.DataFrame(written), path, self.source)

    def reread(self, path: Path, numbers: Ints | None) -> Cells:
        """What a written file says, its rows in the order of the original."""
        frame = self._frame(path)
        order = np.arange(frame.height) if numbers is None else numbers - 1
        ends = [
            cell_ranges(
                frame[d.name], d, name="the protected file", hierarchy=self.data.hierarchies.get(d.name)
            )
            for d in self.given.domains
        ]
        low, high = (np.stack([pair[side] for pair in ends], axis=1)[order] for side in (0, 1))
        return Cells(self.given.domains, low, high)

    def same(self, view: Cells, reread: Cells) -> Claim:
        holds = np.array_equal(view.low, reread.low) and np.array_equal(view.high, reread.high)
        return Claim("the file holds the protected rows and no others", holds)

    def counts(self, view: Cells) -> Mapping[str, int]:
        """Rows, and cells that say nothing."""
        return {"rows": len(view), "suppressed cells": int(view.suppressed.sum())}

    def dropped(self, view: Cells) -> Sequence[str]:
        return ()

    def notes(self, view: Cells, mechanism: AnyMechanism) -> Sequence[str]:
        """How the table was read, and what a promise takes for granted."""
        if mechanism.budget is None:
            return self.data.notes
        return (*self.data.notes, PUBLIC_VALUES)

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Each row of the original, from 1, with its row in the release."""
        return [(str(row), number) for row, number in enumerate(numbers.tolist(), 1)]

    def subject(self, reread: Cells | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        data = self.data if reread is None else replace(self.data, released=reread)
        made = None if mechanism is None else self.bound(mechanism)
        return audits.subject_of(self.held, data, settings=settings, how=HowMade(made))

    def _frame(self, table: Tabular) -> pl.DataFrame:
        return read_table(table, name="the protected file", reading=reading_of(self.held)).frame


def read(held: Table) -> TableFile:
    """Read the table.

    Raises:
        DataError: if it cannot be read, or a released table is given: what is protected is the records.
    """
    if held.released is not None or held.control is not None:
        raise DataError("protect takes one table: give the released table itself as the records.")
    return TableFile(held, read_data(held))


def least_change(file: TableFile, methods: Sequence[str], rates: str, settings: Settings) -> LeastChange:
    """The least change under which attacks stay below these rates.

    Raises:
        DataError: for rates or methods that cannot be, too few people, or if nothing keeps the rates.
    """
    held, data = file.held, file.data
    limits = rates_of(rates, secret=bool(data.secret))
    game = linkage(held, data, made_by=None, rng=settings.rng("targets"))
    secret = data.secret if INFERENCE in limits else ""
    on = halves(game, secret=secret, asked=held.targets, rng=settings.rng("halves"), name=data.name)
    attacks = audits.SPEC.choose(settings)
    return search(held, data, methods, limits=limits, attacks=attacks, on=on)


SPEC = ReleaseSpec(
    audit=audits.SPEC,
    read=read,
    named="row",
    until=least_change,
    form="The protected table keeps the format of the original, and its columns in their order. The column "
    "that names people is left out. Rows stand in random order (--ids keep: in that of the original, with "
    "the ids).",
)
