"""Where a run writes to: checked before anything is read or charged."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.releases.collaboration.saved import is_saved
from confide.releases.collaboration.unfinished import folder_of


class Places(Protocol):
    """Where a run writes to, of the settings of several commands."""

    @property
    def out(self) -> Path: ...

    @property
    def record(self) -> Path | None: ...

    @property
    def force(self) -> bool: ...

    @property
    def rehearse(self) -> int | None: ...


def check_places(settings: Places) -> None:
    """Refuse places that hold something else, before anything is read or charged.

    Raises:
        DataError: which, and what to do.
    """
    out, record = settings.out, settings.record
    if is_there(out) and not is_saved(out):
        raise DataError(f"--out {out} exists and is no model of a collaboration: choose another file.")
    if is_there(out) and not settings.force:
        raise DataError(f"--out {out} holds a model: choose another file, or replace it with --force.")
    if not is_there(folder_of(out)):
        refuse_record(record)
    if record is not None and out.resolve().is_relative_to(record.resolve()):
        raise DataError(f"--out {out} is within the folder of the transcript: choose another place.")


def refuse_record(record: Path | None) -> None:
    if record is not None and is_there(record):
        raise DataError(f"--record {record} is there already: name a new folder for the transcript.")
