"""A table too large to hold, released: the recoding is found on distinct rows, and goes back as a join."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from confide.audits import table as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.cells import cell_texts
from confide.inputs.large.drawing import drawn_data, keys_data
from confide.inputs.large.drawn import TOO_LARGE
from confide.inputs.large.reading import LargeTable
from confide.inputs.large.source import source_of
from confide.inputs.large.sql import CLASS_OF, CLASSES, literal, quoted
from confide.inputs.own_columns import released_column
from confide.inputs.source import Origin
from confide.inputs.table import Table, TableData
from confide.inputs.table_words import dates_as_text
from confide.mechanisms.anonymize.on_tallies import RECODINGS, OnTallies
from confide.mechanisms.in_order import steps_of
from confide.releases.settings import ReleaseSettings
from confide.releases.table_again import recipe_of, under_made
from confide.releases.table_recipe import check_columns, check_hierarchies, told_of
from confide.releases.table_told import told
from confide.views.table import Table as Cells
from confide.views.table_keys import Keys
from confide.views.tally import Tally

CAN = (
    "the table is too large to hold, and {}: use one of local, lattice and mondrian, or allow more memory "
    "(--memory)."
)
CANNOT = {
    "find": "--find plays attacks on many versions of it",
    "until": "--until plays attacks on many versions of it",
    "key_out": "nobody keeps the place of each row in the release (--key-out)",
}
"""Settings that need all rows."""
NOT_LOOKED = (
    "Columns that name people were not looked for at this size: `confide identifiers` on a part of the table "
    "finds them, and all columns but the id are released."
)
Mark: TypeAlias = tuple[object, ...]


@dataclass(slots=True, eq=False)
class _Written:
    """What was written: where it can be read again, and what is shown of each distinct row."""

    source: str = ""
    shown: Cells | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LargeFile:
    """A table of people whose rows stay where they are, and its distinct rows in codes.

    Args:
        held: the record that the user filled in.
        large: the same, read.
        release: what is to be written.
        recipe: what an earlier sidecar tells of how its settings were bound, where one is the recipe.
    """

    held: Table
    large: LargeTable
    release: ReleaseSettings | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    _written: _Written = field(default_factory=_Written)

    def with_settings(self, release: ReleaseSettings) -> LargeFile:
        """The same with the place of the release.

        Raises:
            DataError: for what cannot be done at this size.
        """
        for name, why in CANNOT.items():
            if getattr(release, name) is not None:
                raise DataError(CAN.format(why))
        if release.key_file is not None:
            raise DataError(CAN.format("pseudonyms are made where it can be held (--key-file)"))
        self.source.refuse_form(release.out)
        self.large.store.need_room(release.out, force=release.force)
        bound = told_of(release)
        return replace(self, release=release, large=self._under(bound), recipe=bound)

    def _under(self, bound: Mapping[str, Any]) -> LargeTable:
        """The table under the hierarchies of a recipe."""
        large = self.large
        if not bound:
            return large
        check_hierarchies(self.held, bound)
        check_columns((*large.key, *large.others), bound, large.store.name)
        # Suppressed cells would have to be written into columns that else stay as they are.
        rows, hierarchies, _ = under_made(
            large.tally.rows, bound, made=large.made, table=large.store.name, suppress=False, rows=False
        )
        tally = replace(large.tally, rows=rows)
        return replace(large, tally=tally, hierarchies={**large.hierarchies, **hierarchies})

    @property
    def source(self) -> Origin:
        return source_of(self.large)

    @property
    def given(self) -> Tally:
        return self.large.tally

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Let go of the rows; what is written in a database and not kept is gone."""
        self.large.store.close()

    def kept(self, out: Path) -> AbstractContextManager[None]:
        """Keep what is written in a database if the block ends well."""
        return self.large.store.kept(out)

    def bound(self, mechanism: AnyMechanism) -> AnyMechanism:
        """The recoding with the known columns and hierarchies of this table, on its distinct rows.

        Raises:
            DataError: for any other protection, or several.
        """
        steps = steps_of(audits.bound(mechanism, self._keys(), self.held))
        step = steps[0]
        if len(steps) > 1 or not isinstance(step, RECODINGS):
            raise DataError(
                CAN.format("only one recoding of the known columns can be put back into all rows")
            )
        return OnTallies(step=step)

    def told(self, mechanism: AnyMechanism, reread: Tally, *, apart: bool) -> Mapping[str, Any]:
        """Settings, hierarchies, and the columns."""
        assert isinstance(mechanism, OnTallies)
        keys = self._keys()
        made = recipe_of(mechanism.step, keys, None if apart else reread.rows, earlier=self.recipe)
        said = told(mechanism.step, self.held, keys, made)
        return {**said, "columns": [*self.large.key, *self.large.others]}

    def rows(self, mechanism: AnyMechanism) -> Ints:
        """Nobody here: rows get their order where they are."""
        return np.empty(0, np.int64)

    def write(self, view: Tally, numbers: Ints | None, path: Path) -> None:
        """Join each row with what is shown of its distinct row; columns in the order of the original.

        Columns that the protection left as they were are written as they stood, others as text.
        """
        large = self.large
        changed = self._changed(view.rows)
        self._load(view.rows, changed)
        id_kept = [large.id] if numbers is None and large.id else []
        shown = {
            name: f"c.r{changed.index(name)}" if name in changed else f"s.{quoted(name)}"
            for name in large.store.kinds
            if name in {*large.key, *large.others, *id_kept}
        }
        store = large.store
        select = store.dialect.released(store.source, large.key, shown, order=self._order(numbers is None))
        self._written.shown = view.rows
        self._written.source = store.write(select, path, list(shown))

    def reread(self, path: Path, numbers: Ints | None) -> Tally:
        """The distinct rows of what was written, and how many rows are like each.

        Raises:
            DataError: if rows are lost or doubled, or another column is not as it was.
        """
        large, store, written = self.large, self.large.store, self._written.source
        others = (*large.others, *((large.id,) if numbers is None and large.id else ()))
        before: Mark = store.ask(store.dialect.fingerprint_of(store.source, others))[0]
        after: Mark = store.ask(store.dialect.fingerprint_of(written, others))[0]
        if before != after:
            raise DataError(
                f"what was written has {after[0]} rows and the table {before[0]}, or a column that was to "
                "stay as it is does not: nothing was kept. Run the command again."
            )
        changed = [] if self._written.shown is None else self._changed(self._written.shown)
        kinds = [None if c in changed else store.kinds[c] for c in large.key]
        found = store.fetch(store.dialect.counted_rows(written, large.key), [*kinds, pl.Int64()])
        known = self.given.rows.domains
        columns = [
            released_column(
                found.to_series(i).alias(d.name),
                d,
                name="the protected table",
                hierarchy=large.hierarchies.get(d.name),
            )
            for i, d in enumerate(known)
        ]
        low = np.stack([low for _, low, _ in columns], axis=1)
        high = np.stack([high for *_, high in columns], axis=1)
        count = found.to_series(len(known)).cast(pl.Int64).to_numpy()
        return Tally(Cells(tuple(d for d, *_ in columns), low, high), count)

    def same(self, view: Tally, reread: Tally) -> Claim:
        text = "the table holds the protected rows and no others, and all other columns as they were"
        return Claim(text, view.says_same(reread))

    def counts(self, view: Tally) -> Mapping[str, int]:
        """Rows, and cells that say nothing."""
        hidden = view.rows.suppressed.sum(axis=1)
        return {"rows": view.total, "suppressed cells": int(hidden @ view.count)}

    def dropped(self, view: Tally) -> Sequence[str]:
        """None: columns that can be read are all released."""
        return ()

    def notes(self, view: Tally, mechanism: AnyMechanism) -> Sequence[str]:
        """How the table was read."""
        return (
            TOO_LARGE,
            NOT_LOOKED,
            self.large.read_as,
            *dates_as_text(self.large.tally.rows.domains),
        )

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        """Nobody has it: `with_settings` refuses to write one."""
        return ()

    def subject(self, reread: Tally | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        """People drawn from the table, with what is released of them."""
        assert mechanism is not None  # `with_settings` refuses what would audit the original here
        made = audits.bound(mechanism, self._keys(), self.held)
        rng, shown = settings.rng("sample"), self._written.shown
        data = drawn_data(self.held, self.large, shown, rng=rng, seed=settings.seed)
        return audits.subject_of(self.held, data, settings=settings, how=HowMade(made))

    def _keys(self) -> TableData:
        return keys_data(self.large)

    def _changed(self, shown: Cells) -> list[str]:
        """The known columns that are not as they were."""
        given, found = self.given.rows, list[str]()
        for name in self.large.known:
            at = given.at(name)
            if not all(np.array_equal(given.low[:, at], ends[:, at]) for ends in (shown.low, shown.high)):
                found.append(name)
        return found

    def _load(self, shown: Cells, changed: Sequence[str]) -> None:
        """Put the recoding beside the rows: the class of each distinct row, and the texts of each class."""
        store, at = self.large.store, [shown.at(c) for c in changed]
        ranges = np.hstack([shown.low[:, at], shown.high[:, at]])
        found = Keys.of(ranges, np.tile(shown.sizes[at], 2))
        d, texts = len(changed), dict[str, pl.Series]()
        for i, name in enumerate(changed):
            low, high = found.codes[:, i], found.codes[:, d + i]
            domain, hierarchy = shown.domains[at[i]], self.large.hierarchies.get(name)
            texts[f"r{i}"] = pl.Series(cell_texts(domain, low, high, hierarchy), dtype=pl.String)
        for table in (CLASS_OF, CLASSES):
            store.do(f"DROP TABLE IF EXISTS {table}")
        store.load(CLASS_OF, pl.DataFrame({"id": np.arange(len(found.row)), "class": found.row}))
        store.load(CLASSES, pl.DataFrame({"id": np.arange(len(found.codes)), **texts}))

    def _order(self, kept: bool) -> str:
        """By what rows are sorted: as they stood where their ids are kept, else at random."""
        store, dialect = self.large.store, self.large.store.dialect
        if kept:
            return f"s.{dialect.place}" if dialect.place else ""
        seed = None if self.release is None else self.release.rehearse
        if seed is not None and dialect.seeding:
            store.do(dialect.seeding.format(seed=seed % 2**31 / 2**31))
            return dialect.draw
        key = secrets.token_hex(32) if seed is None else f"{seed:x}"
        return dialect.shuffle.format(key=literal(key))
