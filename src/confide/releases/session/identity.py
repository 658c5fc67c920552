"""Identities of files: what a ledger is bound to, and whether it is still so."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from confide.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Identity:
    """A file as it was when it was read.

    Args:
        path: of the file.
        digest: SHA-256 of its bytes. A function of the exact data: it is for the ledger, never for analysts.
        stamp: size, time of change and number on the disk.
    """

    path: Path
    digest: str
    stamp: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> Identity:
        """The identity of a file.

        Raises:
            DataError: if it cannot be read.
        """
        try:
            stamp = _stamp(path)
            with path.open("rb") as file:
                return cls(path, file_digest(file, "sha256").hexdigest(), stamp)
        except (OSError, ValueError) as error:  # a name that no file can have is a ValueError
            why = getattr(error, "strerror", None) or "no file can have such a name"
            raise DataError(f"{path} cannot be read ({why}): check the name.") from error

    def need_unchanged(self) -> None:
        """Check that the file is what it was.

        Raises:
            DataError: if its bytes are others now, or it is gone.
        """
        try:
            same = _stamp(self.path) == self.stamp
        except OSError:
            same = False
        if not same and Identity.of(self.path).digest != self.digest:
            raise DataError(
                f"{self.path.name} changed since this session began, and its ledger is bound to what it was: "
                "put the file back, or begin a session with a ledger of its own for the new data."
            )


def _stamp(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino
