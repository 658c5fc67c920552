"""Albums: all pictures that a user holds, who is in each, and where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.paths import is_folder
from confide.inputs.columns import coded, need, need_ids
from confide.inputs.folders import SUFFIXES, people_of, pictures_in
from confide.inputs.keys import as_ids
from confide.inputs.picture_files import from_npz, named, names_in_npz, opened, resized, size_of
from confide.inputs.picture_labels import rows_in_order
from confide.inputs.tables import Tabular, read_table
from confide.views.images import Pictures

Form: TypeAlias = Literal["folder", "npz", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlbumSource:
    """Where an album came from and what it looked like, so that a release can be written like it.

    Args:
        name: what the album is called in messages.
        form: a folder of picture files, an .npz file, or `Pictures` in memory.
        path: of the folder or file; None in memory.
        unread: what it holds besides pictures and who is in them.
        arrays: the names of the arrays of pictures and of people in the .npz file.
        resized: whether pictures were brought to another size when they were read.
    """

    name: str
    form: Form
    path: Path | None = None
    unread: tuple[str, ...] = ()
    arrays: tuple[str, str] = ("X", "y")
    resized: bool = False

    def refuse_form(self, out: Path) -> None:
        """Check that a release can be written there in the form of the album: a folder stays a folder.

        Raises:
            DataError: if not, with what to do.
        """
        if self.form != "folder":
            if out.is_dir() or out.suffix.lower() != ".npz":
                raise DataError(
                    f"--out {out}: {self.name} is written as an .npz file, so let the name end in .npz."
                )
            return
        assert self.path is not None
        if out.name in ("", "..") or (out.exists() and not out.is_dir()) or out.suffix.lower() == ".npz":
            raise DataError(f"--out {out}: {self.name} is a folder, so name a folder to write.")
        there, here = out.resolve(), self.path.resolve()
        if there.is_relative_to(here) or here.is_relative_to(there):
            raise DataError(
                f"--out {out} is inside or around {self.path}, which is to be protected: write the protected "
                "pictures somewhere else."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Album:
    """All pictures, with the names of the files and of the people.

    Args:
        pictures: with people 0, 1, ...
        files: the name of each picture: its file, or its row, counted from 1.
        people: the name of each person, in the order of the codes.
        named: who is in each picture, as the user wrote it.
        source: where it came from.
    """

    pictures: Pictures
    files: tuple[str, ...]
    people: tuple[str, ...]
    named: Array
    source: AlbumSource


def read_album(
    given: Pictures | Path | str, *, labels: Tabular | None, resize: tuple[int, int] | None
) -> Album:
    """Read all pictures and who is in each.

    Raises:
        DataError: if the pictures or the labels are not as they should be; files are named.
    """
    if not isinstance(given, str | Path | Pictures):
        raise DataError(
            f"the pictures are of type {type(given).__name__}: give a folder, an .npz file, or `Pictures`."
        )
    if labels is not None and (isinstance(given, Pictures) or not is_folder(Path(given))):
        raise DataError(
            "labels go with a folder of picture files, but these pictures bring their names: give no labels."
        )
    if isinstance(given, Pictures):
        if given.person is None:
            raise DataError("the pictures carry no names: give `person`, who is in each.")
        files = numbered(len(given))
        source = AlbumSource(name="pictures", form="memory")
        return _album(source, files, given.pixels, given.person, resize)
    path = Path(given)
    return _from_folder(path, labels, resize) if is_folder(path) else _from_npz(path, resize)


def numbered(pictures: int) -> list[str]:
    """The names of pictures that have no file of their own: their rows, counted from 1.

    >>> numbered(2)
    ['1', '2']
    """
    return [str(row) for row in range(1, pictures + 1)]


def _from_npz(path: Path, resize: tuple[int, int] | None) -> Album:
    pixels, person = from_npz(path)
    shown, people, *others = names_in_npz(path, "X", "y")
    source = AlbumSource(
        name=path.name,
        form="npz",
        path=path,
        unread=tuple(others),
        arrays=(shown, people),
    )
    return _album(source, numbered(len(pixels)), pixels, person, resize)


def _from_folder(path: Path, labels: Tabular | None, resize: tuple[int, int] | None) -> Album:
    labelled, others = _labelled(path, labels)
    files, people = [file for file, _ in labelled], np.array([who for _, who in labelled])
    source = AlbumSource(
        name=path.name or path.resolve().name,
        form="folder",
        path=path,
        unread=(f"{others} other file{'s' * (others > 1)}",) * (others > 0),
        resized=resize is not None and any(size_of(path, file) != tuple(resize) for file in files),
    )
    return _album(source, files, opened(path, files, resize), people, resize)


def _album(
    source: AlbumSource,
    files: Sequence[str],
    pixels: NDArray[np.uint8],
    person: Array,
    resize: tuple[int, int] | None,
) -> Album:
    """The pictures of one size, and people under codes."""
    if resize is not None and pixels.shape[1:3] != tuple(resize):
        pixels, source = resized(pixels, resize), replace(source, resized=True)
    if 0 in pixels.shape[1:3]:
        raise DataError(f"{source.name} has pictures without pixels, {list(pixels.shape)}: give larger ones.")
    who = coded(pl.Series("person", [str(p) for p in person]))
    return Album(
        pictures=Pictures(pixels, who.codes),
        files=tuple(files),
        people=tuple(who.labels.to_list()),
        named=person,
        source=source,
    )


def _labelled(folder: Path, labels: Tabular | None) -> tuple[list[tuple[str, str]], int]:
    """(file, person) of each picture, in the order of the files' names; and the number of other files."""
    found, others = pictures_in(folder)
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DataError(f"{folder} holds no pictures ({kinds}): name the folder that holds them.")
    if labels is None:
        loose = [file for file in found if "/" not in file]
        if loose:
            raise DataError(
                f"who is in {named(loose)} of {folder}? Put the pictures of each person into a "
                "sub-folder, or give labels: a table with the columns file and person."
            )
        return list(zip(found, people_of(found, folder), strict=True)), others
    table = read_table(labels, name="the labels", ids=("file", "person"))
    frame, called = table.frame, table.name
    need(frame, ("file", "person"), name=called)
    need_ids(frame, ("file", "person"), name=called)
    rows = rows_in_order(table, found, file="file", what="person", folder=folder)
    return list(zip(found, as_ids(rows["person"]).to_list(), strict=True)), others
