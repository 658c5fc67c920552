"""Reading what the user holds: data files, labels, and whether the two sides can be compared at all."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Array, Batch
from confide.core.errors import DataError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class RawRecords:
    """Features and raw labels as they were given, before labels become class codes.

    Args:
        x: array [n, ...] or polars frame of n rows.
        y: raw labels [n], of any type.
        name: what to call it in a message: a file's name, or 'members'.
    """

    x: Batch
    y: Array
    name: str

    def __len__(self) -> int:
        return len(self.y)


def read_sheet(path: Path, *, label: str | None) -> RawRecords:
    """Read a .parquet, .csv or .npz (`X`, `y`) file.

    Raises:
        DataError: if the file is missing, unreadable, of another kind, empty, or has no such label.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _read_npz(path)
    if suffix not in (".parquet", ".csv"):
        raise DataError(
            f"{path.name} is not a .parquet, .csv or .npz file: save the records as one of these."
        )
    try:
        frame = pl.read_parquet(path) if suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path.name} cannot be read as {suffix[1:]} ({first}): save it again.") from error
    if suffix == ".csv":  # a csv cannot say whether 40 is a whole number; two files must agree on it
        whole = [c for c, kind in frame.schema.items() if kind.is_integer() and c != label]
        frame = frame.with_columns(pl.col(whole).cast(pl.Float64))
    return sheet_of_frame(frame, label=label, name=path.name)


def sheet_of_frame(frame: pl.DataFrame, *, label: str | None, name: str) -> RawRecords:
    """Split a frame into features and the label column.

    Raises:
        DataError: if there is no such column, no row, or an empty label.
    """
    if label is None:
        raise DataError(
            f"{name} is a table: name its label column (`--label`); it has {_listed(frame.columns)}."
        )
    if label not in frame.columns:
        raise DataError(f"{name} has no column {label!r} for the label; it has {_listed(frame.columns)}.")
    if not frame.height:
        raise DataError(f"{name} has no rows: give at least a few hundred records.")
    holes = frame[label].null_count()
    if holes:
        raise DataError(f"{name}: {holes} rows have no {label!r}: drop them, or fill the label in.")
    return RawRecords(frame.drop(label), frame[label].to_numpy(), name)


def _read_npz(path: Path) -> RawRecords:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            missing = {"X", "y"} - set(arrays.files)
            if missing:
                raise DataError(f"{path.name} holds {_listed(arrays.files)}: it needs the arrays X and y.")
            x, y = arrays["X"], arrays["y"]
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path.name} cannot be read as npz without unpickling ({error}): save plain arrays X and y."
        ) from error
    if len(x) != len(y) or not len(y):
        raise DataError(
            f"{path.name}: X has {len(x)} rows and y has {len(y)}: they must match, and not be empty."
        )
    return RawRecords(x, y, path.name)


def as_raw_records(data: Any, *, label: str | None, name: str) -> RawRecords:
    """Whatever the user gives in Python: Records, (X, y), a polars or pandas frame with a label, a path.

    Raises:
        DataError: if it is none of these.
    """
    if isinstance(data, RawRecords):
        return data
    if isinstance(data, Records):
        return RawRecords(data.x, data.y, name)
    if isinstance(data, str | Path):
        return read_sheet(Path(data), label=label)
    if isinstance(data, tuple | list) and len(data) == 2:
        x, y = _frame_or_array(data[0]), np.asarray(data[1])
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1 or len(x) != len(y):
            raise DataError(f"{name}: {len(x)} rows but labels of shape {y.shape}: give one label a row.")
        return RawRecords(x, y, name)
    frame = _frame_or_array(data)
    if isinstance(frame, pl.DataFrame):
        return sheet_of_frame(frame, label=label, name=name)
    raise DataError(
        f"{name} is of type {type(data).__name__}: give (X, y), a frame with a label column, or a file."
    )


def _frame_or_array(x: Any) -> Batch:
    if isinstance(x, pl.DataFrame):
        return x
    if type(x).__module__.split(".")[0] == "pandas" and hasattr(x, "columns"):
        return pl.DataFrame({str(c): _column(x[c]) for c in x.columns})
    return np.asarray(x)


def _column(values: Any) -> pl.Series:
    """A pandas column: numbers stay, categories keep their order, and NaN in text becomes a null."""
    if values.dtype.kind in "biuf":
        return pl.Series(values.to_numpy())
    plain = [None if v is None or v != v else v for v in values.to_list()]
    categories = getattr(values, "cat", None)
    if categories is not None and all(isinstance(c, str) for c in categories.categories):
        return pl.Series(plain, dtype=pl.Enum(list(categories.categories)))
    return pl.Series(plain, strict=False)


def same_columns(first: RawRecords, other: RawRecords) -> RawRecords:
    """`other` with its columns in the order of `first`.

    Raises:
        DataError: if the two have other columns, types or shapes.
    """
    if isinstance(first.x, pl.DataFrame) and isinstance(other.x, pl.DataFrame):
        lacking = [c for c in first.x.columns if c not in other.x.columns]
        extra = [c for c in other.x.columns if c not in first.x.columns]
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
        aligned = other.x.select(first.x.columns)
        for column, kind in first.x.schema.items():
            if aligned.schema[column] != kind:
                raise DataError(
                    f"column {column!r} is {kind} in {first.name} and {aligned.schema[column]} in "
                    f"{other.name}: save both with the same type."
                )
        return RawRecords(aligned, other.y, other.name)
    if isinstance(first.x, pl.DataFrame) or isinstance(other.x, pl.DataFrame):
        raise DataError(f"{first.name} and {other.name} are a table and an array: give both the same way.")
    if first.x.shape[1:] != other.x.shape[1:] or first.x.dtype != other.x.dtype:
        raise DataError(
            f"records are {first.x.shape[1:]} of {first.x.dtype} in {first.name} and {other.x.shape[1:]} of "
            f"{other.x.dtype} in {other.name}: give both the same shape and type."
        )
    return other


def class_names(sheets: Sequence[RawRecords]) -> list[Any]:
    """The labels in the order of their codes: 0..C-1 where they are whole numbers, else sorted.

    Raises:
        DataError: if a class is numbered below 0.
    """
    values = np.unique(np.concatenate([s.y for s in sheets]))
    whole = values.dtype.kind in "iub" or (values.dtype.kind == "f" and np.all(values == np.floor(values)))
    if not whole:
        return values.tolist()
    if values.min() < 0:
        raise DataError(f"the label {values.min()} is negative: number the classes 0, 1, 2, ...")
    return list(range(int(values.max()) + 1))


def with_codes(sheet: RawRecords, classes: Sequence[Any] | None) -> Records:
    """Records with class codes int64[n] (or float64[n] values where `classes` is None: a regression).

    Raises:
        DataError: if values are wanted and labels are not numbers.
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
    distinct, position = np.unique(sheet.y, return_inverse=True)
    return Records(sheet.x, np.array([code[v] for v in distinct.tolist()], np.int64)[position])


def _listed(names: Sequence[Any], *, most: int = 8) -> str:
    shown = ", ".join(str(n) for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
