"""Location of a data set's files: the user's data folder, the cache, or a download from the publisher."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from confide.core.cache import cache_folder
from confide.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a data set.

    Args:
        path: its path below the data folder or the cache, such as "membership/location30.npz".
        url: the publisher's address of the file; empty if there is none.
        checksum: "sha256:..." or "md5:..." of the publisher's bytes; without it nothing is downloaded.

    Raises:
        DataError: if the path points outside the folder.
    """

    path: str
    url: str = ""
    checksum: str = ""

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.path).parts
        # Also what only Windows reads as another folder: a drive letter, a backslash.
        if not parts or ".." in parts or parts[0] == "/" or ":" in self.path or "\\" in self.path:
            raise DataError(f"{self.path!r} leaves the data folder: name a file inside it.")


def data_folder() -> Path | None:
    """The folder that `CONFIDE_DATA` names, if it is set."""
    named = os.environ.get("CONFIDE_DATA")
    return Path(named).expanduser() if named else None


def find(file: File) -> Path | None:
    """Find a file on this machine; None if it is not here.

    Raises:
        DataError: if it is here but its bytes are not the publisher's.
    """
    # The user's own folder first: it is the one that they chose.
    for folder in (data_folder(), cache_folder()):
        if folder is not None and (path := folder / file.path).is_file():
            _verify(path, file.checksum)
            return path
    return None


def locate(*files: File, get: str) -> Path:
    """Find the first of these files that is on this machine, else download the first that is offered.

    Args:
        files: files of which one is enough, the best first.
        get: a sentence for the user that says where to get the file.

    Raises:
        DataError: if there is none, a download fails, or a file's bytes are not the publisher's.
    """
    for file in files:
        if path := find(file):
            return path
    for file in files:
        # Without a checksum nobody could say whether the download is the publisher's file.
        if file.url and file.checksum:
            return _download(file, get=get)
    folder = data_folder()
    looked = " and ".join(str(f) for f in (folder, cache_folder()) if f is not None)
    names = " or ".join(file.path for file in files)
    raise DataError(
        f"{names} is not in {looked}. {get} Then put it at {cache_folder() / files[-1].path}"
        + (
            f" or {folder / files[-1].path}."
            if folder
            else ", or set CONFIDE_DATA to the folder that contains it."
        )
    )


def _verify(path: Path, checksum: str) -> None:
    if not checksum:
        return
    kind, wanted = checksum.split(":")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, kind).hexdigest()
    if found != wanted:
        raise DataError(
            f"{path} has {kind} {found}, but its publisher's file has {wanted}: "
            "it is damaged or another version; delete it and get it again."
        )


def _download(file: File, *, get: str) -> Path:
    target = cache_folder() / file.path
    by_hand = f"{get} Then put it at {target}."
    try:
        # An extra: a user who brings their own files needs no downloader.
        import pooch
    except ImportError as missing:
        raise DataError(
            f"{target.name} is not on this machine. Let confide download it (pip install 'confide[data]'), "
            f"or do it by hand. {by_hand}"
        ) from missing
    try:
        pooch.retrieve(file.url, known_hash=file.checksum, fname=target.name, path=target.parent)
    except (OSError, ValueError) as failure:  # requests' errors are OSErrors, a wrong hash is a ValueError
        raise DataError(
            f"{file.url} could not be downloaded ({failure}). Do it by hand: {by_hand}"
        ) from failure
    return target
