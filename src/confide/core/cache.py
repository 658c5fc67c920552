"""Finished work on disk, found again by what it was made from, and believed only if it is undamaged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confide.core.atomic import atomic_write
from confide.core.errors import ModelError


def key_of(*parts: str | bytes) -> str:
    """A name for whatever these parts make: SHA-256 over the parts and where each ends.

    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    sha = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        sha.update(len(raw).to_bytes(8, "big") + raw)
    return sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of files called `<key>.<digest of the content>.kept`.

    Two processes may use it at once: files appear whole, and equal keys have equal contents.
    """

    folder: Path

    def find(self, key: str) -> Path | None:
        """The undamaged file under this key; damaged ones are thrown away."""
        for path in sorted(self.folder.glob(f"{key}.*.kept")):
            if path.name == self._name(key, path):
                return path
            path.unlink(missing_ok=True)
        return None

    def keep(self, key: str, write: Callable[[Path], None]) -> Path:
        """Let `write` write one file, and keep it under this key.

        Raises:
            ModelError: if the file cannot be written, for example because the disk is full.
        """
        part = self.folder / f"{key}.part"
        try:
            with atomic_write(part) as draft:
                write(draft)
            return part.replace(self.folder / self._name(key, part))
        except OSError as error:
            raise ModelError(
                f"models cannot be kept in {self.folder} ({error.strerror or error}): give a folder "
                "with room; what was finished before is there and will be found again."
            ) from error

    def _name(self, key: str, path: Path) -> str:
        with path.open("rb") as file:
            return f"{key}.{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.kept"


def cache_folder() -> Path:
    """$CONFIDE_CACHE, or a folder of ours in the user's cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("CONFIDE_CACHE", home / "confide"))
