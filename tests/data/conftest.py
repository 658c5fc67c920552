"""Real data sets are looked for, never downloaded, by tests; the rest sees an empty machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from confide.data.locating import File, find


@pytest.fixture
def need() -> Callable[..., None]:
    """Skip unless these files are on this machine."""

    def look(*files: File) -> None:
        missing = [file.path for file in files if find(file) is None]
        if missing:
            pytest.skip(f"{', '.join(missing)} not under $CONFIDE_DATA")

    return look


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A machine without data sets: the data folder and the cache folder, both empty."""
    folders = tmp_path / "data", tmp_path / "cache"
    for name, folder in zip(("CONFIDE_DATA", "CONFIDE_CACHE"), folders, strict=True):
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    return folders
