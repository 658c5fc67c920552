"""A log file of one party, for its owner alone: Flower throws away what its apps print."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from confide.core.foreign import escaped


def note(path: Path, text: str) -> None:
    """Append a line with the time; control characters of foreign text are written out."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(f"{now} {escaped(text, keep=())}\n")
