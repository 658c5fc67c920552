"""The database of a ledger: transactions one after the other, patience, and errors in sentences.

SQLite: a write-ahead log with full sync, and `begin immediate`, which takes the right to write before it
reads. A transaction that reads first and takes that right later could grant on a sum that is out of date.
Processes that want to write wait for each other in the queue of `queue.py`, first in, first out; threads of
one process write in one transaction what several of them want (`grouping.py`).
PostgreSQL: `select ... for update` on the one row of the ledger does the same; the commit is on the disk
when it returns, whatever the server's own setting of `synchronous_commit`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import QueuePool

from confide.account.grouping import Group
from confide.account.queue import front_of
from confide.core.errors import DataError, LedgerError
from confide.core.foreign import in_one_line
from confide.core.postgresql import Address, connect

T = TypeVar("T")

PAUSE = 0.25
"""Seconds between two tries to reach a server that went away."""
GONE = ("08", "57P01", "57P02", "57P03")
"""Beginnings of the codes with which PostgreSQL says that it goes down, or is not up yet."""
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
UNDECODABLE = "Could not decode to UTF-8"
BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "XX001", "XX002")


@dataclass(slots=True, kw_only=True)
class Database:
    """A database in which one transaction writes at a time.

    Args:
        engine: of SQLAlchemy.
        name: the address in words, without user and password.
        patience: seconds to wait for others, or for a server that restarts.
        queue: of SQLite, the file in which those who want to write wait for each other.
    """

    engine: Engine
    name: str
    patience: float
    queue: Path | None = None
    _process: int = field(default_factory=os.getpid)
    _writers: Group = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._writers = self._group()

    @property
    def is_file(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"

    def write(self, work: Callable[[Connection], T], *, again: bool = True) -> T:
        """Do some work in a transaction that nobody else writes in.

        Args:
            work: what is done. A commit of which the server's answer was lost may be there already, so work
                that is done again must look for what it wrote.
            again: whether the work is done again when a server that went away is back.

        Raises:
            LedgerError: if the database is locked for too long, broken, or not to be reached.
        """
        if not again:
            return self._run(work, begin="BEGIN IMMEDIATE", again=False)
        self._after_fork()
        return self._writers.do(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a transaction that sees one state only and writes nothing.

        Raises:
            LedgerError: as `write`.
        """
        return self._run(work, begin="BEGIN", again=True)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _run(self, work: Callable[[Connection], T], *, begin: str, again: bool) -> T:
        self._after_fork()
        until = time.monotonic() + self.patience
        while True:
            try:
                return self._once(work, begin, until)
            except UnicodeDecodeError as error:  # of SQLite's own message on a broken file
                raise LedgerError(self._broken("its texts are none")) from error
            # The driver lets a connection that is reset while it commits pass as it is.
            except (DBAPIError, NoConnection, DataError, ConnectionError) as error:
                if not again or not _is_gone(error) or time.monotonic() >= until:
                    if isinstance(error, DataError):  # of a connection that could not be opened
                        raise
                    raise LedgerError(self._words(error)) from error
                self.engine.dispose()
                time.sleep(PAUSE)

    def _once(self, work: Callable[[Connection], T], begin: str, until: float) -> T:
        options: dict[str, Any] = {"confide_begin": begin, "confide_until": until}
        if not self.is_file and begin == "BEGIN":
            options["isolation_level"] = "REPEATABLE READ"
        queue = None if begin == "BEGIN" else self.queue
        with (
            self.engine.connect().execution_options(**options) as connection,
            front_of(queue, until=until),
            connection.begin(),
        ):
            if not self.is_file and _left(until) < 900 * self.patience:  # after a restart of the server
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_left(until)}")
            return work(connection)

    def _group(self) -> Group:
        return Group(
            lambda work: self._run(work, begin="BEGIN IMMEDIATE", again=True),
            patience=self.patience,
            late=lambda: LedgerError(self._locked()),
        )

    def _after_fork(self) -> None:
        """Leave the connections of a parent process to it: two processes in one would mix up their talk."""
        if self._process != os.getpid():
            self.engine.dispose(close=False)
            self._process, self._writers = os.getpid(), self._group()

    def _words(self, error: Exception) -> str:
        code = _code(error)
        if code.startswith(LOCKED):
            return self._locked()
        if UNDECODABLE in str(_cause(error)):  # the message quotes the cell
            return self._broken("a text in it is none")
        if code.startswith(BROKEN):
            return self._broken(_said(error))
        return f"the ledger {self.name} cannot be used ({_said(error)}): no answer was given."

    def _locked(self) -> str:
        return (
            f"the ledger {self.name} was locked by others for {self.patience:g} seconds: nothing was "
            "charged. Try again, and look for a process that holds it."
        )

    def _broken(self, why: str) -> str:
        return (
            f"the ledger {self.name} cannot be read as a database ({why}): it is broken, or another file. "
            "Restore a copy only if no answer was given since it was made."
        )


def sqlite_database(path: Path, *, patience: float, name: str = "") -> Database:
    """The SQLite database in a file that exists."""

    def opened() -> sqlite3.Connection:
        # No transaction begins by itself: `_began` says how.
        base = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "trusted_schema = OFF"):
            base.execute(f"PRAGMA {setting}")
        return base

    engine = create_engine(
        "sqlite://", creator=opened, poolclass=QueuePool, pool_size=1, max_overflow=-1, hide_parameters=True
    )
    event.listen(engine, "begin", _began)
    queue = path.with_name(f"{path.name}-queue")
    return Database(engine=engine, name=name or f"in {path}", patience=patience, queue=queue)


def postgresql_database(address: Address, *, patience: float) -> Database:
    """The PostgreSQL database at an address."""

    def opened() -> Any:
        base = connect(address)
        cursor = base.cursor()
        cursor.execute(f"SET lock_timeout = {max(1, int(1000 * patience))}")
        cursor.execute("SET synchronous_commit = on")
        base.commit()
        return base

    engine = create_engine(
        "postgresql+pg8000://",
        creator=opened,
        pool_size=4,
        max_overflow=-1,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
    )
    return Database(engine=engine, name=f"at {address.words}", patience=patience)


def _began(connection: Connection) -> None:
    """Begin a transaction of SQLite, which waits for others no longer than is left of the patience."""
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_left(options.get('confide_until', 0.0))}")
    connection.exec_driver_sql(options.get("confide_begin", "BEGIN IMMEDIATE"))


def _left(until: float) -> int:
    """Milliseconds until a time; at least 1, since 0 means forever to PostgreSQL."""
    return max(1, int(1000 * (until - time.monotonic())))


def _code(error: BaseException) -> str:
    """The code that a driver gives an error."""
    cause = _cause(error)
    fields = _fields(cause)
    return fields["C"] if "C" in fields else str(getattr(cause, "sqlite_errorname", ""))


def _said(error: BaseException) -> str:
    cause = _cause(error)
    return in_one_line(_fields(cause).get("M", cause))


def _cause(error: BaseException) -> BaseException:
    """The driver's own error."""
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return cause or error


def _fields(cause: BaseException) -> Mapping[str, str]:
    """What a PostgreSQL server says of an error, by letters: C is the code, M the message."""
    said = cause.args[0] if cause.args else ""
    return cast("Mapping[str, str]", said) if isinstance(said, dict) else {}


def _is_gone(error: Exception) -> bool:
    """Whether a server went away, or is not up yet."""
    if _code(error).startswith(GONE):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = _cause(error)
    return type(cause).__name__ == "InterfaceError" or isinstance(cause, OSError)
