"""An input that is a file, with what was written into it where that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from .mutating import mutated


@dataclass(frozen=True, slots=True)
class File:
    """A file.

    Args:
        how: it was made, for a person who looks at a failure.
        content: of the file.
        suffix: of its name.
        asked: what else the reader is given.
        written: what it must give back; None where nobody knows.
        plain: whether it may not refuse the file either.
    """

    how: str
    content: bytes = field(repr=False)
    suffix: str
    asked: Any = None
    written: Any = None
    plain: bool = False

    def put(self, folder: Path) -> Path:
        """The file, written into a folder."""
        path = folder / f"given{self.suffix}"
        path.write_bytes(self.content)
        return path


def mutants(
    files: Callable[[], Sequence[bytes]], suffix: str, *, asked: Any = None
) -> st.SearchStrategy[File]:
    """Files with wrong bytes."""
    return mutated(files).map(lambda content: File("mutated", content, suffix, asked=asked))
