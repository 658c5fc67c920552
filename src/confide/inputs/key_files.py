"""Files of secret keys: written for their owner alone, and read only if nobody else can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from confide.core.errors import DataError
from confide.mechanisms.anonymize.pseudonyms import KEY_BYTES, SecretKey

LONGEST = 4096
"""Bytes of a key file: a larger file is not a key."""


def write_key(path: Path) -> SecretKey:
    """Make a key and write it in hexadecimal to a new file that only its owner can read.

    Raises:
        DataError: if the file exists or cannot be written.
    """
    key = SecretKey.new()
    try:
        # Created with its final permissions: there is no moment at which others can open it.
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(key.secret.hex() + "\n")
    except FileExistsError as error:
        raise DataError(
            f"{path} exists, and a key that is lost cannot be made again: give a new path."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}): check it.") from error
    return key


def read_key(path: Path, *, out: Path | None = None) -> SecretKey:
    """The key in a file: 32 bytes or more, as they are or as hexadecimal text.

    Args:
        path: of the key file.
        out: the file or folder that will be released; None where there is none.

    Raises:
        DataError: if the file is missing, is none, can be read by others, or stands in the folder of the
            release.
        PromiseError: if the key is short, or not random.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataError(f"{path} is no file: give a file with a key.")
        if about.st_size > LONGEST:
            raise DataError(f"{path} has {about.st_size:,} bytes: a key has {KEY_BYTES}.")
        written = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path} does not exist: check the path, or make a key first "
            f"(head -c {KEY_BYTES} /dev/urandom > key; chmod 600 key)."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror or error}): check it.") from error
    if os.name == "posix" and about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DataError(
            f"{path} can be read by others (mode {stat.S_IMODE(about.st_mode):o}): run chmod 600 on it, and "
            "make a new key if somebody may have read it."
        )
    if out is not None and _stands_in(path, out):
        raise DataError(
            f"{path} stands in the folder of the release: what is released could take the key with it. Move "
            "the key elsewhere."
        )
    return SecretKey(_decoded(written))


def _stands_in(path: Path, out: Path) -> bool:
    """Whether a path is in the folder that a file is released to, or in a folder that is released."""
    folder = out if out.is_dir() else out.parent
    return folder.resolve() in path.resolve().parents


def _decoded(written: bytes) -> bytes:
    text = written.strip()
    try:
        return bytes.fromhex(text.decode("ascii")) if text else text
    except ValueError:
        return written
