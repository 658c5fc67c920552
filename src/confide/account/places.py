"""Places of ledgers: a file of SQLite that its owner alone can read, or a database of PostgreSQL."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, inspect, text

from confide.account.database import Database, postgresql_database, sqlite_database
from confide.account.schema import ENTRY, LEDGER, METADATA, PART
from confide.account.terms import Terms
from confide.account.writing import begin
from confide.core.drafts import draft_of, remove_abandoned
from confide.core.errors import DataError, LedgerError
from confide.core.paths import can_be_named, is_folder
from confide.core.postgresql import Address, address_of, is_address

SQLITE = "sqlite:///"
SQLITE_FILE = b"SQLite format 3\0"
"""How a file of SQLite begins."""
TABLES = frozenset((LEDGER.name, PART.name, ENTRY.name))
ONE_AT_A_TIME = 0x636F6E66696465
"""The number of the lock under which a ledger is made in PostgreSQL: the letters of our name."""


class Place(Protocol):
    """Where a ledger is or will be."""

    @property
    def name(self) -> str:
        """In words, such as 'in FILE'."""
        ...

    def is_taken(self, patience: float) -> bool:
        """Whether a ledger, or something else that must not be overwritten, is there."""
        ...

    def make(self, terms: Terms, shares: Mapping[str, Fraction], patience: float) -> bool:
        """Make a ledger, whole or not at all; False if another process was faster."""
        ...

    def database(self, patience: float) -> Database:
        """The database, which is there."""
        ...


def place_of(address: str) -> Place:
    """The place that a user writes: FILE, sqlite:///FILE, or postgresql://HOST/DATABASE.

    Raises:
        DataError: if it can be none.

    >>> place_of("sqlite:////srv/people.ledger").name
    'in /srv/people.ledger'
    """
    if is_address(address):
        return Server(address_of(address))
    path = Path(address.removeprefix(SQLITE))
    # With a colon it would be another kind of address, or one that is mistyped.
    named = address.startswith(SQLITE) or ":" not in address
    if not named or not path.name or "?" in address:
        raise DataError(
            f"{address!r:.80} is no place for a ledger: write FILE, sqlite:///FILE or "
            "postgresql://HOST/DATABASE."
        )
    return File(path.absolute())


def absolute(address: str) -> str:
    """The address of the same place, whatever folder the process goes to."""
    place = place_of(address)
    return f"{SQLITE}{place.path}" if isinstance(place, File) else address


@dataclass(frozen=True, slots=True)
class File:
    """A file of SQLite. Beside it stand FILE-queue, and while it is open FILE-wal and FILE-shm."""

    path: Path

    @property
    def name(self) -> str:
        return f"in {self.path}"

    def is_taken(self, patience: float) -> bool:
        """Whether there is a file.

        Raises:
            LedgerError: if others can read it, it is no file, or it is empty.
        """
        if not is_folder(self.path.parent) or not can_be_named(self.path):
            raise LedgerError(f"no ledger can be {self.name}: name a file in a folder that is there.")
        try:
            about = self.path.stat()
        except FileNotFoundError:
            if self.path.is_symlink():
                raise LedgerError(f"{self.path} points to a file that is gone: find the ledger.") from None
            return False
        except OSError as error:
            raise LedgerError(f"{self.path} cannot be looked at ({error.strerror}).") from error
        if not stat.S_ISREG(about.st_mode):
            raise LedgerError(f"{self.path} is no file: name one for the ledger.")
        if os.name == "posix" and about.st_mode & 0o077:
            if not self._is_database():
                raise LedgerError(f"{self.path} is no ledger, which is a file of SQLite: name another place.")
            raise LedgerError(f"others can open {self.path}: `chmod 600 {self.path}`.")
        if not about.st_size:
            raise LedgerError(
                f"{self.path} is empty: a ledger is never. Find out what became of it; only if there never "
                "was one, remove the file."
            )
        return True

    def _is_database(self) -> bool:
        """Whether the file begins as those of SQLite do; True for one that cannot be read."""
        try:
            with self.path.open("rb") as file:
                return file.read(len(SQLITE_FILE)) == SQLITE_FILE
        except OSError:
            return True

    def make(self, terms: Terms, shares: Mapping[str, Fraction], patience: float) -> bool:
        """Make the ledger in a draft, and link it to its place, which leaves what another process made."""
        with draft_of(self.path) as draft:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            database = sqlite_database(draft, patience=patience, name=self.name)
            try:
                database.write(lambda base: _fill(base, terms, shares), again=False)
            finally:
                database.close()
            try:
                os.link(draft, self.path)
            except FileExistsError:
                return False
            _sync(self.path.parent)
        return True

    def database(self, patience: float) -> Database:
        # A process that was killed when its ledger had its place has left the draft.
        with suppress(OSError):
            remove_abandoned(self.path.parent, self.path.name)
        return sqlite_database(self.path, patience=patience)


@dataclass(frozen=True, slots=True)
class Server:
    """A database of PostgreSQL."""

    address: Address

    @property
    def name(self) -> str:
        return f"at {self.address.words}"

    def is_taken(self, patience: float) -> bool:
        database = self.database(patience)
        try:
            return database.write(lambda base: bool(tables_in(base)), again=False)
        finally:
            database.close()

    def make(self, terms: Terms, shares: Mapping[str, Fraction], patience: float) -> bool:
        """Make the tables and fill them in one transaction, one process after the other."""

        def work(base: Connection) -> bool:
            base.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
            if tables_in(base):
                return False
            _fill(base, terms, shares)
            return True

        database = self.database(patience)
        try:
            return database.write(work, again=False)
        finally:
            database.close()

    def database(self, patience: float) -> Database:
        return postgresql_database(self.address, patience=patience)


def tables_in(base: Connection) -> frozenset[str]:
    """Those of a ledger's tables that are there."""
    return TABLES & frozenset(inspect(base).get_table_names())


def _fill(base: Connection, terms: Terms, shares: Mapping[str, Fraction]) -> None:
    METADATA.create_all(base)
    begin(base, terms, shares)


def _sync(folder: Path) -> None:
    """Wait until the new name is on the disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
