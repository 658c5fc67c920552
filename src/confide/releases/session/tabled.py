"""Contingency tables over sets of columns, all paid by one price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.fields import shown
from confide.mechanisms.statistics.contingency_tables import PrivateTables
from confide.mechanisms.statistics.intervals import LEVEL
from confide.releases.session.grouped import COUNT, TYPES, columns_of_counts, counts_by, exact_counts, stored
from confide.releases.session.planning import MOST_NUMBERS
from confide.releases.session.prices import Price
from confide.releases.session.speaking import Stored, keys_read
from confide.releases.sql import Dialect, PrivateTable, Query, QueryError
from confide.releases.sql.answers import Asks
from confide.releases.sql.query import Key

TABLE = "table"
"""The column of an answer that says to which of several tables a cell belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """Contingency tables.

    Args:
        queries: of each table one, which counts the rows of each cell.
    """

    queries: tuple[Query, ...]

    @classmethod
    def of(
        cls,
        table: PrivateTable,
        columns: Sequence[str] | Sequence[Sequence[str]],
        keys: Mapping[str, Iterable[object]],
    ) -> Tabled:
        """The question as a user puts it.

        Raises:
            QueryError: for tables or keys that cannot be.
        """
        sets = _sets(columns)
        if not isinstance(keys, Mapping):
            raise QueryError(
                f"keys is {shown(keys)}", 'give a list for each column, such as {"state": ["NY"]}'
            )
        named = {str(name) for one in sets for name in one}
        for name in keys:
            if name not in named:
                raise QueryError(f"keys are given for {shown(name)}, which is in no table", "leave them out")
        # An iterator is read once, and several tables may need its keys.
        listed = {
            n: k if isinstance(k, str) or not isinstance(k, Iterable) else list(k) for n, k in keys.items()
        }
        queries = tuple(
            counts_by(table, one, people=False, keys={n: listed[n] for n in one if n in listed})  # pyright: ignore[reportArgumentType]
            for one in sets
        )
        cells = sum(len(query.keys or ()) for query in queries)
        if cells > MOST_NUMBERS:
            raise QueryError(
                f"the tables have {cells:,} cells", f"ask for at most {MOST_NUMBERS:,}: fewer columns or keys"
            )
        if len(sets) > 1 and TABLE in named:
            raise QueryError(f"the answer has a column {TABLE} of its own", "ask for one table at a time")
        return cls(queries=queries)

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each table."""
        return tuple(tuple(group.name for group in query.groups) for query in self.queries)

    @property
    def asked(self) -> str:
        return "contingency tables of " + "; ".join(" by ".join(one) for one in self.sets)

    def widths(self, price: Price) -> dict[str, float]:
        """How far the noise moves the count of a cell."""
        return {COUNT: float(self._mechanism(price).law_of_cells.half_width(LEVEL))}

    def notes(self, price: Price) -> tuple[str, ...]:
        """That sums of cells differ between tables."""
        several = len(self.queries) > 1
        return ("Each table has noise of its own, so that their sums do not agree.",) * several

    def speak(self, price: Price, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
        """Count, add noise, and give what may be released: the cells of one table after the other."""
        keys: list[Key] = []
        exact: list[int] = []
        for query in self.queries:
            found = exact_counts(query, ask, dialect)
            keys, exact = [*keys, *found[0]], [*exact, *found[1]]
        # A secure mechanism draws nothing from the generator.
        rng = np.random.default_rng(0)
        made = self._mechanism(price).of_counts(exact, tuple(range(len(keys))), rng=rng)
        return stored(keys, made.view)

    def frame(self, stored: Stored) -> pl.DataFrame:
        """A row for each cell; of several tables with the name of its table, and nulls for other columns."""
        kinds = {group.name: group.kind for query in self.queries for group in query.groups}
        one = len(self.queries) == 1
        rows: list[tuple[object, ...]] = []
        start = 0
        for query in self.queries:
            end = start + len(query.keys or ())
            part: Stored = {name: found[start:end] for name, found in stored.items()}
            names, start = [group.name for group in query.groups], end
            read = keys_read(part, [group.kind for group in query.groups])
            for key, cells in zip(read, part["cells"], strict=True):
                values = dict(zip(names, key, strict=True))
                told = () if one else (" by ".join(names),)
                rows.append((*told, *(values.get(name) for name in kinds), *cells))
        schema = {**({} if one else {TABLE: pl.String}), **{n: TYPES[k] for n, k in kinds.items()}}
        return pl.DataFrame(rows, schema={**schema, **columns_of_counts()}, orient="row")

    def _mechanism(self, price: Price) -> PrivateTables:
        epsilon, _ = price.pure("tables")
        query = self.queries[0]
        bound = None if query.table.unit is None else query.at_most
        return PrivateTables(epsilon=epsilon, sets=self.sets, at_most=bound)


def _sets(columns: object) -> list[list[object]]:
    """The columns of each table: a list of texts is one table."""
    such = 'such as ["state", "age"], or of several tables [["state", "age"], ["state"]]'
    if isinstance(columns, str | bytes) or not isinstance(columns, Sequence) or not columns:
        raise QueryError(f"the columns are {shown(columns)}", f"give a list, {such}")
    one = [isinstance(part, str) for part in columns]
    if all(one):
        return [list(columns)]
    lists = [list(part) if isinstance(part, list | tuple) else [] for part in columns]
    if any(one) or not all(lists):
        raise QueryError(f"the columns are {shown(columns)}", f"give lists of names alone, {such}")
    for place, names in enumerate(lists):
        if set(map(str, names)) in [set(map(str, earlier)) for earlier in lists[:place]]:
            raise QueryError(f"the table of {' by '.join(map(str, names))} is asked twice", "ask it once")
    return lists
