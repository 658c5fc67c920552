"""Extracts on a server: a PostgreSQL table whose rows never leave; aggregates of a cut copy come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from threading import Lock
from typing import Literal

from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.postgresql import address_of
from confide.inputs.large.postgresql import PostgresStore
from confide.inputs.large.sql import quoted
from confide.releases.session.beside import Beside, joint_digest, salt_of
from confide.releases.session.extract import TABLE, unit_column
from confide.releases.session.server_tables import columns_in, cut, is_read_alike
from confide.releases.sql import Column, PersonTable, PrivateTable, PublicTable, Schema
from confide.releases.sql.refusal import offered

MEMORY = 256_000_000
"""Bytes that the server may take to sort and join."""
FILLED = "confide_filled"
"""The savepoint at which all tables are filled."""


class ServerExtract:
    """The rows of a session in temporary tables of its own connection, which nobody else can see.

    All tables are copied in one snapshot, so that what is written to them meanwhile changes no answer. A
    person's draw is a function of the salt and of their own rows alone: these are numbered by what is in
    them.

    Args:
        address: of the database.
        table: NAME or SCHEMA.NAME.
        unit: what the promise hides.
        order: columns by which a person's rows are kept; empty for a draw by `salt`.
        salt: of the draw.
        beside: tables of the same database that queries may join.
        derived: further columns: a name, and SQL of PostgreSQL of a whole number that is a function of the
            row alone and cannot fail on it.

    Raises:
        DataError: if the server, a table or a column cannot be used.
    """

    dialect: Literal["postgres"] = "postgres"

    def __init__(
        self,
        address: str,
        table: str,
        *,
        unit: Unit,
        order: tuple[str, ...],
        salt: tuple[int, int],
        beside: Sequence[Beside] = (),
        derived: Mapping[str, str] | None = None,
    ) -> None:
        self.derived, self._turn = dict(derived or {}), Lock()
        self._store = PostgresStore(address_of(address), table, memory=MEMORY)
        try:
            # Between two questions an analyst may think for long.
            self._store.do("SET LOCAL idle_in_transaction_session_timeout = 0")
            private, own = self._filled(unit, order, salt)
            joined = [self._joined(one, i, salt_of(salt, i)) for i, one in enumerate(beside, 1)]
            self.schema = Schema(private, tuple(made for made, _ in joined))
            self._store.do(f"SAVEPOINT {FILLED}")
        except BaseException:
            self.close()
            raise
        self.digest = joint_digest(own, [told for made, told in joined if isinstance(made, PersonTable)])
        """Of all tables about people; a function of the exact data, for the ledger alone."""
        self.public = [told for made, told in joined if isinstance(made, PublicTable)]
        """Digests of the public tables: an answer depends on them too."""

    def ask(self, statement: str) -> Sequence[Sequence[object]]:
        """All rows that a statement answers; threads take turns.

        Raises:
            DataError: if it fails.
        """
        with self._turn:
            try:
                return self._store.ask(statement)
            except DataError:
                # Else one that was cancelled would end the transaction, and all after it would be charged in
                # vain.
                with suppress(DataError):
                    self._store.do(f"ROLLBACK TO SAVEPOINT {FILLED}")
                raise

    def need_unchanged(self) -> None:
        """The copy is of one snapshot and does not change."""

    def close(self) -> None:
        """End the connection; the copy goes with it."""
        self._store.close()

    def _filled(self, unit: Unit, order: tuple[str, ...], salt: tuple[int, int]) -> tuple[PrivateTable, str]:
        """Make the copy of the private table, and a digest of all of its rows."""
        name, store = self._store.name, self._store
        named, own = columns_in(store, store.source, name)
        if taken := [n for n in self.derived if n in named]:
            raise DataError(f"{name} has a column {taken[0]!r:.60} already: give it another name.")
        columns = own | {n: Column(kind="integer") for n in self.derived}
        for column in order:
            if column.removeprefix("-") not in columns:
                raise DataError(f"the order names no column {column!r:.60}: {offered(column, columns)}.")
        made = PrivateTable(
            name=store.table,
            columns=columns,
            source=(TABLE,),
            unit=unit_column(unit, named, columns, name),
            at_most=unit.at_most or 1 if unit.kind == "person" else 1,
            unusable={n: said for n, said in named.items() if n not in columns},
        )
        source = self._steady(store.source, own, f"{TABLE}_source")
        told = self._told(name, source, own)
        rows = source
        if self.derived:
            more = ", ".join(f"{text} AS {quoted(n)}" for n, text in self.derived.items())
            rows = f"(SELECT {', '.join(map(quoted, own))}, {more} FROM {source}) AS derived"
        if made.unit is None:
            self._copy(f"SELECT {', '.join(map(quoted, columns))} FROM {rows}", TABLE)
        else:
            self._copy(
                cut(rows, list(columns), made.unit, at_most=made.at_most, order=order, salt=salt), TABLE
            )
        self._let_go(source, store.source)
        return made, told

    def _joined(
        self, one: Beside, number: int, salt: tuple[int, int]
    ) -> tuple[PublicTable | PersonTable, str]:
        """Make the copy of a table beside it, one row of each person, and a digest of all of its rows."""
        schema, table = self._store.named(one.text)
        name, there = f"{schema}.{table}", f"{quoted(schema)}.{quoted(table)}"
        _, columns = columns_in(self._store, there, name)
        made = one.declared(columns, f"{TABLE}_{number}")
        source = self._steady(there, columns, f"{TABLE}_{number}_source")
        told = self._told(name, source, columns)
        if isinstance(made, PersonTable):
            self._copy(cut(source, list(columns), made.unit, at_most=1, order=(), salt=salt), made.place[0])
        else:
            self._copy(f"SELECT {', '.join(map(quoted, columns))} FROM {source}", made.place[0])
        self._let_go(source, there)
        return made, told

    def _steady(self, source: str, columns: Mapping[str, Column], copy: str) -> str:
        """The rows as every statement sees them: a copy of what the snapshot does not hold."""
        if is_read_alike(self._store, source):
            return source
        self._copy(f"SELECT {', '.join(map(quoted, columns))} FROM {source}", copy)
        return copy

    def _copy(self, rows: str, place: str) -> None:
        self._store.do(f"CREATE TEMP TABLE {place} AS {rows}")
        self._store.do(f"ANALYZE {place}")

    def _let_go(self, used: str, source: str) -> None:
        """Drop a copy of all rows once people are cut."""
        if used != source:
            self._store.do(f"DROP TABLE {used}")

    def _told(self, name: str, source: str, columns: Mapping[str, Column]) -> str:
        """A digest of a table: its columns that can be asked about, and all rows."""
        told = self._store.ask(self._store.dialect.fingerprint_of(source, list(columns)))
        return sha256(repr((name, list(columns), told)).encode()).hexdigest()
