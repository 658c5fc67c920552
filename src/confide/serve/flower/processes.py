"""Flower's processes of one machine: started with their logs, waited for, and ended with this one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from confide.core.errors import DataError
from confide.serve.flower import starting

STOPPING = 15.0
"""Seconds that a group of processes has to end."""
LONGEST = 180.0
"""Seconds that one of Flower's short commands may take."""


@contextmanager
def started(command: Sequence[str], *, home: Path, log: Path) -> Generator[subprocess.Popen[bytes]]:
    """Run a process of Flower's for a while; it ends with the block, and with this process too.

    Args:
        command: of `starting`.
        home: the folder of Flower's own files.
        log: what it prints is appended there, for its owner alone.
    """
    tethered = [sys.executable, "-m", "confide.serve.flower.tethered", *command]
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as written:
        process = subprocess.Popen(
            tethered, env=starting.environment(home), stdin=subprocess.PIPE, stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    assert process.stdin is not None
    try:
        yield process
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def called(command: Sequence[str], *, home: Path) -> str:
    """Run one of Flower's short commands; what it prints.

    Raises:
        DataError: with its own words, if it fails.
    """
    done = subprocess.run(
        command, env=starting.environment(home), capture_output=True, text=True, timeout=LONGEST, check=False
    )
    if done.returncode:
        raise _refused(command, done.stderr or done.stdout)
    return done.stdout


def asked(command: Sequence[str], *, home: Path) -> dict[str, Any]:
    """Run one of Flower's commands that answer in JSON.

    Raises:
        DataError: with its own words, if it fails; its exit code is 0 even then.
    """
    said = called(command, home=home)
    try:
        found: dict[str, Any] = json.loads(said[said.index("{") :])
    except ValueError as error:
        raise _refused(command, said) from error
    if not found.get("success", False):
        raise _refused(command, str(found.get("error-message", said)))
    return found


def _refused(command: Sequence[str], said: str) -> DataError:
    return DataError(f"Flower refuses `{Path(command[0]).name} {command[1]}`: {' '.join(said.split()):.300}")


def await_port(port: int, process: subprocess.Popen[bytes], *, seconds: float, log: Path) -> None:
    """Wait until this machine answers at a port.

    Raises:
        DataError: if the process ends before, or nobody answers in time.
    """
    until = time.monotonic() + seconds
    while not answers("127.0.0.1", port):
        if process.poll() is not None or time.monotonic() > until:
            raise DataError(f"the server's process does not answer at port {port}: {last_line(log)}")
        time.sleep(0.2)


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts a connection."""
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def last_line(log: Path) -> str:
    """Where to look, and the last line that is there."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    last = next((line for line in reversed(lines) if line.strip()), "")
    return f"see {log} ({last.strip():.200})" if last else f"see {log}"


def follower(log: Path, tell: Callable[[str], object]) -> Callable[[], None]:
    """A function that tells what was noted in a log since it was called last, without the time of a line."""
    place = log.stat().st_size if log.exists() else 0

    def follow() -> None:
        nonlocal place
        if not log.exists():
            return
        with log.open("rb") as file:
            file.seek(place)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        place += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            tell(line.partition(" ")[2])

    return follow
