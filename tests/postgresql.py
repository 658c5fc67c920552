"""A real PostgreSQL for tests: a server of its own in a folder of its own, for as long as they run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "a secret: of the tests"
"""Of the role `ada`, with a colon as a file of passwords has to escape it."""


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """Of its socket, where everybody is let in."""
        return f"postgresql://postgres@/postgres?host={self.folder}&port={self.port}"

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


@contextmanager
def server() -> Generator[Server]:
    """A server with the role `postgres`, who needs no password on the socket."""
    folder, where = programs(), Path(tempfile.mkdtemp(prefix="pg"))
    assert folder is not None
    who: dict[str, Any] = somebody()
    if who:
        shutil.chown(where, **who)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base, started = where / "base", None
    try:
        subprocess.run(
            [folder / "initdb", "-D", base, "-U", "postgres", "-N", "-E", "UTF8", "--locale=C",
             "--auth-local=trust", "--auth-host=scram-sha-256"],
            check=True, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **who,
        )  # fmt: skip
        log = (where / "log").open("wb")
        started = subprocess.Popen(
            [folder / "postgres", "-D", base, "-k", where, "-p", str(port), "-c", "fsync=off",
             "-c", "listen_addresses=127.0.0.1"],
            cwd=where, stdout=log, stderr=log, **who,
        )  # fmt: skip
        log.close()
        made = Server(where, port)
        _wait(made, started)
        yield made
    finally:
        if started is not None:
            started.terminate()
            started.wait(30)
        shutil.rmtree(where, ignore_errors=True)


def _wait(made: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            made.run("SELECT 1")
            return
        except Exception:  # not there yet, or starting up
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {(made.folder / 'log').read_text()[-500:]}")
