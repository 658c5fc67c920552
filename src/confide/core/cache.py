"""A cache on disk: files named by a hash of their inputs, and sealed with a key that stands beside them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confide.core.atomic import keep_on_disk
from confide.core.drafts import draft_of, remove, remove_abandoned
from confide.core.errors import ModelError
from confide.core.foreign import disk_full
from confide.core.paths import is_folder
from confide.core.seal import KEY, key_in, seal_of


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
    """A folder of files named `<key>.<seal>.kept`, for this user alone.

    A file whose seal is not that of its content and of the folder's key is deleted, said, and made again:
    it is damaged, or somebody else's. Several processes may use the folder at once: each writes a draft of
    its own, and one rename puts it in its place.

    Args:
        folder: made if it is not there. One that others may write to is refused, unless it holds nothing but
            what confide keeps: then it is closed to them.
        tell: called with a sentence if files were deleted.
    """

    folder: Path
    tell: Callable[[str], object] | None = None

    def find(self, key: str) -> Path | None:
        """Find the sealed file under this key; those with another seal are deleted.

        Raises:
            ModelError: if others may write to the folder.
        """
        if not is_folder(self.folder):
            return None
        _close(self.folder)
        deleted = 0
        for path in sorted(self.folder.glob(f"{key}.*.kept")):
            try:
                if path.is_file() and not path.is_symlink() and path.name == self._name(key, path):
                    return path
                remove(path)
                deleted += 1
            except OSError:  # another process was faster, or the folder cannot be written to
                continue
        if deleted and self.tell is not None:
            self.tell(
                f"{deleted} file{'s' * (deleted > 1)} in the cache {self.folder} did not pass the check: "
                "changed, cut short, or not written here. Deleted, and made again."
            )
        return None

    def keep(self, key: str, write: Callable[[Path], None]) -> Path:
        """Write one file with `write` and store it under this key.

        Raises:
            ModelError: if the file cannot be written, for example because the disk is full, or others may
                write to the folder.
        """
        try:
            if not is_folder(self.folder):
                self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            _close(self.folder)
            remove_abandoned(self.folder)  # of any key: a killed process may never come back for its own
            # The name needs the seal of the content, so the file is written before it is named.
            with draft_of(self.folder / key) as draft:
                write(draft)
                draft.chmod(0o600)
                keep_on_disk(draft)
                return draft.replace(self.folder / self._name(key, draft))
        except Exception as error:
            # safetensors and polars have errors of their own for a full disk.
            why = error.strerror or str(error) if isinstance(error, OSError) else disk_full(error)
            if not why:
                raise
            raise ModelError(
                f"models cannot be kept in {self.folder} ({why}): give a folder "
                "with enough space. The models finished before are kept and will be found again."
            ) from error

    def _name(self, key: str, path: Path) -> str:
        return f"{key}.{seal_of(path, key_in(self.folder), key)}.kept"


def _close(folder: Path) -> None:
    """Close a folder to others, or refuse it.

    The folder may be older than this rule, or made by a system that lets a group write by default: if it
    holds nothing but what confide keeps, it is closed. One with other files is left as it is, and refused if
    others may write to it.

    Raises:
        ModelError: if others may write to it.
    """
    if os.name != "posix":
        return
    about = folder.stat()
    me = os.geteuid()
    if about.st_uid == me and about.st_mode & 0o077 and _is_ours(folder):
        folder.chmod(0o700)
        return
    if (about.st_mode & 0o022) or (about.st_uid not in (me, 0) and me != 0):
        whose = "others may write to it" if about.st_mode & 0o022 else "it belongs to another user"
        raise ModelError(
            f"the cache {folder} is refused, because {whose}: what stands there decides what an audit finds. "
            f"Close it (`chmod 700 {folder}`), or give another folder with --cache or CONFIDE_CACHE."
        )


def _is_ours(folder: Path) -> bool:
    names = [path.name for path in folder.iterdir()]
    return KEY in names or all(name.endswith((".kept", ".draft", ".part")) for name in names)


def cache_folder() -> Path:
    """The cache folder: `CONFIDE_CACHE` if set, else `confide` in the platform's cache folder.

    Raises:
        ModelError: if the system knows no home folder, as in a container whose user has no entry.
    """
    try:
        return _usual_folder()
    except RuntimeError as error:
        raise ModelError(
            "no home folder is known, and finished work is kept there: name a folder for it with --cache or "
            "CONFIDE_CACHE."
        ) from error


def _usual_folder() -> Path:
    if named := os.environ.get("CONFIDE_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "confide" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "confide"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "confide"
