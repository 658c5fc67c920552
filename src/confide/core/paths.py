"""Paths as a user writes them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from confide.core.errors import DataError

ROOM = 32
"""Bytes that a name must leave to those of a sidecar and of drafts, which are longer."""


def is_there(path: Path) -> bool:
    """Whether there is a file or a folder; no where none can have such a name, one too long for example."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder; not where none can have such a name."""
    return is_there(path) and path.is_dir()


def can_be_named(path: Path) -> bool:
    """Whether the disk takes such a name for a file that is written: some are too long.

    >>> can_be_named(Path("a.csv")), can_be_named(Path("x" * 5000))
    (True, False)
    """
    try:
        os.lstat(path.parent / f"{path.name}{'.' * ROOM}")
    except ValueError:
        return False
    except OSError as error:
        return error.errno not in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
    return True


def as_paths(settings: Any, *names: str) -> None:
    """Make paths of the texts in these fields.

    Raises:
        DataError: for one that no file can have.
    """
    for name in names:
        given: Any = getattr(settings, name)
        if isinstance(given, str):
            object.__setattr__(settings, name, given := Path(given))
        if given is not None and (not isinstance(given, Path) or not can_be_named(given)):
            raise DataError(f"no file can have the name {given!s:.60}: choose another {name}.")
