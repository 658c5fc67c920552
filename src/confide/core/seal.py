"""Seals of files: HMAC-SHA256 with a key that is made on first use and stands beside what it seals.

A hash in a name shows damage, but anyone who writes the file can write the hash too. A seal shows that the
owner of the key wrote the file. The key is bound to its own place on the disk: a folder from elsewhere,
with its key, is not taken for one that was filled here.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from hashlib import file_digest, sha256
from pathlib import Path

KEY = ".key"
_LENGTH = 32


def key_in(folder: Path) -> bytes:
    """The key of a folder, made if there is none that this user made there.

    Raises:
        OSError: if it cannot be written.
    """
    path = folder / KEY
    found = _read(path)
    while found is None:
        draft = folder / f"{KEY}.{secrets.token_hex(4)}"
        try:
            _write(draft)
            # Another's, one that others can read, or one that came from elsewhere; not that of a process that
            # was faster.
            if _exists(path) and _read(path) is None:
                path.unlink(missing_ok=True)
            os.link(draft, path)  # unlike a rename it leaves the key of a process that was faster
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
        found = _read(path)
    return found


def seal_of(path: Path, key: bytes, name: str) -> str:
    """The seal of a file under a name: another content, or the same under another name, has another one."""
    with path.open("rb") as file:
        content = file_digest(file, "sha256").digest()
    return hmac.new(key, name.encode() + b"\0" + content, sha256).hexdigest()


def _read(path: Path) -> bytes | None:
    """The key in a file; None if it is not this user's alone, or was not made in this place."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or (os.name == "posix" and not _is_mine_alone(about)):
            return None
        key, place = file.read(_LENGTH), file.read(32)
    return key if len(key) == _LENGTH and place == str(about.st_ino).encode() else None


def _is_mine_alone(about: os.stat_result) -> bool:
    return about.st_uid == os.geteuid() and not about.st_mode & 0o077


def _write(draft: Path) -> None:
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_LENGTH) + str(os.fstat(handle).st_ino).encode())
        file.flush()
        os.fsync(handle)


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()
