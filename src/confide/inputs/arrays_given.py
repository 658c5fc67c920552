"""Features and labels as a Python user holds them: arrays, tensors, sparse matrices, series and lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Array, Bools
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.inputs.columns import missing, named_rows
from confide.inputs.frames import is_pandas_series, series_from_pandas

LAST_CHARACTER = 0x10FFFF
MOST = 8 * 10**9
"""Bytes of a sparse matrix that is made dense: records are cut and shuffled many times over."""


def as_features(x: Any, *, name: str) -> Array:
    """An array of what is an array in some library: numpy, torch (any device, any precision), scipy.sparse.

    Raises:
        DataError: for what cannot be one, such as text in an array of objects.
    """
    if _module(x) == "scipy" and hasattr(x, "toarray"):
        size = int(np.prod(x.shape)) * max(x.dtype.itemsize, 1)
        if size > MOST:
            raise DataError(
                f"{name}: a sparse matrix of {x.shape[0]:,} x {x.shape[1]:,} takes {size / 1e9:.0f} GB as an "
                "array: give fewer columns, or a function that takes row numbers and looks them up."
            )
        return np.asarray(x.toarray())
    found = as_array(x, name=name)
    if found.dtype == object and found.ndim > 1:
        return _plain(found, name=name)  # of one dimension, it may hold texts
    if found.dtype.kind in "cmMVS":
        raise DataError(f"{name}: features are of type {found.dtype}: give numbers, or a frame.")
    if not found.ndim:
        raise DataError(f"{name}: the features are a single {type(x).__name__}: give one row a record.")
    return found


def as_array(x: Any, *, name: str) -> Array:
    """An array of a list, a numpy array with or without a mask, or a tensor.

    Raises:
        DataError: if rows have different lengths, the tensor cannot be read, or text holds no characters.
    """
    found = _array(x, name=name)
    if found.dtype.kind == "U" and found.dtype.itemsize:
        _need_characters(found, name=name)
    return found


def _array(x: Any, *, name: str) -> Array:
    try:
        if _module(x) == "torch" and hasattr(x, "detach"):
            there = x.detach().cpu()
            there = there.to_dense() if there.layout != _strided() else there
            # numpy has no bfloat16; float32 holds each of its values.
            return np.asarray((there.float() if "bfloat16" in str(there.dtype) else there).numpy())
        if isinstance(x, np.ma.MaskedArray):  # np.asarray would show what the mask hides
            number = x.dtype.kind in "biuf"
            plain: Array = np.array(x.data, np.float64 if number else object)
            plain[np.ma.getmaskarray(x)] = np.nan if number else None
            return plain
        return np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise DataError(f"{name} is no array ({first}): give one row a record, all of one length.") from error


def as_labels(y: Any, *, name: str) -> Array:
    """Labels as a plain array [n] of numbers, truth values or text.

    Raises:
        DataError: for labels that are missing, of several types, or of a type that cannot be a class.
    """
    if isinstance(y, pl.DataFrame) and y.width == 1:
        y = y.to_series()
    if is_pandas_series(y):
        y = series_from_pandas(y)
    if not isinstance(y, pl.Series):
        found = as_array(y, name=name)
        # A column of labels cut out of a frame often has the shape [n, 1].
        found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
        if found.ndim != 1 or found.dtype.kind in "biu":
            return found
        if found.dtype.kind not in "fOUT":
            raise DataError(f"{name}: the labels are of type {found.dtype}: give numbers or text.")
        y = _series(found.tolist(), name=name)
    kind = y.dtype
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Null)):
        raise DataError(f"{name}: the labels are of type {kind}: give numbers or text.")
    gone = missing(y)
    if gone.any():
        # A record without a label has no loss, so no attack could ask about it.
        raise DataError(
            f"{name}: {int(gone.sum())} labels are missing (empty, NA, nan or ?), in {named_rows(gone)}: "
            "drop those rows, or fill the label in."
        )
    if kind in (pl.Categorical, pl.Enum):
        y = y.cast(pl.String)
    if kind.is_decimal() or kind == pl.Int128:
        y = y.cast(pl.Float64)
    return y.to_numpy()


def _need_characters(found: Array, *, name: str) -> None:
    """Refuse numbers in the place of characters: polars, and even Python, end in errors of their own there.

    Raises:
        DataError: for halves of a pair, and for what is beyond the last character of Unicode.
    """
    # numpy keeps a text as numbers of 4 bytes, and a file may hold any.
    codes = np.ascontiguousarray(found).reshape(-1).view(found.dtype.str[0] + "u4")
    wrong = (codes > LAST_CHARACTER) | ((codes >= 0xD800) & (codes <= 0xDFFF))
    if wrong.any():
        raise DataError(
            f"{name}: a text holds the number {codes[wrong][0]:#x}, which is no character: save it as UTF-8."
        )


def _series(values: list[object], *, name: str) -> pl.Series:
    """Labels of Python as a column of one type, with null for None."""
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    kinds = {type(v) for v in values if v is not None}
    # What is missing in a list of texts is often NaN.
    if kinds <= {str, float} and all(v != v for v in values if isinstance(v, float)):
        return texts([v if isinstance(v, str) else None for v in values], name=name)
    if kinds <= {bool, int, float}:
        return pl.Series(values, dtype=None if len(kinds) == 1 else pl.Float64, strict=False)
    if kinds == {Decimal}:
        return pl.Series(values)
    shown = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise DataError(f"{name}: the labels are of type {shown}: give numbers, or texts, for all rows.")


def texts(values: Sequence[str | None], *, name: str) -> pl.Series:
    """A column of texts.

    Raises:
        DataError: for a text that UTF-8 cannot hold.
    """
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError as error:
        raise DataError(
            f"{name}: a text holds half a character ({in_one_line(error)}): correct it."
        ) from error


def _plain(found: Array, *, name: str) -> Array:
    """An array of objects as numbers; None is NaN."""
    flat = [isinstance(value, str | bytes) for value in found.ravel().tolist()]
    text: Bools = np.array(flat, np.bool_).reshape(found.shape)
    if text.any():
        at = np.argwhere(text)[0]
        raise DataError(
            f"{name}: an array of objects holds text in row {at[0] + 1}"
            + (f", column {at[1] + 1}" if len(at) > 1 else "")
            + ": give a frame, whose columns have names and types."
        )
    try:
        return found.astype(np.float64)
    except (TypeError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise DataError(f"{name}: an array of objects holds no numbers ({first}): give a frame.") from error


def _module(x: object) -> str:
    return type(x).__module__.split(".")[0]


def _strided() -> Any:
    import torch

    return torch.strided
