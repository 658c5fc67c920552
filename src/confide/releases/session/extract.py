"""Extracts: the rows that a session asks of, read once, cut for each person, and gone with the session."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

import duckdb

from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.inputs.large.sql import literal, quoted
from confide.inputs.large.store import refuse_like_names
from confide.releases.session.beside import Beside, columns_of, joint_digest, read_as, salt_of
from confide.releases.session.bounding import OWN, PLACE, Bound
from confide.releases.session.identity import Identity
from confide.releases.sql import Column, PrivateTable, Schema
from confide.releases.sql.refusal import offered

Keep: TypeAlias = Literal["memory", "file"]
"""Where the extract is: in memory, or in a file that only its owner can read."""
SOURCE, TABLE = "confide_source", "confide_extract"


class Extract:
    """The rows of a session in a DuckDB of its own, without network and without extensions.

    Args:
        path: a .parquet file.
        unit: what the promise hides: one row, or all rows of a person.
        order: columns by which a person's rows are kept; empty for a draw by `salt`.
        keep: where the extract is.
        salt: of the draw.
        beside: tables that queries may join.
        derived: further columns: a name, and SQL of a whole number that is a function of the row alone and
            cannot fail on it. They are made before people's rows are cut, and change nothing else.

    Raises:
        DataError: if a file cannot be read, or a column is none or has no kind that can be asked about.
    """

    dialect: Literal["duckdb"] = "duckdb"

    def __init__(
        self,
        path: Path,
        *,
        unit: Unit,
        order: tuple[str, ...],
        keep: Keep,
        salt: tuple[int, int],
        beside: Sequence[Beside] = (),
        derived: Mapping[str, str] | None = None,
    ) -> None:
        if path.suffix.lower() != ".parquet":
            raise DataError(
                f"{path.name} is no .parquet file: the types of columns must be declared, and not guessed "
                "from people's values. Save it as .parquet."
            )
        self.identity = Identity.of(path)
        self.others = tuple(Identity.of(one.path) for one in beside)
        self._beside = tuple(beside)
        self.derived = dict(derived or {})
        # A folder of mode 700: what does not fit the memory, and a file extract, are the owner's alone.
        self._room = TemporaryDirectory(prefix="confide-")
        folder = Path(self._room.name)
        self._base = duckdb.connect(str(folder / "extract.db") if keep == "file" else ":memory:")
        try:
            self.schema = self._filled(folder, unit, order, salt)
            self.need_unchanged()
        except BaseException:
            self.close()
            raise

    def ask(self, statement: str) -> Sequence[Sequence[object]]:
        """All rows that a statement answers.

        Raises:
            DataError: if it fails; what DuckDB says may hold a cell, and is not repeated.
        """
        try:
            return self._base.cursor().execute(statement).fetchall()
        except duckdb.Error as error:
            kind = type(error).__name__.removesuffix("Exception")
            raise DataError(
                f"{self.identity.path.name} cannot be read by DuckDB ({kind}): check it."
            ) from None

    @property
    def digest(self) -> str:
        """Of all files about people; a function of the exact data, for the ledger alone."""
        more = [o.digest for o, one in zip(self.others, self._beside, strict=True) if one.about_people]
        return joint_digest(self.identity.digest, more)

    @property
    def public(self) -> list[str]:
        """Digests of the public tables: an answer depends on them too."""
        return [o.digest for o, one in zip(self.others, self._beside, strict=True) if not one.about_people]

    def need_unchanged(self) -> None:
        """Check that all files are what they were.

        Raises:
            DataError: if one is not.
        """
        for one in (self.identity, *self.others):
            one.need_unchanged()

    def close(self) -> None:
        """Close the database; the extract goes with it."""
        self._base.close()
        self._room.cleanup()

    def _filled(self, folder: Path, unit: Unit, order: tuple[str, ...], salt: tuple[int, int]) -> Schema:
        for setting in (
            f"temp_directory = {literal(str(folder / 'spill'))}",
            # DuckDB counts the cores of the machine, also where a process may use fewer.
            f"threads = {_cores()}",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            # Sums have no order, and the draw of a person's rows looks at their numbers alone.
            "preserve_insertion_order = false",
            "TimeZone = 'UTC'",
        ):
            self.ask(f"SET {setting}")
        rows, named = read_as(folder, "source", self.identity.path, self.ask)
        refuse_like_names([*named, *self.derived, PLACE, OWN], self.identity.path.name)
        columns = columns_of(named, self.identity.path.name)
        columns |= {name: Column(kind="integer") for name in self.derived}
        table = PrivateTable(
            name=self.identity.path.stem,
            columns=columns,
            source=(TABLE,),
            unit=unit_column(unit, named, columns, self.identity.path.name),
            at_most=unit.at_most or 1 if unit.kind == "person" else 1,
            unusable={n: said for n, said in named.items() if n not in columns},
        )
        every = ", ".join(quoted(n) for n in columns)
        made = [f"{self.derived[n]} AS {quoted(n)}" if n in self.derived else quoted(n) for n in columns]
        self.ask(f"CREATE VIEW {SOURCE} AS SELECT {', '.join(made)}, file_row_number AS {PLACE} FROM {rows}")
        for column in order:
            if column.removeprefix("-") not in columns:
                raise DataError(f"the order names no column {column!r:.60}: {offered(column, columns)}.")
        if table.unit is None:
            self.ask(f"CREATE TABLE {TABLE} AS SELECT {every} FROM {SOURCE}")
        else:
            bound = Bound(
                unit=table.unit, at_most=table.at_most, columns=tuple(columns), order=order, salt=salt
            )
            for statement in bound.statements(SOURCE, TABLE):
                self.ask(statement)
        joined = tuple(
            one.table(f"{TABLE}_{i}", folder, self.ask, salt_of(salt, i))
            for i, one in enumerate(self._beside, 1)
        )
        # From here on nothing outside the extract can be read, whatever a statement says.
        self.ask("SET enable_external_access = false")
        self.ask("SET lock_configuration = true")
        return Schema(table, joined)


def unit_column(unit: Unit, named: dict[str, str], columns: dict[str, Column], name: str) -> str | None:
    """The person's column; None where each row is another person.

    Raises:
        DataError: if there is none such, or the unit is another.
    """
    if unit.kind == "record":
        return None
    if unit.kind != "person" or unit.column is None or unit.at_most is None:
        raise DataError(
            f"a session cannot hide {unit}: give Unit.person(COLUMN, at_most=ROWS), or Unit.record()."
        )
    if unit.column not in named:
        raise DataError(f"{name} has no column {unit.column!r:.60}: {offered(unit.column, named)}.")
    if unit.column not in columns:
        raise DataError(
            f"{name}: the column {unit.column!r:.60} is {named[unit.column]:.80}, by which no person is "
            "named: save it as whole numbers, or as texts that are equal only if they are the same."
        )
    return unit.column


def _cores() -> int:
    """The cores that this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # another system
        return max(1, os.cpu_count() or 1)
