"""Folders of picture files: which files count as pictures, and a digest of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from confide.core.errors import DataError
from confide.inputs.tables import digest_of_file

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".pgm", ".ppm", ".tif", ".tiff"}

NOT_SHOWN = {"__macosx", "@eadir"}
"""Folders in which systems keep small copies of pictures."""
PARTS = {"train", "training", "val", "valid", "validation", "dev", "test", "testing", "holdout"}
"""Folders that divide a data set; the folders in them are the people."""


def pictures_in(folder: Path) -> tuple[list[str], int]:
    """The names of the pictures under a folder, relative to it and sorted; and the number of other files.

    Hidden files and folders, which systems leave behind, count as neither.

    Raises:
        DataError: for a name that is not UTF-8: it could not be written to a table.
    """
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    shown = [file.as_posix() for file in files if not any(map(_is_hidden, file.parts))]
    for name in shown:
        if not _is_text(name):
            raise DataError(f"{folder} holds {name!r}, a name that is not UTF-8: rename that file.")
    found = sorted(name for name in shown if Path(name).suffix.lower() in SUFFIXES)
    return found, len(shown) - len(found)


def people_of(files: Sequence[str], folder: Path) -> list[str]:
    """Who is in each picture, by the sub-folder it is in; one person may be in `train/` and in `test/`.

    Raises:
        DataError: if most names stand in several folders, which may or may not be one person each.

    >>> people_of(["train/ann/1.png", "test/ann/2.png", "train/bob/1.png"], Path("faces"))
    ['ann', 'ann', 'bob']
    >>> people_of(["val/1.png", "ann/1.png"], Path("faces"))
    ['val', 'ann']
    """
    there = [PurePosixPath(file).parent.parts for file in files]
    whole = [tuple(part for part in parts if part.lower() not in PARTS) for parts in there]
    # Unless a person is called so: then pictures would be nobody's.
    parts = whole if all(whole) else there
    several: dict[str, set[tuple[str, ...]]] = {}
    for one in parts:
        several.setdefault(one[-1], set()).add(one[:-1])
    again = sorted(name for name, above in several.items() if len(above) > 1)
    if 2 * len(again) > len(several):
        first, second, *_ = sorted("/".join((*above, again[0])) for above in several[again[0]])
        raise DataError(
            f"{first} and {second} of {folder} may be one person or two: put all pictures of a person into "
            "one sub-folder, or give labels, a table with the columns file and person."
        )
    return ["/".join(one) for one in parts]


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


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part.lower() in NOT_SHOWN


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 stand in names as surrogates
        return False
    return True
