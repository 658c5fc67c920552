"""Tables beside the private one: public ones, and a second one about the same people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.inputs.large.sql import literal, quoted
from confide.inputs.large.store import refuse_like_names
from confide.releases.session.bounding import OWN, PLACE, Bound
from confide.releases.sql import Column, PersonTable, PublicTable, kind_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Asks: TypeAlias = Callable[[str], Sequence[Sequence[object]]]
Where: TypeAlias = "Path | str | DataFrame"
"""A file; on a server NAME or SCHEMA.NAME; in Spark a table, a folder of parquet files or a DataFrame."""
Given: TypeAlias = "Mapping[str, tuple[Where, str | Sequence[str]]]"
"""For the name of a table where it is, and its key or the person's column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A table that queries may join.

    Args:
        name: in queries.
        where: it is.
        key: of a public table, the columns that name one row; else the person's column alone.
        about_people: whether its rows are about the same people, and as secret.
    """

    name: str
    where: Where
    key: tuple[str, ...]
    about_people: bool

    @property
    def text(self) -> str:
        """The name of its file, or on a server its own.

        Raises:
            DataError: if it is given as something else.
        """
        if not isinstance(self.where, str | PathLike):
            raise DataError(f"{self.name!r:.60} is {shown(self.where)}: give where the table is, as a text.")
        return str(self.where)

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self.text)

    def declared(self, columns: Mapping[str, Column], place: str) -> PublicTable | PersonTable:
        """What queries know of the table.

        Raises:
            DataError: if its key is no key.
        """
        if self.about_people:
            return PersonTable(name=self.name, columns=columns, source=(place,), unit=self.key[0])
        return PublicTable(name=self.name, columns=columns, source=(place,), key=self.key)

    def table(self, place: str, folder: Path, ask: Asks, salt: tuple[int, int]) -> PublicTable | PersonTable:
        """Copy the table into the extract, one row of each person, and say what it is.

        Args:
            place: its name there.
            folder: of the extract.
            ask: runs a statement.
            salt: of the draw of people's rows.
        """
        rows, named = read_as(folder, place, self.path, ask)
        refuse_like_names([*named, PLACE, OWN], self.path.name)
        columns = columns_of(named, self.path.name)
        made = self.declared(columns, place)
        every = ", ".join(quoted(n) for n in columns)
        if not isinstance(made, PersonTable):
            ask(f"CREATE TABLE {place} AS SELECT {every} FROM {rows}")
            return made
        ask(f"CREATE VIEW {place}_source AS SELECT {every}, file_row_number AS {PLACE} FROM {rows}")
        bound = Bound(unit=made.unit, at_most=1, columns=tuple(columns), salt=salt)
        for statement in bound.statements(f"{place}_source", place):
            ask(statement)
        return made


def beside_of(public: Given, second: Given) -> tuple[Beside, ...]:
    """The tables that a user names.

    Raises:
        DataError: for one that is no pair of a file and columns.
    """
    found: list[Beside] = []
    for about_people, given in ((False, public), (True, second)):
        for name, pair in given.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                what = "the person's column" if about_people else "its key"
                raise DataError(f"{name!r:.60} is no table: give a file and {what}, as a pair.")
            where, columns = pair
            key = (columns,) if isinstance(columns, str) else tuple(columns)
            if about_people and len(key) != 1:
                raise DataError(f"{name!r:.60} has {len(key)} person's columns: give one.")
            found.append(Beside(name=name, where=where, key=key, about_people=about_people))
    return tuple(found)


def salt_of(salt: tuple[int, int], number: int) -> tuple[int, int]:
    """The salt of one of several tables: with the same for all, draws of a person went together."""
    return salt[0] ^ number, salt[1]


def joint_digest(own: str, more: Sequence[str]) -> str:
    """Of the private table, and all others about people.

    Args:
        own: digest of the private table.
        more: of the others, in order.
    """
    return sha256("".join([own, *more]).encode()).hexdigest() if more else own


def read_as(folder: Path, name: str, path: Path, ask: Asks) -> tuple[str, dict[str, str]]:
    """The rows of a file as SQL has them, and the declared types of its columns.

    Args:
        folder: of the extract.
        name: that is free in it.
        path: of the file.
        ask: runs a statement.
    """
    # DuckDB takes * and [ in a name for patterns: it gets another name for the file.
    link = folder / f"{name}.parquet"
    link.symlink_to(path.absolute())
    rows = f"read_parquet({literal(str(link))}, file_row_number = true)"
    told = [(str(column), str(said)) for column, said, *_ in ask(f"DESCRIBE SELECT * FROM {rows}")]
    return rows, {column: said for column, said in told if column != "file_row_number"}


def columns_of(named: Mapping[str, str], name: str) -> dict[str, Column]:
    """The columns that can be asked about.

    Raises:
        DataError: if there is none.
    """
    columns = {n: Column(kind=k) for n, said in named.items() if (k := kind_of(said)) is not None}
    if not columns:
        raise DataError(f"{name} has no column of numbers, texts, dates or truth values.")
    return columns
