"""You hold a table of people, and want the safer file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.audits import table as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.audits.table.games import linkage
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.cells import cell_texts
from confide.inputs.key_files import read_key
from confide.inputs.large.holding import is_too_large
from confide.inputs.large.reading import read_large
from confide.inputs.own_columns import own_values, released_column, same_cells
from confide.inputs.reading import reading_of
from confide.inputs.source import Source
from confide.inputs.table import Table, TableData, read_data
from confide.inputs.tables import Tabular, read_table
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms, SecretKey
from confide.mechanisms.in_order import in_order, steps_of
from confide.releases.cut_at_bounds import cut_at_bounds
from confide.releases.large_table import LargeFile
from confide.releases.left_as_is import left_as_is
from confide.releases.settings import ONLY_SOME, ReleaseSettings
from confide.releases.spec import ReleaseSpec
from confide.releases.table_again import data_under_made, recipe_of, suppressed
from confide.releases.table_recipe import (
    check_columns,
    check_hierarchies,
    check_key,
    prepare,
    told_of,
    under,
)
from confide.releases.table_told import told
from confide.releases.tables import write_table
from confide.releases.until_found import LeastChange
from confide.releases.until_halves import halves
from confide.releases.until_rates import INFERENCE, rates_of
from confide.releases.until_table import search
from confide.views.table import Domain
from confide.views.table import Table as Cells
from confide.views.table_people import number_of_people

PUBLIC_VALUES = (
    "The promise takes for granted that everybody may know which values each column can hold: a value that "
    "one person alone has shows that they are there. Hierarchies with all possible values avoid this."
)
SHARED = (
    "Epsilon is for a person with all their rows: it was divided by {}, the most rows of one person here. "
    "How many rows somebody has is not hidden."
)


@dataclass(frozen=True, slots=True, eq=False)
class TableFile:
    """A table of people, and its codes.

    Args:
        held: the record that the user filled in.
        data: the same, read.
        secret_key: for pseudonyms, where the user gave one.
        more: what the user should know besides, a sentence each.
        recipe: what an earlier sidecar tells of how its settings were bound, where one is the recipe.
    """

    held: Table
    data: TableData
    secret_key: SecretKey | None = None
    more: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def with_settings(self, release: ReleaseSettings) -> TableFile:
        """The same with the user's key, and under the domains of a recipe.

        Raises:
            DataError: if the key is none that should be used, or the recipe does not fit the table.
        """
        key = None if release.key_file is None else read_key(release.key_file, out=release.out)
        bound = told_of(release)
        if not bound:
            return replace(self, secret_key=key)
        check_key(None if key is None else key.mark, bound, release)
        check_hierarchies(self.held, bound)
        check_columns(self.data.cells.names, bound, self.data.name)
        suppress = self.held.unseen == "suppress"
        data = under(self.data, bound.get("domains", {}), suppress=suppress)
        data = data_under_made(data, bound, suppress=suppress)
        return replace(self, data=data, secret_key=key, more=suppressed(self.data, data), recipe=bound)

    def told(self, mechanism: AnyMechanism, reread: Cells, *, apart: bool) -> Mapping[str, Any]:
        """Settings, hierarchies and public domains."""
        made = recipe_of(mechanism, self.data, None if apart else reread, earlier=self.recipe)
        return told(mechanism, self.held, self.data, made)

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
        """The mechanism with the known columns, the secret, the hierarchies and the key of this table.

        Raises:
            DataError: for pseudonyms without a key, or of the column that names people.
        """
        made = audits.bound(mechanism, self.data, self.held)
        return in_order(
            [self._keyed(step) if isinstance(step, Pseudonyms) else step for step in steps_of(made)]
        )

    def _keyed(self, step: Pseudonyms) -> Pseudonyms:
        if step.column == self.held.id:
            raise DataError(
                f"{step.column!r} names people (`--id`) and is never released: leave out --id to release "
                "pseudonyms of it."
            )
        if self.secret_key is None:
            raise DataError(
                f"pseudonyms of {step.column!r} need a key: give a file of 32 random bytes that only you can "
                "read (`--key-file`)."
            )
        return replace(step, key=self.secret_key)

    def rows(self, mechanism: AnyMechanism) -> Ints:
        return np.arange(len(self.data.cells))

    def write(self, view: Cells, numbers: Ints | None, path: Path) -> None:
        """Write a release, rows in the order of their numbers and columns in that of the original.

        Columns that the protection left as they were are written as they stood. Others are written as text,
        a cell a value, a range or a group of the hierarchy.
        """
        frame, given = self._frame(self.held.records), self.data.cells
        columns: dict[str, pl.Series] = {}
        for i, domain in enumerate(view.domains):
            low, high, name = view.low[:, i], view.high[:, i], domain.name
            known = given.domains[given.at(name)] if name in given.names else None
            if known is None or known.digest() != domain.digest():
                columns[name] = self._new(domain, low, high)
            elif _equal(given.low[:, given.at(name)], low, high):
                columns[name] = self._shown(frame[name])
            else:
                columns[name] = pl.Series(cell_texts(domain, low, high, self.data.hierarchies.get(name)))
        if numbers is None and self.held.id is not None:
            columns[self.held.id] = frame[self.held.id]
        order = np.arange(len(view)) if numbers is None else np.argsort(numbers)
        names = [c for c in self.source.columns if c in columns]
        names += [c for c in columns if c not in names]
        write_table(pl.DataFrame([columns[c].gather(order).alias(c) for c in names]), path, self.source)

    def reread(self, path: Path, numbers: Ints | None) -> Cells:
        """What a written file says, its rows in the order of the original."""
        frame = self._frame(path)
        order = np.arange(frame.height) if numbers is None else numbers - 1
        known = {d.name: d for d in self.given.domains}
        # The ids of people are no cells of theirs.
        names = [c for c in known if c in frame.columns]
        names += [c for c in frame.columns if c not in {*known, self.held.id}]
        found = [
            released_column(
                frame[c], known.get(c), name="the protected file", hierarchy=self.data.hierarchies.get(c)
            )
            for c in names
        ]
        low = np.stack([low for _, low, _ in found], axis=1)[order]
        high = np.stack([high for *_, high in found], axis=1)[order]
        # Whose a row is stands in no file: it is known from the order of the original.
        return Cells(tuple(domain for domain, _, _ in found), low, high, self.given.people)

    def same(self, view: Cells, reread: Cells) -> Claim:
        return Claim("the file holds the protected rows and no others", same_cells(view, reread))

    def counts(self, view: Cells) -> Mapping[str, int]:
        """Rows, people where somebody has several, and cells that say nothing."""
        people = {} if view.people is None else {"people": number_of_people(view)}
        return {"rows": len(view), **people, "suppressed cells": int(view.suppressed.sum())}

    def dropped(self, view: Cells) -> Sequence[str]:
        """Columns that are gone; those that became several columns are not."""
        return tuple(
            name
            for name in self.given.names
            if name not in view.names
            and not any(other.startswith((f"{name}=", f"{name}.")) for other in view.names)
        )

    def notes(self, view: Cells, mechanism: AnyMechanism) -> Sequence[str]:
        """How the table was read, and what a promise takes for granted."""
        several, promised = self.data.several, mechanism.budget is not None
        return (
            *(() if several is None else (*several.said(lambda n: f"{n:,}"), several.which)),
            *self.data.notes,
            *self.data.warnings,
            *self.more,
            *left_as_is(self.data.cells, view),
            *cut_at_bounds(self.data.cells, mechanism),
            *((PUBLIC_VALUES,) if promised else ()),
            *((SHARED.format(several.most),) if promised and several is not None else ()),
        )

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Each row of the original, from 1, with its row in the release."""
        return [(str(row), number) for row, number in enumerate(numbers.tolist(), 1)]

    def subject(self, reread: Cells | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        # Bound without the user's key: the adversary of the audit knows how, and not the secret.
        made = None if mechanism is None else audits.bound(mechanism, self.data, self.held)
        data = self.data
        if reread is not None:
            seen = reread if made is None else audits.read_back(made, self.data).read(reread)
            data = replace(data, released=seen)
        return audits.subject_of(self.held, data, settings=settings, how=HowMade(made))

    def _shown(self, column: pl.Series) -> pl.Series:
        """A column as it stood, without the values that a recipe never saw."""
        hidden = self.data.hidden.get(column.name)
        if hidden is None:
            return column
        return column.to_frame("v").select(pl.when(~pl.Series(hidden)).then(pl.col("v")))["v"]

    def _new(self, domain: Domain, low: NDArray[np.int32], high: NDArray[np.int32]) -> pl.Series:
        """A column with values that the original lacks."""
        if np.array_equal(low, high):
            return own_values(domain, low)
        return pl.Series(cell_texts(domain, low, high))

    def _frame(self, table: Tabular) -> pl.DataFrame:
        return read_table(table, name="the protected file", reading=reading_of(self.held)).frame


def _equal(codes: NDArray[np.int32], low: NDArray[np.int32], high: NDArray[np.int32]) -> bool:
    return np.array_equal(low, codes) and np.array_equal(high, codes)


def read(held: Table) -> TableFile | LargeFile:
    """Read the table, or the distinct rows of one that is too large to hold.

    Raises:
        DataError: if it cannot be read, or a released table is given: what is protected is the records.
    """
    if held.released is not None or held.control is not None:
        raise DataError("protect takes one table: give the released table itself as the records.")
    return LargeFile(held, read_large(held)) if is_too_large(held) else TableFile(held, read_data(held))


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
    takes=ONLY_SOME,
    prepare=prepare,
    until=least_change,
    form="The protected table keeps the format of the original, and its columns in their order. The column "
    "that names people is left out. Rows get new random numbers, and stand in their order (--ids keep: in "
    "that of the original, with the ids).",
)
