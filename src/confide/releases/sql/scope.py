"""Names of a query: its tables and their columns, and the columns of its answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from confide.releases.sql.outside import SHAPE, shown
from confide.releases.sql.query import ColumnOf, Released
from confide.releases.sql.refusal import QueryError, offered
from confide.releases.sql.schema import PrivateTable, Table


@dataclass(frozen=True, slots=True)
class Named:
    """A table under the name that the query gives it."""

    called: exp.Identifier
    table: Table


@dataclass(frozen=True, slots=True)
class Scope:
    """The tables whose columns can be named.

    Args:
        tables: the private one, and those that are joined.
    """

    tables: tuple[Named, ...]

    def column(self, node: exp.Column) -> ColumnOf:
        """The column that is meant.

        Raises:
            QueryError: if there is none, or more than one.
        """
        name = node.this
        if not isinstance(name, exp.Identifier):
            raise QueryError(f"{shown(node)} is no column", "name one by itself,", nearest=SHAPE)
        found = [
            ColumnOf(i, column, named.table.columns[column].kind)
            for i, named in self._tables(node)
            for column in matching(name, named.table.columns)
        ]
        if not found:
            for _, named in self._tables(node):
                _refuse_unusable(name, named.table)
            known = [column for _, named in self._tables(node) for column in named.table.columns]
            raise QueryError(f"there is no column {name.this!r:.60}", offered(str(name.this), known))
        if len(found) > 1:
            several = " or ".join(self.written(one) for one in found[:4])
            raise QueryError(f"{shown(node)} is the name of several columns", f"write {several}")
        return found[0]

    def written(self, column: ColumnOf) -> str:
        """A column as a query names it."""
        name = quoted_if_needed(column.name)
        return name if len(self.tables) == 1 else f"{self.tables[column.table].called.sql()}.{name}"

    def _tables(self, node: exp.Column) -> list[tuple[int, Named]]:
        called = node.args.get("table")
        every = list(enumerate(self.tables))
        if not isinstance(called, exp.Identifier):
            return every
        names = [str(named.called.this) for named in self.tables]
        found = [(i, named) for i, named in every if str(named.called.this) in matching(called, names)]
        if not found:
            raise QueryError(f"no table is called {called.this!r:.60} here", offered(str(called.this), names))
        return found


def _refuse_unusable(name: exp.Identifier, table: Table) -> None:
    """Say why a column that the database has can be in no query."""
    if isinstance(table, PrivateTable):
        for column in matching(name, table.unusable):
            raise QueryError(
                f"the column {column:.60} is {table.unusable[column]:.80}, which no query can use",
                "save it as another type, texts as such that are equal only if they are the same",
            )


@dataclass(frozen=True, slots=True)
class Answered:
    """A column of the answer.

    Args:
        name: under which it is shown.
        asked: what stands in the query, without the name.
        released: its place and kind.
        part, place: which group column or which aggregate it is, from 0 on.
    """

    name: str
    asked: exp.Expr
    released: Released
    part: Literal["group", "aggregate"]
    place: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns of the answer, which `having` and `order by` name."""

    columns: tuple[Answered, ...]

    def find(self, node: exp.Expr) -> Released | None:
        """The column of the answer that this names: by its name, or by what was asked."""
        if (
            isinstance(node, exp.Column)
            and not node.args.get("table")
            and isinstance(node.this, exp.Identifier)
        ):
            names = matching(node.this, [c.name for c in self.columns])
            found = [c.released for c in self.columns if c.name in names]
            if len(found) == 1:
                return found[0]
        same = [c.released for c in self.columns if c.asked == node]
        return same[0] if same else None

    def column(self, node: exp.Expr, clause: str) -> Released:
        """The column of the answer that a clause names.

        Raises:
            QueryError: if the answer has no such column.
        """
        found = self.find(node)
        if found is None:
            raise QueryError(
                f"{clause} sees what is released alone, and {shown(node)} is not part of it",
                f"add it to select with a name; {offered(shown(node), [c.name for c in self.columns])}",
            )
        return found


def matching(name: exp.Identifier, known: Iterable[str]) -> list[str]:
    """The names that an identifier means: in quotes exactly this one, else without regard to capitals."""
    text = str(name.this)
    if name.args.get("quoted"):
        return [n for n in known if n == text]
    return [n for n in known if n.lower() == text.lower()]


def quoted_if_needed(name: str) -> str:
    """A name as a query has it: in quotes where it is more than letters, digits and `_`."""
    plain = name.isascii() and name.isidentifier()
    return exp.to_identifier(name, quoted=not plain).sql()


def by_name(name: exp.Identifier, tables: Sequence[Table]) -> Table:
    """The table of this name.

    Raises:
        QueryError: if there is none.
    """
    names = matching(name, [t.name for t in tables])
    if len(names) != 1:
        raise QueryError(
            f"there is no table {name.this!r:.60}",
            f"{offered(str(name.this), [t.name for t in tables])}; files are not read",
        )
    return next(t for t in tables if t.name == names[0])
