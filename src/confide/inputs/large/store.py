"""Where the rows of a table too large to hold are: what is asked of a file or a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.inputs.csv_files import CsvForm
from confide.inputs.large.sql import Dialect

SUFFIX = ".postgresql"
"""Of the file that names a table released into a database."""

Kinds: TypeAlias = Mapping[str, pl.DataType]
"""Columns and their types as polars has them; `pl.Null` for one that cannot be read."""


class Store(Protocol):
    """A table in its file or database."""

    dialect: Dialect
    name: str
    source: str
    kinds: Kinds
    path: Path | None
    form: CsvForm | None

    def do(self, statement: str) -> None:
        """Run a statement that answers nothing.

        Raises:
            DataError: if the database refuses it.
        """
        ...

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement that answers few rows."""
        ...

    def fetch(self, statement: str, kinds: Sequence[pl.DataType | None]) -> pl.DataFrame:
        """What a statement answers; it comes through a file, and not value by value.

        Args:
            statement: a query.
            kinds: of its columns; None: text, as it is written there.
        """
        ...

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Make a working table of the columns of a frame: whole numbers, numbers and text."""
        ...

    def need_room(self, out: Path, *, force: bool) -> None:
        """Check that the release has room in a database; that of a file is checked elsewhere.

        Raises:
            DataError: if the name is taken.
        """
        ...

    def write(self, select: str, out: Path, names: Sequence[str]) -> str:
        """Write what a query answers as the release; a source to read it again from.

        Args:
            select: the query.
            out: a draft of the file, or of the file that names the table.
            names: of its columns.
        """
        ...

    def kept(self, out: Path) -> AbstractContextManager[None]:
        """Keep what is written if the block ends well, and nothing of it otherwise.

        Args:
            out: the place of the release.
        """
        ...

    def close(self) -> None:
        """Let go of the table, and remove all that was written aside."""
        ...


def columns_of(kinds: Kinds) -> tuple[str, ...]:
    """The columns that can be read."""
    return tuple(name for name, kind in kinds.items() if kind != pl.Null)


def refuse_like_names(names: Sequence[str], name: str) -> None:
    """Refuse names of columns that differ in capitals alone: DuckDB takes them for one.

    Raises:
        DataError: with both.
    """
    seen: dict[str, str] = {}
    for column in names:
        other = seen.setdefault(column.casefold(), column)
        if other != column:
            raise DataError(
                f"{name}: the columns {other!r} and {column!r} differ in capitals alone, and at this size "
                "they cannot be told apart: give one of them another name."
            )
