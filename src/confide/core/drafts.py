"""Drafts of files and folders, in a hidden folder that does not outlive the process for long."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

YOUNG = 60.0
"""Seconds: a hidden folder that is not locked, and older, was left by a process that was killed."""


@contextmanager
def draft_of(path: Path) -> Generator[Path]:
    """Yield a place in a hidden folder beside `path`: write a file or folder to it, and move it to `path`.

    The hidden folder goes at the end, with all that was not moved. A killed process leaves its own behind,
    and the next draft of the same path removes it. That of a process at work is locked, and stays: the system
    takes a lock from a process that is dead.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, path.name)
    # Under another name until it is locked: another process would take a draft without a lock for abandoned.
    opening = path.with_name(f".{path.name}.{uuid4().hex[:8]}.opening")
    opening.mkdir(mode=0o700)  # for its owner alone, until it is moved
    with _locked(opening):
        room = opening.rename(opening.with_suffix(".draft"))
        try:
            yield room / path.name
        finally:
            remove(room)


def try_place(path: Path) -> None:
    """Try whether a draft of `path` can be written; nothing is left, no folder that was made for it either.

    Raises:
        OSError: if it cannot.
    """
    made = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        with draft_of(path):
            pass
    finally:
        for folder in made:  # the innermost first
            with suppress(OSError):
                folder.rmdir()


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove the drafts that killed processes left in a folder: all, or those of one file's name."""
    ours = re.compile(rf"\.{'.+' if name is None else re.escape(name)}\.[0-9a-f]{{8}}\.(draft|opening)")
    for room in folder.iterdir():
        if ours.fullmatch(room.name) and room.is_dir() and not room.is_symlink() and not _young(room):
            # What cannot be removed, another user's for example, is no reason not to write.
            with _locked(room) as alone, suppress(OSError):
                if alone:
                    remove(room)


def _young(room: Path) -> bool:
    """Whether another process may just be about to lock it: that takes far less than a second."""
    try:
        return room.suffix == ".opening" and time.time() - room.stat().st_mtime < YOUNG
    except OSError:  # locked in the meantime, and so of another name
        return True


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


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing where nothing is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
