"""Atomic file writes: temporary file, fsync, rename."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def atomic_write(path: Path) -> Generator[Path]:
    """Yield a temporary path to write to; rename it to `path` on success, remove it on any error.

    A killed process or a full disk leaves an older file at `path` unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic only within one file system.
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}.draft")
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())  # otherwise a power failure may keep the new name and lose the content
        draft.replace(path)
    finally:
        # After the rename there is nothing left to remove; after an error the draft is.
        draft.unlink(missing_ok=True)
