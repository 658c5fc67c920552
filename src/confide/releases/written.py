"""Writing a release and its sidecar: both whole or neither, and never over what should stay."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import polars as pl

from confide.audits.outcome import Audit
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.inputs.sidecar import Sidecar, sidecar_of
from confide.inputs.source import Source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A protected release on disk.

    Args:
        out: the file.
        sidecar: what was done.
        audit: of the written file against the original.
        notes: what the user should know, a sentence each.
    """

    out: Path
    sidecar: Sidecar
    audit: Audit
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 within limits, 1 if one is exceeded (or inconclusive, when strict)."""
        return self.audit.exit_code


def check_place(out: Path, source: Source, *, force: bool) -> None:
    """Refuse a place that is the input, that is taken, or whose format is another.

    Raises:
        DataError: with what to do.
    """
    if out.is_dir():
        raise DataError(f"{out} is a folder: name the file to write.")
    if source.path is not None and out.exists() and out.samefile(source.path):
        raise DataError(f"{out} is what is to be protected: write the protected data somewhere else.")
    suffix = "" if source.path is None else source.path.suffix
    if source.format in ("csv", "parquet") and out.suffix.lower() != suffix.lower():
        raise DataError(
            f"{out} ends in {out.suffix or 'nothing'}, and {source.name} is a {suffix} file: the protected "
            f"data are written in the same format, so let the name end in {suffix}."
        )
    if source.format == "frame" and out.suffix.lower() not in (".parquet", ".csv"):
        raise DataError(f"{out} says no format: let the name end in .parquet or .csv.")
    for path in (out, sidecar_of(out)):
        _need_room("--out", path, force=force)


def check_key_place(key: Path, out: Path, source: Source, *, force: bool) -> None:
    """Refuse a place for the key that is the input or the release, or that is taken.

    Raises:
        DataError: with what to do.
    """
    taken = [path.absolute() for path in (out, sidecar_of(out), *([source.path] if source.path else []))]
    if key.absolute() in taken:
        raise DataError(f"--key-out {key} is the original or the release: write the key somewhere else.")
    _need_room("--key-out", key, force=force)


def _need_room(option: str, path: Path, *, force: bool) -> None:
    if path.exists() and (not force or path.is_dir()):
        raise DataError(f"{path} exists: choose another name, or overwrite it with --force.")
    there = next(parent for parent in path.absolute().parents if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise DataError(f"{option} {path}: {there} is no folder that can be written to: choose another.")


@contextmanager
def draft_of(out: Path) -> Generator[Path]:
    """A path beside `out` to write a file to; it is removed at the end, unless it was moved."""
    draft = out.with_name(f".{out.stem}.{uuid4().hex[:8]}.draft{out.suffix}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def publish(draft: Path, out: Path, sidecar: Sidecar) -> None:
    """Move a finished draft to its place, and write its sidecar.

    An old sidecar is removed first: a sidecar never stands beside a file that it does not speak of.
    """
    sidecar_of(out).unlink(missing_ok=True)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(out)
    with atomic_write(sidecar_of(out)) as beside:
        beside.write_text(sidecar.text(), encoding="utf-8")


def write_key(pairs: Sequence[tuple[str, int]], path: Path) -> None:
    """Write which original user got which number, as a key that `--key` of an audit takes."""
    original, number = zip(*pairs, strict=True)
    frame = pl.DataFrame({"user": original, "released_user": number})
    with atomic_write(path) as draft:
        frame.write_csv(draft)
