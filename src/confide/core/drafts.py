"""Drafts of files and folders, in a hidden folder that does not outlive the process for long."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from confide.core.atomic import remove


@contextmanager
def draft_of(path: Path) -> Generator[Path]:
    """Yield a place in a hidden folder beside `path`: write a file or folder to it, and move it to `path`.

    The hidden folder goes at the end, with all that was not moved. A killed process leaves its own behind,
    and the next draft of the same path removes it. That of a process at work is locked, and stays: the system
    takes a lock from a process that is dead.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    room = path.with_name(f".{path.name}.{uuid4().hex[:8]}.draft")
    room.mkdir(mode=0o700)  # for its owner alone, until it is moved
    with _locked(room):
        try:
            yield room / path.name
        finally:
            remove(room)


def _remove_abandoned(path: Path) -> None:
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.draft")
    for room in path.parent.iterdir():
        if ours.fullmatch(room.name) and room.is_dir() and not room.is_symlink():
            # What cannot be removed, another user's for example, is no reason not to write.
            with _locked(room) as alone, suppress(OSError):
                if alone:
                    remove(room)


@contextmanager
def _locked(folder: Path) -> Generator[bool]:
    """Hold the lock of a folder where it can be had; yields whether it is held."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # another user's, gone in the meantime, or a system that opens no folders
        yield False
        return
    try:
        yield _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    """Lock what this handle stands for, unless another process has it or the disk knows no locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(handle, LOCK_EX | LOCK_NB)
    except (ImportError, OSError):  # or a system without such locks: what a killed process left stays there
        return False
    return True
