"""A cache on disk: files named by a hash of their inputs and checked against a hash of their content."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confide.core.atomic import atomic_write
from confide.core.errors import ModelError


def key_of(*parts: str | bytes) -> str:
    """A cache key for a result: SHA-256 over the parts that it is made from and where each part ends.

    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    sha = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        # The length comes first; without it ("ab", "c") and ("a", "bc") would share a key.
        sha.update(len(raw).to_bytes(8, "big") + raw)
    return sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of files named `<key>.<digest of the content>.kept`.

    Several processes may use it at once: writes are atomic, and equal keys have equal contents.
    """

    folder: Path

    def find(self, key: str) -> Path | None:
        """Find the undamaged file under this key; damaged ones are deleted."""
        for path in sorted(self.folder.glob(f"{key}.*.kept")):
            if path.name == self._name(key, path):
                return path
            # Its name holds the digest that it was written with: the content has changed since.
            path.unlink(missing_ok=True)
        return None

    def keep(self, key: str, write: Callable[[Path], None]) -> Path:
        """Write one file with `write` and store it under this key.

        Raises:
            ModelError: if the file cannot be written, for example because the disk is full.
        """
        part = self.folder / f"{key}.part"
        try:
            # The name needs the digest of the content, so the file is written before it is named.
            with atomic_write(part) as draft:
                write(draft)
            return part.replace(self.folder / self._name(key, part))
        except OSError as error:
            raise ModelError(
                f"models cannot be kept in {self.folder} ({error.strerror or error}): give a folder "
                "with enough space. The models finished before are kept and will be found again."
            ) from error

    def _name(self, key: str, path: Path) -> str:
        # 32 of the 64 hexadecimal digits detect damage reliably and keep the name short.
        with path.open("rb") as file:
            return f"{key}.{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.kept"


def cache_folder() -> Path:
    """The cache folder: `CONFIDE_CACHE` if set, else `confide` in the platform's cache folder."""
    if named := os.environ.get("CONFIDE_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "confide" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "confide"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "confide"
