"""Writing a release and its sidecar: both whole or neither, and never over what should stay."""

from __future__ import annotations

import hashlib
import os
import shutil
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
        out: the file or folder.
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
    taken = next((path for path in (out, sidecar_of(out)) if path.exists()), None)
    if taken is not None and not force:
        raise DataError(f"{taken} exists: choose another name, or overwrite it with --force.")
    there = next(path for path in out.absolute().parents if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise DataError(f"--out {out}: {there} is no folder that can be written to: choose another.")


@contextmanager
def draft_of(out: Path) -> Generator[Path]:
    """A path beside `out` to write a file or folder to; it is removed at the end, unless it was moved."""
    draft = out.with_name(f".{out.stem}.{uuid4().hex[:8]}.draft{out.suffix}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield draft
    finally:
        remove(draft)


def publish(draft: Path, out: Path, sidecar: Sidecar) -> None:
    """Move a finished draft to its place, and write its sidecar.

    An old sidecar is removed first: a sidecar never stands beside a file that it does not speak of.
    """
    sidecar_of(out).unlink(missing_ok=True)
    for path in draft.rglob("*") if draft.is_dir() else (draft,):
        if path.is_file():
            with path.open("rb") as written:
                os.fsync(written.fileno())
    if out.is_dir():
        remove(out)
    draft.replace(out)
    with atomic_write(sidecar_of(out)) as beside:
        beside.write_text(sidecar.text(), encoding="utf-8")


def write_key(pairs: Sequence[tuple[str, int]], path: Path) -> None:
    """Write which original user got which number, as a key that `--key` of an audit takes."""
    original, number = zip(*pairs, strict=True)
    frame = pl.DataFrame({"user": original, "released_user": number})
    with atomic_write(path) as draft:
        frame.write_csv(draft)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def digest_of_release(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder: over the names and contents of its files, in their order."""
    if path.is_file():
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    sha = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        sha.update(f"{file.relative_to(path).as_posix()}\0{digest_of_release(file)}\n".encode())
    return sha.hexdigest()
