"""Folders of picture files: which files count as pictures, and a digest of all of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from confide.core.errors import DataError
from confide.inputs.tables import digest_of_file

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".pgm", ".ppm", ".tif", ".tiff"}


def pictures_in(folder: Path) -> tuple[list[str], int]:
    """The names of the pictures under a folder, relative to it and sorted; and the number of other files.

    Hidden files and folders, which systems leave behind, count as neither.

    Raises:
        DataError: for a name that is not UTF-8: it could not be written to a table.
    """
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    shown = [file.as_posix() for file in files if not any(part.startswith(".") for part in file.parts)]
    for name in shown:
        if not _is_text(name):
            raise DataError(f"{folder} holds {name!r}, a name that is not UTF-8: rename that file.")
    found = sorted(name for name in shown if Path(name).suffix.lower() in SUFFIXES)
    return found, len(shown) - len(found)


def digest_of(path: Path) -> str:
    """SHA-256 in hexadecimal: of a file's bytes, or of the names and bytes of all pictures under a folder.

    Raises:
        DataError: if something is missing or cannot be opened.
    """
    if not path.is_dir():
        return digest_of_file(path)
    sha = hashlib.sha256()
    for name in pictures_in(path)[0]:
        sha.update(f"{len(name.encode())} {name} {digest_of_file(path / name)};".encode())
    return sha.hexdigest()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 stand in names as surrogates
        return False
    return True
