"""Inputs of a release: the files and folders that a record names, and whether they are what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.core.errors import DataError
from confide.inputs.folders import digest_of
from confide.inputs.named_files import named_files


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files and folders as they were before anything was read.

    Args:
        digests: SHA-256 of each, as of `confide.inputs.folders.digest_of`.
    """

    digests: Mapping[Path, str]

    @classmethod
    def of(cls, held: Any) -> Inputs:
        """What a record names.

        Raises:
            DataError: if one of them cannot be opened.
        """
        # Before the reading: what is changed while it is read then differs from its digest.
        return cls({path: digest_of(path) for paths in named_files(held).values() for path in paths})

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return tuple(self.digests)

    def refuse_changed(self) -> None:
        """Check that each still holds what it held.

        Raises:
            DataError: with the first that has changed or is gone.
        """
        # By content: the date of a file changes when it is copied, and may stay when it is written.
        for path, digest in self.digests.items():
            if not path.exists() or digest_of(path) != digest:
                raise DataError(
                    f"{path} has changed since it was read: nothing was written. Run the command again."
                )
