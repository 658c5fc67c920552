"""What a user hands in for a model's door: the model, loaded or made, and records in any of their forms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confide.core.errors import DataError, ModelError
from confide.core.paths import is_folder
from confide.inputs.datasets import is_dataset, read_dataset
from confide.inputs.methods import name_of
from confide.inputs.picture_records import Preparation, read_folder
from confide.inputs.reading import Reading
from confide.inputs.records import RawRecords, as_raw_records
from confide.models.checkpoints import with_weights
from confide.models.factories import made, needs_arguments
from confide.models.importing import import_object, is_import_path
from confide.models.loading import load_object, need_skops
from confide.models.onnx_pictures import picture_input


def load_given(given: Any, *, weights: Any, trust: Sequence[str]) -> tuple[Any, str]:
    """A model as a user hands it in, with its weights, and what to call it.

    Args:
        given: a file, an import path or an object; a class, or a function without arguments, makes a model.
        weights: to put into it; None for those that it has.
        trust: types that are built from a .skops file besides the listed ones.

    Raises:
        ModelError: if there is no such model, it cannot be made, or the weights do not fit it.
    """
    if isinstance(given, str | Path):
        title, model = str(given), load_object(str(given), trust=trust)
    else:
        need_skops(given, trust)
        title = name_of(given)
        model = made(given, title)
    if weights is None:
        return model, title
    # A function that takes one argument could be predict(X), or make the module from a setting.
    if type(model).__name__ == "function":
        raise ModelError(
            f"weights and checkpoints go into a torch module, and {title} may be a function that answers: "
            f"give the module, or where it makes one: {needs_arguments(model, title)}"
        )
    title += f" with {Path(weights).name}" if isinstance(weights, str | Path) else ""
    return with_weights(model, weights), title


def records_given(
    given: Any,
    *,
    label: str | None,
    user: str | None,
    name: str,
    reading: Reading,
    prepare: Preparation | None = None,
) -> RawRecords:
    """Records as a user hands them in: tables, arrays, folders of pictures, data sets, or where these are.

    Args:
        given: any of them; an import path names one.
        label: the column, or the entry, that is the label.
        user: the column, or the entry, that says whose record it is.
        name: what to call them in messages.
        reading: what the user says about files.
        prepare: how a picture becomes what the model takes.

    Raises:
        DataError: if they are none of these, or cannot be read.
    """
    if is_import_path(given):
        given = made(import_object(str(given)), str(given), what="the records")
    if is_pictures(given):
        return read_folder(Path(given), label=label, user=user, prepare=prepare, reading=reading)
    if is_dataset(given):
        return read_dataset(given, label=label, user=user, name=name)
    return as_raw_records(given, label=label, user=user, name=name, reading=reading)


def is_pictures(given: object) -> bool:
    """Whether records are given as a folder, of which each file is one."""
    return isinstance(given, str | Path) and is_folder(Path(given))


def asks_the_graph(transform: object, *sides: object) -> bool:
    """Whether only the model's graph can say what becomes of a picture."""
    return transform is None and any(map(is_pictures, sides))


def preparation(transform: object, model: object, *sides: object) -> Preparation | None:
    """How pictures become what the model takes; None where no side holds any.

    Args:
        transform: of the user, or None.
        model: whose graph says it, where there is no transform.
        sides: as they were given.

    Raises:
        DataError, ModelError: if nothing says it, or a transform is given and no picture.
    """
    folders = [Path(str(side)).name for side in sides if is_pictures(side)]
    if transform is not None:
        if not folders:
            raise DataError(
                "--transform is for folders of pictures, and the records are none: leave it out, or give "
                "folders."
            )
        return Preparation.by(transform)
    return Preparation(graph=picture_input(model, of=folders[0])) if folders else None
