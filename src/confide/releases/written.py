"""Writing a release and its sidecar: both whole or neither, and never over what should stay."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from confide.audits.outcome import Audit
from confide.core.atomic import keep_on_disk, replace, set_readers
from confide.core.drafts import draft_of
from confide.core.errors import DataError, PromiseError
from confide.core.foreign import in_one_line
from confide.core.nouns import Rehearsal, Release
from confide.core.paths import can_be_named
from confide.inputs.folders import pictures_in
from confide.inputs.sidecar import Sidecar, made_of, sidecar_of
from confide.inputs.source import Origin
from confide.releases.spec import View


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
        """0 within limits, 1 if one is exceeded, or not settled unless that is allowed."""
        return self.audit.exit_code


def check_place(out: Path, source: Origin, inputs: Sequence[Path], *, force: bool) -> None:
    """Refuse a place that is the input, that is taken, or whose format is another.

    Args:
        out: the place.
        source: of what is to be protected.
        inputs: all files and folders that are read.
        force: whether something may be overwritten.

    Raises:
        DataError: with what to do.
    """
    _need_name("--out", out)
    if source.path is not None and out.exists() and out.samefile(source.path):
        raise DataError(f"{out} is what is to be protected: write the protected data somewhere else.")
    source.refuse_form(out)
    _refuse_inputs("--out", (out, sidecar_of(out)), inputs)
    if out.is_dir() and force and not _ours(out):
        raise DataError(
            f"{out} is a folder that confide did not write like this: --force replaces an empty folder, or "
            "one of pictures that is as its sidecar says. Choose another name."
        )
    if not (out.is_dir() and force):
        _need_room("--out", out, force=force)
    _need_room("--out", sidecar_of(out), force=force)


def check_apart(
    places: Mapping[str, Path | None], out: Path, source: Origin, inputs: Sequence[Path], *, force: bool
) -> None:
    """Refuse places for secret files that are an input or the release, are inside one of them, or are taken.

    Args:
        places: option that names it, such as --key-out -> the place; None where none is asked for.
        out: the place of the release.
        source: of what is to be protected.
        inputs: all files and folders that are read.
        force: whether something may be overwritten.

    Raises:
        DataError: with what to do.
    """
    taken = [one.resolve() for one in (out, sidecar_of(out), *([source.path] if source.path else []))]
    asked = {option: path for option, path in places.items() if path is not None}
    for option, path in asked.items():
        _need_name(option, path)
        _refuse_inputs(option, (path,), inputs)
        if path.resolve() in taken or path.resolve().is_relative_to(out.resolve()):
            raise DataError(f"{option} {path} is the original or the release: write it somewhere else.")
        _need_room(option, path, force=force)
    if len({path.resolve() for path in asked.values()}) < len(asked):
        raise DataError(f"{' and '.join(asked)} name one file: give each its own.")


def _refuse_inputs(option: str, places: Sequence[Path], inputs: Sequence[Path]) -> None:
    for place in places:
        for path in inputs:
            if place.resolve() == path.resolve() or (
                path.is_dir() and place.resolve().is_relative_to(path.resolve())
            ):
                raise DataError(
                    f"{option} {place} is or is inside {path}, which is read here: choose another place."
                )


def _need_name(option: str, path: Path) -> None:
    if not can_be_named(path):
        raise DataError(f"{option} {in_one_line(path)} is too long a name for a file: give a shorter one.")


def _need_room(option: str, path: Path, *, force: bool) -> None:
    if path.exists() and (not force or path.is_dir()):
        raise DataError(f"{path} exists: choose another name, or overwrite it with --force.")
    there = next(parent for parent in path.absolute().parents if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise DataError(f"{option} {path}: {there} is no folder that can be written to: choose another.")


def _ours(folder: Path) -> bool:
    """Whether nothing of the user's is lost with this folder: it is empty, or as confide wrote it."""
    if not any(folder.iterdir()):
        return True
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    try:
        written = (
            made_of(folder, kind="images") is not None
        )  # raises where pictures differ from those that were written
    except DataError:
        return False
    return written and files == set(pictures_in(folder)[0])


def publish(
    release: Release[View], draft: Path, out: Path, sidecar: Sidecar, *, shared: bool = False
) -> None:
    """Move the finished draft of a release to its place, and write its sidecar.

    An old sidecar is removed first: a sidecar never stands beside data that it does not speak of. Only the
    user can read them, unless they are `shared` with others on this machine.

    Raises:
        PromiseError: for a rehearsal, or a sidecar that calls this one.
    """
    if not isinstance(release, Release) or sidecar.noise == "rehearsed":
        raise PromiseError(f"{release.maker} was rehearsed with a seed, and is no release: draw it again.")
    words = _ready(draft, out, sidecar, shared=shared)
    sidecar_of(out).unlink(missing_ok=True)
    replace(draft, out)
    words.replace(sidecar_of(out))


def keep_rehearsal(
    rehearsal: Rehearsal[View], draft: Path, out: Path, sidecar: Sidecar, *, shared: bool = False
) -> None:
    """Move the finished draft of a rehearsal to its place, its mark first: the sidecar that says "rehearsed".

    Where this is cut off, the mark stands alone or beside data that it does not speak of, and these are
    refused then. Data of a rehearsal never stand there without it.

    Raises:
        PromiseError: for a sidecar without the mark, or a release.
    """
    if not isinstance(rehearsal, Rehearsal) or sidecar.noise != "rehearsed":
        raise PromiseError(
            f"{rehearsal.maker} was rehearsed with a seed, and is not written without a sidecar that says so."
        )
    words = _ready(draft, out, sidecar, shared=shared)
    words.replace(sidecar_of(out))
    replace(draft, out)


def _ready(draft: Path, out: Path, sidecar: Sidecar, *, shared: bool) -> Path:
    """Both on the disk as drafts; where that of the sidecar is."""
    words = draft.with_name(sidecar_of(out).name)
    words.write_text(sidecar.text(), encoding="utf-8")
    for path in (draft, words):
        set_readers(path, shared=shared)
    # What a full disk may refuse comes before anything old is touched.
    keep_on_disk(words)
    keep_on_disk(draft)
    return words


@contextmanager
def written_key(pairs: Sequence[tuple[str, int]], path: Path, *, named: str) -> Generator[None]:
    """Write which original user or picture got which number, as a key that `--key` of an audit takes.

    It is on the disk before anything is published, and gets its name after that: a release whose numbers
    nobody can undo any more must not be left.
    """
    original, number = zip(*pairs, strict=True)
    frame = pl.DataFrame({named: original, f"released_{named}": number})
    with draft_of(path) as draft:
        draft.touch(mode=0o600)  # for its owner alone: anyone who reads it can undo the numbering
        frame.write_csv(draft)
        keep_on_disk(draft)
        yield
        draft.replace(path)


@contextmanager
def written_recipe(sidecar: Sidecar, path: Path) -> Generator[None]:
    """Write what next month's release needs to know of this table, with values that the release hides."""
    with draft_of(path) as draft:
        draft.touch(mode=0o600)  # for its owner alone: it names values of people
        draft.write_text(sidecar.text(), encoding="utf-8")
        keep_on_disk(draft)
        yield
        draft.replace(path)
