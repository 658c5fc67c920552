"""Records with labels as a user holds them: read, compared side by side, and their labels as class codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from confide.core.arrays import Array, Batch
from confide.core.errors import DataError
from confide.core.who import rows_from_one, standing
from confide.inputs.arrays_given import as_array, as_features, as_labels, texts
from confide.inputs.columns import need_ids
from confide.inputs.csv_files import CsvForm
from confide.inputs.frames import PandasFrame
from confide.inputs.keys import as_ids
from confide.inputs.npz import read_npz
from confide.inputs.reading import Reading
from confide.inputs.tables import AS_FOUND, Tabular, is_table, read_table
from confide.views.records import Records

TEXT = "text"
"""The name of the column of texts that were given as a list."""

MOST_CLASSES = 100_000
"""A label above that is no number of a class: it may be a column of ids."""

Pair: TypeAlias = tuple[ArrayLike | pl.DataFrame | PandasFrame, ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class RawRecords:
    """Features and raw labels as they were given, before labels become class codes.

    Args:
        x: array [n, ...] or polars frame of n rows.
        y: raw labels [n], of any type.
        name: what to call it in a message: a file's name, or 'members'.
        ids: whose record each is, as text; None where no column says it.
        form: of the csv file that they come from; None for other formats.
        place: where each record stands (`confide.core.who.standing`); None where each is a row, in order.
        notes: on how they were read, for the report.
    """

    x: Batch
    y: Array
    name: str
    ids: pl.Series | None = None
    form: CsvForm | None = None
    place: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)


def placed(given: RawRecords) -> pl.DataFrame:
    """Where each record stands, before any was left out."""
    rows = rows_from_one(len(given))
    return standing(given.name, row=rows, ids=given.ids) if given.place is None else given.place


def as_raw_records(
    data: RawRecords | Records | Tabular | Pair,
    *,
    label: str | None,
    name: str,
    user: str | None = None,
    reading: Reading = AS_FOUND,
) -> RawRecords:
    """Records from what a user has: a .parquet, .csv or .npz (`X`, `y`) file, a frame, (X, y), `Records`.

    Args:
        data: the records.
        label: the column of the label, where the records are a table.
        name: what to call them in messages; a file is called by its name.
        user: the column that says whose record it is; it is no feature.
        reading: what the user says about the file.

    Raises:
        DataError: if it is none of these, cannot be read, is empty, or has no such label or id.
    """
    if isinstance(data, RawRecords):
        return data
    if isinstance(data, Records):
        return _identified(RawRecords(data.x, data.y, name), user)
    if isinstance(data, str | Path) and Path(data).suffix.lower() == ".npz":
        return _read_npz(Path(data), user)
    if isinstance(data, str | Path) or is_table(data):
        return _identified(_from_table(data, label=label, user=user, name=name, reading=reading), user)
    if isinstance(data, tuple | list) and len(data) == 2:
        x, y = _features(data[0], name=name), as_labels(data[1], name=name)
        if y.ndim != 1 or len(x) != len(y):
            raise DataError(f"{name}: {len(x)} rows but labels of shape {y.shape}: give one label a row.")
        return _identified(RawRecords(x, y, name), user)
    raise DataError(
        f"{name} is of type {type(data).__name__}: give (X, y), a frame with a label column, or a file."
    )


def _identified(records: RawRecords, user: str | None) -> RawRecords:
    """The records with the column of ids set apart from the features."""
    if user is None:
        return records
    if not isinstance(records.x, pl.DataFrame):
        raise DataError(
            f"{records.name} has no columns, so none is called {user!r}: give the ids in a table, or as an "
            "array of an .npz file."
        )
    need_ids(records.x, [user], name=records.name)
    return replace(records, x=records.x.drop(user), ids=as_ids(records.x[user]))


def _from_table(
    data: Tabular, *, label: str | None, user: str | None, name: str, reading: Reading
) -> RawRecords:
    """Split a table into features and the label column."""
    ids = () if user is None else (user,)
    table = read_table(data, name=name, others=(".npz",), reading=reading, ids=ids)
    frame, called = table.frame, table.name
    if label is None:
        raise DataError(
            f"{called} is a table: name its label column (`--label`); it has {_listed(frame.columns)}."
        )
    if label not in frame.columns:
        raise DataError(f"{called} has no column {label!r} for the label; it has {_listed(frame.columns)}.")
    y = as_labels(frame[label], name=called)
    return RawRecords(frame.drop(label), y, called, form=table.form)


def _read_npz(path: Path, user: str | None) -> RawRecords:
    x, y, *more = read_npz(path, "X", "y", *([] if user is None else [user]))
    ids = more[0] if more else None
    if not x.ndim or y.ndim != 1 or len(x) != len(y) or not x.size:
        raise DataError(
            f"{path.name}: X is {x.shape} and y is {y.shape}: give one row and one label a record."
        )
    x, y = as_features(x, name=path.name), as_labels(y, name=path.name)
    if user is None or ids is None:
        return RawRecords(x, y, path.name)
    if ids.shape != y.shape:
        raise DataError(f"{path.name}: {user} is {ids.shape} for {len(y)} records: give one id for each.")
    if ids.dtype.kind not in "iufU":
        raise DataError(f"{path.name}: {user} is of type {ids.dtype}: give ids as text or numbers.")
    whose = pl.DataFrame({user: as_array(ids, name=path.name)})
    need_ids(whose, [user], name=path.name)
    return RawRecords(x, y, path.name, as_ids(whose[user]))


def _features(x: ArrayLike | pl.DataFrame | PandasFrame, *, name: str) -> Batch:
    """A frame or an array; a list of texts, which is neither, as a frame with one column."""
    given = _frame_or_array(x, name=name)
    if isinstance(given, pl.DataFrame) or given.ndim != 1 or given.dtype.kind not in "UOT":
        return given
    held = given.tolist()
    odd = next((t for t in held if not isinstance(t, str)), None)
    if odd is not None:
        raise DataError(f"{name}: a record is {odd!r:.60}, and others are texts: give one text for each.")
    return texts(held, name=name).alias(TEXT).to_frame()


def are_texts(x: Batch) -> bool:
    """Whether each record is one text and nothing else."""
    return isinstance(x, pl.DataFrame) and x.dtypes == [pl.String()]


def _frame_or_array(x: ArrayLike | pl.DataFrame | PandasFrame, *, name: str) -> Batch:
    if is_table(x):
        return read_table(x, name=name).frame
    return as_features(x, name=name)


def same_columns(first: RawRecords, other: RawRecords) -> RawRecords:
    """Records with their columns in the order of `first`, checked to have the same columns and types.

    Raises:
        DataError: if the two have other columns, types or shapes.
    """
    if isinstance(first.x, pl.DataFrame) and isinstance(other.x, pl.DataFrame):
        # Asked once: a frame makes its list of columns again each time, and a table may have 10,000 of them.
        mine, theirs = dict(first.x.schema), dict(other.x.schema)
        lacking = [c for c in mine if c not in theirs]
        extra = [c for c in theirs if c not in mine]
        if lacking or extra:
            what = "; ".join(
                part
                for part in (
                    f"{other.name} lacks {_listed(lacking)}" if lacking else "",
                    f"{other.name} has {_listed(extra)} that {first.name} lacks" if extra else "",
                )
                if part
            )
            raise DataError(f"{first.name} and {other.name} have other columns: {what}. Give both the same.")
        # By name: the order of columns differs between files, and an array knows positions alone.
        aligned = other.x.select(list(mine))
        for column, kind in mine.items():
            if theirs[column] != kind:
                raise DataError(
                    f"column {column!r} is {kind} in {first.name} and {theirs[column]} in "
                    f"{other.name}: save both with the same type."
                )
        return replace(other, x=aligned)
    if isinstance(first.x, pl.DataFrame) or isinstance(other.x, pl.DataFrame):
        raise DataError(
            f"{first.name} and {other.name} are a table and an array: give both as tables or both as arrays."
        )
    # Another type is refused, not converted: 0..255 and 0..1 would pass as the same pictures.
    if first.x.shape[1:] != other.x.shape[1:] or first.x.dtype != other.x.dtype:
        raise DataError(
            f"records are {first.x.shape[1:]} of {first.x.dtype} in {first.name} and {other.x.shape[1:]} of "
            f"{other.x.dtype} in {other.name}: give both the same shape and type."
        )
    return other


def class_names(sheets: Sequence[RawRecords]) -> list[object]:
    """Class labels in the order of their codes: 0..C-1 where they are whole numbers, else sorted.

    Raises:
        DataError: if a class is numbered below 0.
    """
    values = np.unique(np.concatenate([s.y for s in sheets]))
    # Whole numbers are taken for the positions of the model's outputs, also where some class does not occur.
    whole = values.dtype.kind in "iub" or (values.dtype.kind == "f" and np.all(values == np.floor(values)))
    if not whole:
        return values.tolist()
    if values.min() < 0:
        raise DataError(f"the label {values.min()} is negative: number the classes 0, 1, 2, ...")
    if values.max() >= MOST_CLASSES:
        raise DataError(
            f"the label {values.max()} is too large for the number of a class: give the column of the "
            "label, or say `--task regression` if it is a value."
        )
    return list(range(int(values.max()) + 1))


def with_codes(sheet: RawRecords, classes: Sequence[object] | None) -> Records:
    """Records with class codes int64[n]; with values float64[n] where `classes` is None, for a regression.

    Raises:
        DataError: if the model is a regression and labels are not finite numbers.
    """
    if classes is None:
        try:
            y = sheet.y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{sheet.name}: the label is not a number, but the model is a regression."
            ) from error
        if not np.isfinite(y).all():
            raise DataError(
                f"{sheet.name}: {int((~np.isfinite(y)).sum())} labels are not finite: drop those rows."
            )
        return Records(sheet.x, y)
    code = {value: i for i, value in enumerate(classes)}
    # Looked up once a class and not once a row.
    distinct, position = np.unique(sheet.y, return_inverse=True)
    return Records(sheet.x, np.array([code[v] for v in distinct.tolist()], np.int64)[position])


def _listed(names: Sequence[object], *, most: int = 8) -> str:
    shown = ", ".join(str(n) for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
