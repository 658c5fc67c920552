"""How a deployed run ended: its model, or why it stopped, in a file for the command that waits."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confide.core.errors import DataError
from confide.core.kept_arrays import read_arrays, write_arrays
from confide.core.paths import is_there
from confide.core.transcript import Payload

END = "ended.npz"
_LOCK = ".running"
PAUSE = 0.5
"""Seconds between two looks at a lock."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ended:
    """The end of a run.

    Args:
        stopped: why there is no model, a sentence; empty where there is one.
        model: the published model.
        left_out: how often the uploads of a party were left out, by reason and party.
    """

    stopped: str = ""
    model: Payload = field(default_factory=dict)
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def write_end(folder: Path, ended: Ended) -> None:
    """Write how a run ended, whole, for its owner alone."""
    write_arrays(folder / END, {"stopped": ended.stopped, "left_out": ended.left_out}, ended.model)


def read_end(folder: Path) -> Ended | None:
    """How the run of a folder ended; None while it has not.

    Raises:
        DataError: if the file is damaged.
    """
    if not is_there(folder / END):
        return None
    meta, model = read_arrays(folder / END)
    return Ended(stopped=str(meta["stopped"]), model=model, left_out=meta["left_out"])


@contextmanager
def running(folder: Path, *, seconds: float) -> Generator[None]:
    """Hold the folder of a run for one process; the system gives it back when the process dies.

    Args:
        folder: of the run.
        seconds: that an earlier process may take to end.

    Raises:
        DataError: if another process still holds it then: two runs would publish two models for one charge.
    """
    until = time.monotonic() + seconds
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _taken(handle):
            if time.monotonic() >= until:
                raise DataError(f"another run is at work in {folder}: wait for it, or name a new folder.")
            time.sleep(PAUSE)
        yield
    finally:
        os.close(handle)


def is_running(folder: Path) -> bool:
    """Whether a process holds the folder of a run."""
    if not is_there(folder / _LOCK):
        return False
    handle = os.open(folder / _LOCK, os.O_RDWR)
    try:
        return not _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
