"""A real PostgreSQL for tests: a server of its own in a folder of its own, for as long as they run."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "a secret: of the tests"
"""Of the role `ada`, with a colon as a file of passwords has to escape it."""


@dataclass(frozen=True)
class Server:
    """Where it listens; a durable one waits for the disk, as a real one does."""

    folder: Path
    port: int
    durable: bool = False
    running: list[subprocess.Popen[Any]] = field(default_factory=list, compare=False, repr=False)

    def start(self) -> None:
        """Start it on the base in its folder, and wait until it answers."""
        programs_at = programs()
        assert programs_at is not None
        who: dict[str, Any] = somebody()
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [programs_at / "postgres", "-D", self.folder / "base", "-k", self.folder, "-p",
                 str(self.port), "-c", f"fsync={'on' if self.durable else 'off'}",
                 "-c", "listen_addresses=127.0.0.1"],
                cwd=self.folder, stdout=log, stderr=log, **who,
            )  # fmt: skip
        self.running.append(process)
        _wait(self, process)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it, by cutting off who is connected (at once) or by waiting for them."""
        for process in self.running:
            process.send_signal(signal.SIGINT if at_once else signal.SIGTERM)
            process.wait(30)
        self.running.clear()

    @property
    def address(self) -> str:
        """Of its socket, where everybody is let in."""
        return self.address_of("postgres")

    def address_of(self, database: str) -> str:
        """Of another database on its socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    @contextmanager
    def own_database(self) -> Generator[str]:
        """The address of a new, empty database, which is dropped in the end."""
        name = f"t{secrets.token_hex(8)}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield self.address_of(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str, stream: Any = None) -> list[Any]:
        """A statement by itself, in a connection of its own."""
        from pg8000.dbapi import connect

        base = connect("postgres", unix_sock=f"{self.folder}/.s.PGSQL.{self.port}", database="postgres")
        try:
            return base.execute_unnamed(statement, stream=stream).rows or []
        finally:
            base.close()


def programs() -> Path | None:
    """The folder of the server's programs; None where there is none."""
    found = [Path(p) for p in (shutil.which("initdb"), shutil.which("postgres")) if p]
    if len(found) == 2:
        return found[0].parent
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return there[-1].parent if there else None


def somebody() -> dict[str, str]:
    """As whom it runs: PostgreSQL refuses to be started by root."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


def needed() -> None:
    """Skip a test where there is no server; in continuous integration that is an error."""
    why = ""
    if find_spec("pg8000") is None:
        why = "no driver of PostgreSQL: pip install 'confide[postgresql]'"
    elif programs() is None:
        why = "no server of PostgreSQL: initdb and postgres are not on this machine"
    if why and os.environ.get("CI") == "true":
        pytest.fail(why)
    if why:
        pytest.skip(why)


@contextmanager
def server(*, durable: bool = False) -> Generator[Server]:
    """A server with the role `postgres`, who needs no password on the socket."""
    folder, where = programs(), Path(tempfile.mkdtemp(prefix="pg"))
    assert folder is not None
    who: dict[str, Any] = somebody()
    if who:
        shutil.chown(where, **who)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Server(where, port, durable)
    try:
        subprocess.run(
            [folder / "initdb", "-D", where / "base", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C",
             "--auth-local=trust", "--auth-host=scram-sha-256"],
            check=True, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **who,
        )  # fmt: skip
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(where, ignore_errors=True)


def _wait(made: Server, process: subprocess.Popen[Any]) -> None:
    for _ in range(300):
        try:
            made.run("SELECT 1")
            return
        except Exception:  # not there yet, or starting up
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {(made.folder / 'log').read_text()[-500:]}")
