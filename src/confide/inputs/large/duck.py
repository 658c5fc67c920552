"""A file of rows that DuckDB reads in pieces, within a limit of memory."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from tempfile import gettempdir

import duckdb
import polars as pl

from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.inputs.csv_files import CsvForm, form_of, read_csv
from confide.inputs.large.sql import DUCKDB, literal, quoted
from confide.inputs.large.store import Kinds, refuse_like_names
from confide.inputs.reading import Reading

WORK = "confide-rows"
"""The name of working folders among the system's temporary files."""
LEAST = 256_000_000
"""Bytes of memory without which DuckDB does not get far."""
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
"""Types of whole numbers."""


class DuckStore:
    """A .parquet or .csv file. Working tables, and what does not fit the memory, stand in a hidden folder.

    The folder is for its owner alone, and is removed at the end. Nothing is loaded from outside.

    Args:
        path: the file.
        reading: what the user says about it.
        memory: bytes that DuckDB may take.

    Raises:
        DataError: if the file cannot be read, or two of its columns differ in capitals alone.
    """

    dialect = DUCKDB

    def __init__(self, path: Path, reading: Reading, *, memory: int) -> None:
        self.path: Path | None = path
        self.name, self.source = path.name, "confide_source"
        self.reading, self.suffix = reading, path.suffix.lower()
        self.form: CsvForm | None = form_of(path, reading) if self.suffix == ".csv" else None
        if self.form is not None and self.form.encoding != "utf-8":
            raise DataError(
                f"{path.name} is {self.form.encoding.upper()} and too large to hold: save it as UTF-8."
            )
        self._header = self._columns(path)
        refuse_like_names([*self._header, DUCKDB.place], self.name)
        self._room = ExitStack()
        # For its owner alone; what a killed process left there is removed now.
        self._folder = self._room.enter_context(draft_of(Path(gettempdir()) / WORK)).parent
        self._base = duckdb.connect(str(self._folder / "work.db"))
        try:
            self.kinds: Kinds = self._open(path, memory)
        except BaseException:
            self.close()
            raise

    def do(self, statement: str) -> None:
        """Run a statement."""
        self.ask(statement)

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """All rows that it answers.

        Raises:
            DataError: if it fails; what DuckDB says may hold a cell, and is not repeated.
        """
        try:
            return self._base.execute(statement).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"{self.name}: the memory allowed is too small even for its pieces: allow more (--memory)."
            ) from error
        except duckdb.Error as error:
            kind = type(error).__name__.removesuffix("Exception")
            raise DataError(f"{self.name} cannot be read or written by DuckDB ({kind}): check it.") from error

    def fetch(self, statement: str, kinds: Sequence[pl.DataType | None]) -> pl.DataFrame:
        """What it answers, in the types of the file; of a csv file as its distinct values say them."""
        path = self._aside(".parquet")
        self.do(f"COPY ({statement}) TO {literal(str(path))} (FORMAT parquet)")
        found = pl.read_parquet(path)
        path.unlink()
        texts = [c for c, kind in found.schema.items() if kind == pl.String]
        if self.form is None or not texts:
            return found
        path = self._aside(".csv")
        # A number first, so that no line is empty.
        found.select(pl.int_range(pl.len()).alias("at"), *texts).write_csv(
            path, separator=self.form.separator
        )
        read, _ = read_csv(path, Reading(separator=self.form.separator, decimal=self.reading.decimal))
        path.unlink()
        return found.with_columns(read.select(texts))

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Make a working table of a frame."""
        path = self._aside(".parquet")
        frame.write_parquet(path)
        self.do(f"CREATE TABLE {table} AS SELECT * FROM read_parquet({literal(str(path))})")
        path.unlink()

    def need_room(self, out: Path, *, force: bool) -> None:
        """Nothing is to be checked in a file."""

    def write(self, select: str, out: Path, names: Sequence[str]) -> str:
        """Write the rows as a file of the format of the original; where to read them again from."""
        form = "FORMAT parquet"
        if self.form is not None:
            form = f"FORMAT csv, HEADER, DELIMITER {literal(self.form.separator)}"
        self.do(f"COPY ({select}) TO {literal(str(out.absolute()))} ({form})")
        return f"({self._rows(self._link('written', out), names)})"

    def kept(self, out: Path) -> AbstractContextManager[None]:
        """Nothing is to be done: the draft of a file is moved into its place."""
        return nullcontext()

    def close(self) -> None:
        """Close the working tables and remove their folder."""
        self._base.close()
        self._room.close()

    def _open(self, path: Path, memory: int) -> Kinds:
        for setting in (
            f"memory_limit = '{max(memory, LEAST) // 1_000_000}MB'",
            f"temp_directory = {literal(str(self._folder / 'spill'))}",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "preserve_insertion_order = false",
            "TimeZone = 'UTC'",
        ):
            self.do(f"SET {setting}")
        rows = self._rows(self._link("source", path), self._header)
        self.do(f"CREATE VIEW {self.source} AS {rows}")
        told = self.ask(f"DESCRIBE {self.source}")
        return {str(name): _kind(str(kind)) for name, kind, *_ in told if name != DUCKDB.place}

    def _rows(self, path: Path, names: Sequence[str]) -> str:
        """All rows of a file, each with its number from 0 on."""
        if self.suffix == ".parquet":
            listed = ", ".join(quoted(name) for name in names)
            return (
                f"SELECT {listed}, file_row_number AS {DUCKDB.place} "
                f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
            )
        assert self.form is not None
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        return (
            f"SELECT *, row_number() OVER () - 1 AS {DUCKDB.place} FROM read_csv({literal(str(path))}, "
            f"delim = {literal(self.form.separator)}, header = true, auto_detect = false, quote = '\"', "
            f"escape = '\"', columns = {{{columns}}})"
        )

    def _columns(self, path: Path) -> list[str]:
        try:
            if self.form is None:
                return pl.scan_parquet(path, glob=False).collect_schema().names()
            text = pl.scan_csv(path, separator=self.form.separator, infer_schema=False, glob=False)
            return [self.form.plain(name) for name in text.collect_schema().names()]
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise DataError(f"{self.name} cannot be read as {self.suffix[1:]}: save it again.") from error

    def _link(self, name: str, path: Path) -> Path:
        """Another name for a file: DuckDB takes * and [ in a name for patterns."""
        link = self._folder / f"{name}{self.suffix}"
        link.symlink_to(path.absolute())
        return link

    def _aside(self, suffix: str) -> Path:
        return self._folder / f"{secrets.token_hex(8)}{suffix}"


def _kind(said: str) -> pl.DataType:
    """A type of DuckDB as polars has it; Null for one that no table of people is read with."""
    plain: dict[str, pl.DataType] = {
        **dict.fromkeys(NUMBERS, pl.Int64()),
        **dict.fromkeys(("FLOAT", "DOUBLE"), pl.Float64()),
        "VARCHAR": pl.String(),
        "BOOLEAN": pl.Boolean(),
        "DATE": pl.Date(),
    }
    if said in plain:
        return plain[said]
    if said.startswith("DECIMAL"):
        return pl.Float64()
    if said.startswith("ENUM"):
        return pl.String()
    return pl.Datetime("us") if said.startswith("TIMESTAMP") else pl.Null()
