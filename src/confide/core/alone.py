"""Locks on what one process goes on from: held while it works, and given back when it dies."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from confide.core.errors import DataError


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Hold a checkpoint for one process: two that go on from it would publish two models for one charge.

    Raises:
        DataError: if another process holds it.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = lock_of(path)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back when the process dies
            if os.fstat(handle).st_ino != lock.stat().st_ino:  # it was removed by who held it before
                raise OSError("another file by now")
        except OSError:
            raise DataError(
                f"another process trains from {path}: wait for it, or give another path."
            ) from None
        yield
    finally:
        os.close(handle)


def lock_of(path: Path) -> Path:
    """The file that is locked; who holds it may remove it."""
    return path.with_name(f".{path.name}.lock")
