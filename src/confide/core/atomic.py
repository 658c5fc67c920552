"""Atomic writes of files and folders: temporary place, fsync, rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def atomic_write(path: Path) -> Generator[Path]:
    """Yield a temporary path to write to; rename it to `path` on success, remove it on any error.

    A killed process or a full disk leaves an older file at `path` unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = beside(path, "draft")
    try:
        yield draft
        keep_on_disk(draft)  # otherwise a power failure may keep the new name and lose the content
        draft.replace(path)
    finally:
        # After the rename there is nothing left to remove; after an error the draft is.
        draft.unlink(missing_ok=True)


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


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing where nothing is."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
