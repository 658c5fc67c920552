"""What a cache holds: its files, their size and age, and their removal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from confide.core.drafts import remove, remove_abandoned
from confide.core.paths import is_folder
from confide.core.seal import KEY

Content: TypeAlias = Literal["evidence", "models"]
A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file of a cache.

    Args:
        path: where it is.
        content: evidence of one attack, or reference models.
        size: bytes.
        age: seconds since it was written.
    """

    path: Path
    content: Content
    size: int
    age: float


def cached_files(folder: Path) -> list[CachedFile]:
    """What the cache in a folder holds, the newest first; empty where there is none.

    Only files that confide wrote are named: of others in the folder nothing is said, and nothing is removed.
    """
    if not is_folder(folder):
        return []
    now, found = time.time(), list[CachedFile]()
    for path in folder.glob("*.*.kept"):
        # Another process may remove it between these lines.
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                about = path.stat()
                found.append(CachedFile(path, _content(path), about.st_size, max(now - about.st_mtime, 0.0)))
    return sorted(found, key=lambda file: (file.age, file.path.name))


def is_cache(folder: Path) -> bool:
    """Whether a folder can be a cache: it has a key or kept files, or nothing at all in it."""
    if not is_folder(folder):
        return True
    return (folder / KEY).exists() or any(folder.glob("*.*.kept")) or not any(folder.iterdir())


def clear(folder: Path, files: Sequence[CachedFile]) -> int:
    """Remove these files of a cache, and the drafts that killed processes left; how many bytes are free now.

    An audit that runs at the same time makes again what it needs.
    """
    freed = 0
    for file in files:
        with suppress(OSError):
            remove(file.path)
            freed += file.size
    if is_folder(folder):
        remove_abandoned(folder)
    return freed


def _content(path: Path) -> Content:
    """Evidence is a parquet file, and models are not."""
    with path.open("rb") as file:
        return "evidence" if file.read(4) == b"PAR1" else "models"
