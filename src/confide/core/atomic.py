"""Atomic writes of files and folders: temporary place, fsync, rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from confide.core.drafts import draft_of


@contextmanager
def atomic_write(path: Path, *, shared: bool = False) -> Generator[Path]:
    """Yield a temporary path to write to; rename it to `path` on success, remove it on any error.

    A killed process or a full disk leaves an older file at `path` unchanged, and the next write of the same
    path removes its draft.

    Args:
        path: the file.
        shared: whether others on this machine may read it, as far as the user's umask lets them.
    """
    path = Path(path)
    with draft_of(path) as draft:
        yield draft
        set_readers(draft, shared=shared)
        keep_on_disk(draft)  # otherwise a power failure may keep the new name and lose the content
        draft.replace(path)


def set_readers(path: Path, *, shared: bool) -> None:
    """Let only the user, or all that the user's umask allows, read a file or a folder and all in it."""
    mask = os.umask(0o077)
    os.umask(mask)
    for part in (path, *path.rglob("*")):
        if part.is_symlink():
            continue
        most = 0o777 if part.is_dir() else 0o666
        part.chmod(most & ~mask if shared else most & 0o700)


def beside(path: Path, word: str) -> Path:
    """A hidden name for temporary use, with the suffix of the path.

    It is in the same folder, because a rename is atomic only within one file system.
    """
    return path.with_name(f".{path.stem}.{uuid4().hex[:8]}.{word}{path.suffix}")


def keep_on_disk(path: Path) -> None:
    """Wait until a file, or all that is in a folder, is on the disk."""
    for part in (*path.rglob("*"), path):  # a folder lists names: it comes after what they name
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace(draft: Path, path: Path) -> None:
    """Move a file or folder to its place; an older one there goes, once the new one is in place.

    A process that is killed in between leaves no folder at `path`, but never half of one.
    """
    if not path.is_dir():
        draft.replace(path)
        return
    old = beside(path, "old")
    path.replace(old)
    try:
        draft.replace(path)
    except BaseException:
        old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)  # what is in place is whole, whatever becomes of the old one
