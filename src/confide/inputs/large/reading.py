"""A table too large to hold, read by its distinct rows: keys with counts here, rows where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from confide.core.errors import DataError
from confide.core.postgresql import address_of, is_address
from confide.inputs.coded_table import InCodes, in_codes
from confide.inputs.columns import listed
from confide.inputs.large.holding import memory_of
from confide.inputs.large.sql import KEYS
from confide.inputs.large.store import Store, columns_of
from confide.inputs.reading import reading_of
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table as Cells
from confide.views.tally import Tally

if TYPE_CHECKING:
    from confide.inputs.table import Table

KEY = 60
"""Bytes that a cell of a distinct row may take while a recoding is searched; an estimate."""
FREE = {
    "released": "a released table is compared where both can be held",
    "control": "people outside are compared where the table can be held",
    "weight": "weights are read where the table can be held",
}
"""What a table too large to hold is not read with, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LargeTable:
    """A table whose rows stay where they are.

    Args:
        store: where they are.
        tally: the distinct rows of the known columns and the secret, in codes, in the order of their numbers
            in the store.
        known: the columns that the adversary knows.
        secret: the secret column, or "".
        id: the column that names people, or "".
        others: further columns that are released as they are.
        hierarchies: of the known columns, by name.
        made: the known columns whose hierarchy was made here.
    """

    store: Store
    tally: Tally
    known: tuple[str, ...]
    secret: str
    id: str
    others: tuple[str, ...]
    hierarchies: Mapping[str, Hierarchy]
    made: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the distinct rows."""
        return (*self.known, *((self.secret,) if self.secret else ()))

    @property
    def read_as(self) -> str:
        """How the columns were read, in a sentence without any value of theirs."""
        kinds = [
            f"{d.name} {'text' if d.numbers is None else 'number or date'}{', some missing' * d.missing}"
            for d in self.tally.rows.domains
        ]
        return f"Read as: {'; '.join(kinds)}."


def read_large(held: Table) -> LargeTable:
    """Open the table, count its distinct rows, and bring these into codes. The caller closes the store.

    Raises:
        DataError: if a file or column cannot be used, or something is asked that cannot be done at this size.
    """
    for name, why in FREE.items():
        if getattr(held, name) is not None:
            raise DataError(
                f"the table is too large to hold, and {why}: leave out --{name}, or allow --memory."
            )
    if held.unseen == "suppress":
        raise DataError(
            "the table is too large to hold, and values that a hierarchy misses are suppressed where it can "
            "be held: add them to the files, and leave out --unseen."
        )
    store = _open(held)
    try:
        return _read(held, store)
    except BaseException:
        store.close()
        raise


def _open(held: Table) -> Store:
    memory = memory_of(held.memory)
    if is_address(held.records):
        from confide.inputs.large.postgresql import PostgresStore

        if held.table is None:
            raise DataError("the database has many tables: name one (`--table people`).")
        return PostgresStore(address_of(str(held.records)), held.table, memory=memory)
    from confide.inputs.large.duck import DuckStore

    return DuckStore(Path(held.records), reading_of(held), memory=memory // 2)


def _read(held: Table, store: Store) -> LargeTable:
    key = (*held.columns, *(() if held.secret is None else (held.secret,)))
    _need(store, (*key, *(() if held.id is None else (held.id,))))
    _need_ids(store, held)
    store.do(store.dialect.counted_keys(store.source, key))
    many, total = (int(str(x)) for x in store.ask(f"SELECT count(*), coalesce(sum(n), 0) FROM {KEYS}")[0])
    if not total:
        raise DataError(f"{store.name} has no rows: there is nothing to audit.")
    memory = memory_of(held.memory)
    if many * (len(key) + 2) * KEY > memory:
        raise DataError(
            f"{store.name} has {many:,} different rows in {', '.join(key)}, and these are too many to hold "
            "for any protection, local recoding included: name fewer known columns, or allow "
            "more memory (--memory)."
        )
    frame = store.fetch(
        f"SELECT {', '.join(f'k{i}' for i in range(len(key)))}, n FROM {KEYS} ORDER BY id",
        [*(store.kinds[c] for c in key), pl.Int64()],
    )
    count = frame["n"].cast(pl.Int64).to_numpy()
    plain = frame.drop("n").rename(dict(zip(frame.columns, key, strict=False)))
    known = in_codes(plain, held.columns, folder=held.hierarchies, count=count)
    rest = in_codes(plain, key[len(held.columns) :], count=count)
    cells = Cells.of((*known.domains, *rest.domains), np.hstack([known.codes, rest.codes]))
    if held.secret is not None and len(np.unique(rest.codes)) < 2:
        raise DataError(
            f"{store.name}: the secret {held.secret!r} is the same in every row: there is nothing to infer."
        )
    return LargeTable(
        store=store,
        tally=Tally(cells, count),
        known=held.columns,
        secret=held.secret or "",
        id=held.id or "",
        others=tuple(c for c in columns_of(store.kinds) if c not in {*key, held.id}),
        hierarchies=dict(zip(held.columns, known.hierarchies, strict=True)),
        made=_made(held, known),
    )


def _made(held: Table, known: InCodes) -> tuple[str, ...]:
    return tuple(c for c in held.columns if c not in known.read)


def _need(store: Store, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in store.kinds:
            raise DataError(f"{store.name} has no column {column!r}: it has {listed(list(store.kinds))}.")
        if store.kinds[column] == pl.Null:
            raise DataError(f"{store.name}: column {column!r} holds no numbers, dates, text or truth values.")


def _need_ids(store: Store, held: Table) -> None:
    """Refuse ids that are missing, or that several rows share."""
    if held.id is not None and store.ask(store.dialect.twice(store.source, held.id)):
        raise DataError(
            f"{store.name}: column {held.id!r} has an id that is missing or that several rows share: an "
            "adversary that finds one of these rows has found the person. Give one row a person."
        )
