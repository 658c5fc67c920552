"""Labels of the pictures in a folder, by a table that names the files or by the folders that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.arrays_given import as_labels
from confide.inputs.columns import listed, need, need_ids
from confide.inputs.folders import PARTS
from confide.inputs.keys import as_ids
from confide.inputs.picture_files import named
from confide.inputs.reading import Reading
from confide.inputs.tables import Table, read_table

BESIDE = ("labels.csv", "labels.parquet", "metadata.csv", "metadata.parquet")
"""Tables that stand beside the pictures; the last two are so called in data sets of Hugging Face."""
FILE = ("file", "file_name")
"""The column of such a table that names the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The label of each picture, and perhaps whose it is.

    Args:
        y: of any type, in the order of the files.
        ids: as text; None where nothing says it.
        by: what said it, in a few words for a note.
        by_table: whether a file among the pictures did.
    """

    y: Array
    ids: pl.Series | None
    by: str
    by_table: bool = False


def labels_of(
    folder: Path, files: Sequence[str], *, label: str | None, user: str | None, reading: Reading
) -> Labelled:
    """The label of each of these files.

    A table beside them says it, if there is one; else the folder that a picture is in.

    Raises:
        DataError: if a picture has no label or two, or a label no picture; files are named.
    """
    tables = [name for name in BESIDE if (folder / name).is_file()]
    if len(tables) > 1:
        raise DataError(f"{folder} holds {listed(tables)}: leave the one there that has the labels.")
    if tables:
        return _by_table(folder / tables[0], folder, files, label, user, reading)
    if user is not None or label is not None:
        column = label if user is None else user
        raise DataError(
            f"{folder} has no table, so none of its columns is called {column!r}: put {BESIDE[0]} there, "
            f"with the columns file, {'label and ' if label is None else ''}{column}, or leave it out."
        )
    return Labelled(_by_folder(folder, files), None, t("the folder that it is in"))


def rows_in_order(table: Table, files: Sequence[str], *, file: str, what: str, folder: Path) -> pl.DataFrame:
    """The rows of a table that names each of these files once, in the order of the files.

    Args:
        file: the column that names them.
        what: the table says of each, for messages.

    Raises:
        DataError: for a file that stands there twice or not at all, and for one that does not exist.
    """
    frame, called = table.frame, table.name
    if frame[file].is_duplicated().any():
        twice = frame[file].filter(frame[file].is_duplicated()).unique().sort().to_list()
        raise DataError(f"{called} names {named(twice)} more than once: give each picture one {what}.")
    rows = {name: row for row, name in enumerate(frame[file].cast(pl.String).to_list())}
    unknown = sorted(set(rows) - set(files))
    if unknown:
        raise DataError(
            f"{called} names {named(unknown)}, not to be found in {folder}: correct the column {file}."
        )
    nameless = [name for name in files if name not in rows]
    if nameless:
        raise DataError(f"{called} has no {what} for {named(nameless)}: add rows, or move these files away.")
    return frame[[rows[name] for name in files]]


def _by_table(
    path: Path, folder: Path, files: Sequence[str], label: str | None, user: str | None, reading: Reading
) -> Labelled:
    ids = (*FILE, *([] if user is None else [user]))
    table = read_table(path, name=path.name, reading=reading, ids=ids)
    file = next((name for name in FILE if name in table.frame.columns), FILE[0])
    need(table.frame, [file], name=path.name)
    need_ids(table.frame, [file, *([] if user is None else [user])], name=path.name)
    rows = rows_in_order(table, files, file=file, what="label", folder=folder)
    others = [c for c in rows.columns if c not in (file, user)]
    column = label if label is not None else others[0] if len(others) == 1 else "label"
    if column not in rows.columns:
        raise DataError(
            f"{path.name} has no column {column!r} for the label: it has {listed(rows.columns)}. Name it "
            "(`--label`)."
        )
    y = as_labels(rows[column], name=path.name)
    whose = None if user is None else as_ids(rows[user])
    by = t("the column {column} of {table}", column=column, table=path.name)
    return Labelled(y, whose, by, by_table=True)


def _by_folder(folder: Path, files: Sequence[str]) -> Array:
    """The folder right under the given one, as torchvision's ImageFolder takes it; numbers as numbers."""
    loose = [file for file in files if "/" not in file]
    if loose:
        raise DataError(
            f"what is the label of {named(loose)} in {folder}? Put the pictures of each class into a folder "
            f"of its own, or put a table {BESIDE[0]} there, with the columns file and label."
        )
    tops = [file.partition("/")[0] for file in files]
    if {top.lower() for top in tops} <= PARTS and any(file.count("/") > 1 for file in files):
        several = sorted(set(tops))
        raise DataError(
            f"{folder} is divided into {listed(several)}: give the parts by themselves, such as --members "
            f"{folder / several[-1]} --nonmembers {folder / several[0]}."
        )
    if all(top.isascii() and top.isdecimal() for top in tops):
        return np.array([int(top) for top in tops], np.int64)
    return np.array(tops)
