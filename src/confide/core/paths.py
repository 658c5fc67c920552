"""Paths as a user writes them."""

from __future__ import annotations

from pathlib import Path


def is_there(path: Path) -> bool:
    """Whether there is a file or a folder; no where none can have such a name, one too long for example."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder; not where none can have such a name."""
    return is_there(path) and path.is_dir()
