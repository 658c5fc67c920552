"""A table in PostgreSQL: one transaction that reads it, writes the release beside it, and is kept or not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import polars as pl

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.postgresql import Address, connect
from confide.inputs.csv_files import CsvForm
from confide.inputs.large.sql import POSTGRESQL, literal, quoted
from confide.inputs.large.store import SUFFIX, Kinds
from confide.inputs.sidecar import sidecar_of

SETTINGS = (
    # All statements see the table as the first one does, whatever is written to it meanwhile.
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    # Draws from a seed come in the order of the rows.
    "SET LOCAL synchronize_seqscans = off",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    # It knows no sizes of working tables, and would try each pair of rows.
    "SET LOCAL enable_nestloop = off",
    "SET LOCAL jit = off",
)
NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
TEXTS = ("text", "varchar", "bpchar", "name", "uuid", "citext")
LEAST = 140_000
"""Version 14, the first that hashes rows."""


class PostgresStore:
    """A table or view. Nothing is to be seen of what is done until all of it is kept at once.

    Args:
        address: of the database.
        table: NAME or SCHEMA.NAME, as it is written there.
        memory: bytes that sorting and joining may take.

    Raises:
        DataError: if there is no such table, or the server cannot be reached.
    """

    dialect = POSTGRESQL

    def __init__(self, address: Address, table: str, *, memory: int) -> None:
        self._base: Any = connect(address)
        self.address, self.target, self._taken = address, "", False
        self.path: Path | None = None
        self.form: CsvForm | None = None
        try:
            for setting in SETTINGS:
                self.do(setting)
            # A hash join may take several times this much.
            self.do(f"SET LOCAL work_mem = '{min(max(memory // 8 // 1_000, 4_096), 2_000_000)}kB'")
            self._need_version()
            self.schema, self.table = self.named(table)
            self.name = f"{self.schema}.{self.table}"
            self.source = f"{quoted(self.schema)}.{quoted(self.table)}"
            self.kinds: Kinds = self._kinds()
        except BaseException:
            self.close()
            raise

    def do(self, statement: str) -> None:
        """Run a statement."""
        self.ask(statement)

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """All rows that it answers.

        Raises:
            DataError: if the server refuses it; what it says may hold a cell, and is not repeated.
        """
        return [tuple(row) for row in self._run(statement, None).rows or ()]

    def named(self, table: str) -> tuple[str, str]:
        """Schema and name of a table or view, as they are written there.

        Raises:
            DataError: if there is none that may be seen, or there are two.
        """
        kinds = "c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        listed = "SELECT s.nspname, c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace"
        found = self.ask(
            f"{listed} WHERE {kinds} AND c.relname = {literal(table)} AND pg_table_is_visible(c.oid)"
        )
        if "." in table:
            # A name may hold a point too.
            for at in (i for i, sign in enumerate(table) if sign == "."):
                found += self.ask(
                    f"{listed} WHERE {kinds} AND s.nspname = {literal(table[:at])} "
                    f"AND c.relname = {literal(table[at + 1 :])}"
                )
        if not found:
            like = self.ask(
                f"{listed} WHERE {kinds} AND s.nspname NOT IN ('pg_catalog', 'information_schema') "
                f"AND lower(c.relname) = lower({literal(table.rsplit('.', 1)[-1])}) LIMIT 1"
            )
            other = f"there is {like[0][0]}.{like[0][1]}" if like else "give NAME or SCHEMA.NAME"
            raise DataError(f"there is no table {table!r:.90} that you may see: {other}.")
        if len(set(found)) > 1:
            raise DataError(f"{table!r:.90} names two tables: give SCHEMA.NAME.")
        return str(found[0][0]), str(found[0][1])

    def fetch(self, statement: str, kinds: Sequence[pl.DataType | None]) -> pl.DataFrame:
        """What it answers, as text that the server copies to a file, then in these types."""
        with TemporaryFile() as file:
            self._run(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)", file)
            file.seek(0)
            found = pl.read_csv(file.read(), infer_schema=False)
        typed = [_typed(found.to_series(i), kind) for i, kind in enumerate(kinds)]
        return pl.DataFrame(typed)

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Copy a frame into a working table."""
        names = {pl.Int64: "bigint", pl.Float64: "float8", pl.String: "text"}
        columns = ", ".join(f"{quoted(c)} {names[type(kind)]}" for c, kind in frame.schema.items())
        self.do(f"CREATE TEMP TABLE {table} ({columns})")
        text = BytesIO()
        # Text is quoted always: what is empty and unquoted is null there.
        frame.write_csv(text, include_header=False, quote_style="non_numeric")
        text.seek(0)
        self._run(f"COPY {table} FROM STDIN (FORMAT csv)", text)
        self.do(f"ANALYZE {table}")

    def write(self, select: str, out: Path, names: Sequence[str]) -> str:
        """Make the table that `out` names, and write a file that says where it is."""
        if self._taken:
            self.do(f"DROP TABLE {self.target}")
        self.do(f"CREATE TABLE {self.target} AS {select}")
        table = out.name.removesuffix(SUFFIX)
        out.write_text(f"{self.address.words}\n{self.schema}.{table}\n", encoding="utf-8")
        return self.target

    def need_room(self, out: Path, *, force: bool) -> None:
        """Take the name of the release, and check that it is free; with `force` it need not be.

        Raises:
            DataError: if there is such a table already.
        """
        table = out.name.removesuffix(SUFFIX)
        if table == self.table:
            raise DataError(f"{out.name} names the original table: choose another name.")
        self.target = f"{quoted(self.schema)}.{quoted(table)}"
        there = self.ask(
            "SELECT 1 FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace "
            f"WHERE s.nspname = {literal(self.schema)} AND c.relname = {literal(table)}"
        )
        if there and not force:
            raise DataError(
                f"there is a table {self.schema}.{table} already: choose another name, or overwrite it with "
                "--force."
            )
        self._taken = bool(there)

    @contextmanager
    def kept(self, out: Path) -> Generator[None]:
        """Commit at the end; what was written beside is removed where that fails."""
        yield
        try:
            self.do("COMMIT")
        except DataError:
            out.unlink(missing_ok=True)
            sidecar_of(out).unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """End the connection: what is not committed is gone."""
        self._base.close()

    def _run(self, statement: str, stream: Any) -> Any:
        from pg8000.exceptions import Error

        try:
            # Without parameters, so that % and : in names mean nothing.
            return self._base.execute_unnamed(statement, stream=stream)
        except Error as error:
            said = error.args[0] if error.args else ""
            words = said.get("C", "") if isinstance(said, dict) else type(error).__name__
            raise DataError(f"{self._words} refuses this (SQLSTATE {words}{_hint(words)}).") from error
        except OSError as error:
            raise DataError(f"{self._words} ended the connection ({in_one_line(error)}).") from error

    @property
    def _words(self) -> str:
        return f"the server of {getattr(self, 'name', self.address.words)}"

    def _need_version(self) -> None:
        version = int(str(self.ask("SELECT current_setting('server_version_num')")[0][0]))
        if version < LEAST:
            raise DataError(f"the server is PostgreSQL {version // 10_000}: confide needs 14 or later.")

    def _kinds(self) -> Kinds:
        rows = self.ask(
            "SELECT a.attname, coalesce(b.typname, t.typname), t.typtype, a.atttypmod FROM pg_attribute a "
            "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0) "
            f"WHERE a.attrelid = {literal(self.source)}::regclass AND a.attnum > 0 AND NOT a.attisdropped "
            "ORDER BY a.attnum"
        )
        return {str(name): _kind(str(kind), str(sort)) for name, kind, sort, _ in rows}


def _hint(code: str) -> str:
    hints = {
        "42501": ": you may not do this: ask for the right to read the table and to create one in its schema",
        "53100": ": its disk is full",
        "57014": ": it was cancelled, or took longer than the server allows",
        "40001": ": the table was changed at the same time: run the command again",
    }
    return hints.get(code, "")


def _kind(name: str, sort: str) -> pl.DataType:
    """A type of PostgreSQL as polars has it; Null for one that no table of people is read with."""
    if sort == "e" or name in TEXTS:
        return pl.String()
    if name in NUMBERS:
        return pl.Int64() if name.startswith("int") else pl.Float64()
    kinds: dict[str, pl.DataType] = {
        "bool": pl.Boolean(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("us"),
        "timestamptz": pl.Datetime("us"),
    }
    return kinds.get(name, pl.Null())


def _typed(column: pl.Series, kind: pl.DataType | None) -> pl.Series:
    if kind is None or kind == pl.String:
        return column
    if kind == pl.Boolean:
        return column == "t"
    if kind == pl.Datetime:
        plain = column.str.replace(r"\+00$", "")
        return plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    return column.str.to_date("%Y-%m-%d") if kind == pl.Date else column.cast(kind)
