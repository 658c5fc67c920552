"""Folders of pictures as records: each prepared as for the training of the model, in the order of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.who import standing
from confide.inputs.folders import SUFFIXES, pictures_in
from confide.inputs.methods import name_of
from confide.inputs.picture_files import ANY_MODE, is_turned, named, opened, picture_of, size_of, unreadable
from confide.inputs.picture_labels import labels_of
from confide.inputs.reading import Reading
from confide.inputs.records import RawRecords
from confide.inputs.stacking import TWICE, need_same_twice, read_safely, stacked
from confide.models.factories import made
from confide.models.importing import import_object
from confide.models.onnx_pictures import PictureInput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preparation:
    """How a picture becomes what the model takes: by the user's own function, or as the graph says.

    Args:
        transform: picture of Pillow -> array or tensor; None where the graph says it.
        name: what to call it.
        graph: what the model's graph takes.
    """

    transform: Callable[[Any], object] | None = None
    name: str = ""
    graph: PictureInput | None = None

    @classmethod
    def by(cls, given: object) -> Preparation:
        """The preparation by a function, or by an import path to one, or to what makes one.

        Raises:
            DataError: if it is none.
        """
        name = given if isinstance(given, str) else name_of(given)
        found = import_object(given) if isinstance(given, str) else given
        found = made(found, name, what="the transform")
        if not callable(found):
            raise DataError(
                f"--transform {name} is of type {type(found).__name__}: give a function that takes a picture "
                "of Pillow, and returns an array or a tensor."
            )
        return cls(transform=found, name=name)


def read_folder(
    folder: Path, *, label: str | None, user: str | None, prepare: Preparation | None, reading: Reading
) -> RawRecords:
    """The pictures of a folder and their labels.

    Args:
        folder: of the pictures; they are taken in the order of their names.
        label: the column of the label, in a table beside them.
        user: the column that says whose picture it is.
        prepare: see there.
        reading: what the user says about files.

    Raises:
        DataError: if a file is no picture, has no label, or does not become an array like the others.
    """
    files, others = pictures_in(folder)
    if not files:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DataError(f"{folder} holds no pictures ({kinds}): name the folder that holds them.")
    title = folder.name or folder.resolve().name
    known = labels_of(folder, files, label=label, user=user, reading=reading)
    notes = [t("Each picture is labelled by {what}.", what=known.by)]
    if prepare is None:
        raise DataError(f"{title} is a folder of pictures: give it by its path, and not by way of Python.")
    if prepare.transform is not None:
        x = _transformed(folder, files, prepare)
        notes.append(t("Each picture was prepared by {name}.", name=prepare.name))
    else:
        assert prepare.graph is not None
        x, said = _as_the_graph_says(folder, files, prepare.graph)
        notes += said
    others -= known.by_table
    if others:
        notes.append(
            t("{n:,} other files of {folder} are no pictures, and were not read.", n=others, folder=title)
        )
    places = standing([f"{title}/{file}" for file in files], ids=known.ids)
    return RawRecords(x, known.y, title, known.ids, place=places, notes=tuple(notes))


def _transformed(folder: Path, files: Sequence[str], prepare: Preparation) -> Array:
    transform = prepare.transform
    assert transform is not None

    def read(row: int) -> object:
        with picture_of(folder, files[row], modes=ANY_MODE) as picture:
            try:
                picture.load()
            # Of a damaged file Pillow raises whatever its reader of that part does.
            except Exception as damage:
                raise unreadable(folder / files[row], damage) from damage
            said = f"{files[row]} ({picture.mode}, {picture.height}x{picture.width})"
            return read_safely(partial(transform, picture), said, f"the transform {prepare.name}")

    def rows() -> Iterator[tuple[str, object]]:
        for row, file in enumerate(files):
            yield f"{file} after the transform", read(row)

    need_same_twice(read, range(min(TWICE, len(files))), what=f"the transform {prepare.name}")
    return stacked(rows(), len(files), name=folder.name, finite=True)


def _as_the_graph_says(folder: Path, files: Sequence[str], graph: PictureInput) -> tuple[Array, list[str]]:
    turned = [file for file in files if is_turned(folder, file)]
    if turned:
        raise DataError(
            f"{named(turned)} of {folder.name} say how the camera was held, and nothing says whether the "
            "model was trained on pictures that had been turned upright: give --transform, which may do so "
            "(PIL.ImageOps.exif_transpose)."
        )
    size = None if graph.height is None or graph.width is None else (graph.height, graph.width)
    pixels = opened(folder, files, size, instead="give --transform, which may do so")
    grey = pixels.ndim == 3
    if grey != (graph.channels == 1):
        raise DataError(
            f"the pictures of {folder.name} are {'grey' if grey else 'in colour'}, and the graph takes "
            f"{graph.channels} channel{'s' * (graph.channels > 1)}: give --transform, which may change them "
            f"(image.convert('{'RGB' if grey else 'L'}'))."
        )
    wanted = [s for s in (graph.height, graph.width) if s is not None]
    if len(wanted) == 1 and wanted[0] not in pixels.shape[1:3]:
        raise DataError(f"the graph takes pictures of {graph.height} x {graph.width}: give --transform.")
    changed = 0 if size is None else sum(size_of(folder, file) != size for file in files)
    notes = [_said(graph)]
    if changed and size is not None:
        notes.append(
            t(
                "{n:,} pictures of {folder} were resized to {h} x {w}, which the graph fixes. If they were "
                "cut or resized in another way for training, attacks see less than there is: give "
                "--transform.",
                n=changed,
                folder=folder.name,
                h=size[0],
                w=size[1],
            )
        )
    return graph.of(pixels), notes


def _said(graph: PictureInput) -> str:
    if graph.kind is np.uint8:
        return t("Pictures were given to the graph as pixels of 0 to 255.")
    return t(
        "Pictures were given to the graph as numbers of {low} to {high}, as its metadata says.",
        low=round(graph.low),
        high=round(graph.high),
    )
