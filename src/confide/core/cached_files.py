"""What a cache holds: its files, their size and age, and their removal."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from confide.core.drafts import remove, remove_abandoned
from confide.core.lazily import Lazily
from confide.core.parquet import library_errors
from confide.core.paths import is_folder
from confide.core.seal import KEY

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")

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


def told(file: CachedFile) -> str:
    """What a file of a cache holds: an attack and how many targets, or how many models.

    Empty where the file does not say it, or cannot be read.
    """
    try:
        return _attack(file.path) if file.content == "evidence" else _models(file.path)
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile, *library_errors()):
        return ""


def _attack(path: Path) -> str:
    names = ", ".join(json.loads(pl.read_parquet_metadata(path)["confide"]))
    targets = pl.read_parquet(path, columns=["target"], glob=False)["target"].n_unique()
    return f"{names}, {_count(targets, 'target')}"


def _models(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(b"\x93NUMPY"):
            return "scores of pictures"
        if head.startswith(b"PK"):  # skops keeps a list of estimators
            with zipfile.ZipFile(path) as packed:
                return _count(len(json.loads(packed.read("schema.json"))["content"]), "model")
        # A safetensors file begins with the length of its header, which is JSON.
        size = int.from_bytes(head, "little")
        if not 0 < size < path.stat().st_size:
            return ""
        return _count(int(json.loads(file.read(size))["__metadata__"]["models"]), "model")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


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
