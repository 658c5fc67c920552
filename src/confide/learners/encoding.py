"""Encoding of mixed records as one matrix of numbers, by a stated rule that is fixed before training.

It is the default for reference models of an unknown black box, and for attacks that learn from records only.

scikit-learn's `ColumnTransformer` with `OneHotEncoder` is no substitute: it counts the pooled level among the
most frequent ones and breaks ties between levels in another order, so it gives other columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError

Matrix: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A numeric column: (x - mean) / sd, with the mean for missing values.

    `flagged` adds a column that is 1 where the value is missing. It is set if a value was missing when the
    encoding was fitted.
    """

    name: str
    mean: float
    sd: float
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A column of categories: one column for each level, and one for all rare levels together.

    A level that did not occur when the encoding was fitted is all zeros.
    """

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of frames as float32[n, d]: numbers standardised, categories one-hot.

    Made by `fit_encoding`.

    >>> frame = pl.DataFrame({"age": [20.0, None, 40.0], "job": ["cook", "nurse", "cook"]})
    >>> encode = fit_encoding(frame, rare=1)
    >>> encode.names
    ('age', 'age missing', 'job=cook', 'job=nurse')
    >>> encode(frame)
    array([[-1.,  0.,  1.,  0.],
           [ 0.,  1.,  0.,  1.],
           [ 1.,  0.,  1.,  0.]], dtype=float32)
    """

    columns: tuple[Number | Levels, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The meaning of each of the d columns."""
        found: list[str] = []
        for column in self.columns:
            if isinstance(column, Number):
                found += [column.name] + [f"{column.name} missing"] * column.flagged
            else:
                found += [f"{column.name}={level}" for level in column.levels]
                found += [f"{column.name}=(rare)"] * bool(column.rare)
        return tuple(found)

    def __call__(self, x: Batch) -> Matrix:
        """Encode records as float32[n, d].

        Raises:
            DataError: if `x` is not a frame, lacks a column, or holds infinite numbers.
        """
        if not isinstance(x, pl.DataFrame):
            raise DataError(
                f"this encoding was fitted on a frame, not on an array of shape {x.shape}: give frames."
            )
        missing = [c.name for c in self.columns if c.name not in x.columns]
        if missing:
            raise DataError(f"the records have no column {', '.join(missing)}: give the same columns.")
        blocks = [
            _numbers(x[c.name], c) if isinstance(c, Number) else _one_hot(x[c.name], c) for c in self.columns
        ]
        return np.concatenate(blocks, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """An encoding of arrays as float32[n, d]: flattened, then (x - centre) / scale.

    A missing value (NaN) gets the mean. A feature of which some were missing when the encoding was fitted has
    a second column, which is 1 where it is missing. Made by `fit_encoding`.
    """

    centre: Floats
    scale: Floats
    flagged: tuple[int, ...] = ()

    def __call__(self, x: Batch) -> Matrix:
        """Encode records as float32[n, d].

        Raises:
            DataError: if `x` is a frame, or has another width.
        """
        if isinstance(x, pl.DataFrame):
            raise DataError("this encoding was fitted on an array, not on a frame: give arrays.")
        flat = _flat(x)
        if flat.shape[1] != len(self.centre):
            raise DataError(
                f"the records have {flat.shape[1]} features, but the encoding was fitted on "
                f"{len(self.centre)}: give the same features."
            )
        scaled = flat - self.centre
        scaled /= self.scale
        scaled = np.nan_to_num(scaled, copy=False).astype(np.float32)
        if not self.flagged:
            return scaled
        return np.hstack([scaled, np.isnan(flat[:, list(self.flagged)])]).astype(np.float32)


Encoder: TypeAlias = Encoding | Scaling


def fit_encoding(x: Batch, *, rare: int = 5, most: int = 30, standardise: bool | None = None) -> Encoder:
    """Fit the encoding of a frame or of an array.

    Numbers (and dates, as numbers) are standardised; missing ones get the mean and a flag. Text, categories
    and truth values become one-hot columns, and missing is a level of its own. Levels that occur fewer than
    `rare` times, or that are not among the `most` frequent ones, are pooled. Arrays are flattened, and
    standardised unless all their values are in [-1, 1].

    Args:
        x: the features of the records.
        rare: how often a level must occur to get its own column.
        most: how many levels of one column can get their own column.
        standardise: whether to standardise arrays; None applies the rule above.

    Raises:
        DataError: if a column is of a type that cannot be encoded, or holds infinite numbers.
    """
    if isinstance(x, pl.DataFrame):
        return Encoding(tuple(_fit_column(series, rare=rare, most=most) for series in x))
    flat = _flat(x)
    if standardise is None:
        # Yes/no answers and scaled pixels stay as they are.
        standardise = bool(np.nanmax(np.abs(flat), initial=0.0) > 1)
    gone = np.isnan(flat)
    flagged = tuple(np.flatnonzero(gone.any(axis=0)).tolist())
    if not standardise:
        return Scaling(np.zeros(flat.shape[1]), np.ones(flat.shape[1]), flagged)
    # A feature without any value has no mean. One that is constant has the deviation 0, and is only centred.
    known = np.where(gone.all(axis=0), 0.0, flat) if flagged else flat
    sd = np.nanstd(known, axis=0)
    return Scaling(np.nanmean(known, axis=0), np.where(sd > 0, sd, 1.0), flagged)


def _fit_column(series: pl.Series, *, rare: int, most: int) -> Number | Levels:
    if _is_number(series.dtype):
        values = _values(series)
        known = values[~np.isnan(values)]
        sd = float(known.std()) if len(known) else 0.0
        return Number(
            name=series.name,
            mean=float(known.mean()) if len(known) else 0.0,
            sd=sd if sd > 0 else 1.0,
            flagged=len(known) < len(values),
        )
    # By name among equal counts, so that the order of the records does not change the columns.
    counts = _text(series).value_counts().sort(by=["count", series.name], descending=[True, False])
    enough = counts["count"].to_numpy() >= rare
    enough[most:] = False
    levels = counts[series.name].to_list()
    own = [level for level, keep in zip(levels, enough, strict=True) if keep]
    pooled = [level for level, keep in zip(levels, enough, strict=True) if not keep]
    return Levels(name=series.name, levels=tuple(sorted(own)), rare=tuple(sorted(pooled)))


def _numbers(series: pl.Series, column: Number) -> Matrix:
    values = _values(series)
    missing = np.isnan(values)
    scaled = np.where(missing, 0.0, (values - column.mean) / column.sd)
    return np.column_stack([scaled, missing] if column.flagged else [scaled]).astype(np.float32)


def _one_hot(series: pl.Series, column: Levels) -> Matrix:
    width = len(column.levels) + bool(column.rare)
    places = {level: place for place, level in enumerate(column.levels)}
    places.update(dict.fromkeys(column.rare, len(column.levels)))  # all rare levels share the last column
    text = _text(series)
    place = text.replace_strict(list(places), list(places.values()), default=-1, return_dtype=pl.Int64)
    return (place.to_numpy()[:, None] == np.arange(width)).astype(np.float32)


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _values(series: pl.Series) -> Floats:
    # A date as the number of its day: later is larger.
    physical = series.to_physical() if series.dtype.is_temporal() else series
    values = physical.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise DataError(
            f"column {series.name} has {infinite} infinite numbers, first in row "
            f"{int(np.isinf(values).argmax())}: replace them, or leave them empty."
        )
    return values


def _text(series: pl.Series) -> pl.Series:
    if series.dtype.is_nested() or series.dtype in (pl.Object, pl.Binary):
        raise DataError(
            f"column {series.name} is {series.dtype}, which has no default encoding: "
            "turn it into numbers or text, or leave it out."
        )
    # That a value is missing can say as much as a value.
    return series.cast(pl.String).fill_null("(missing)")


def _flat(x: Array) -> Floats:
    try:
        flat = np.asarray(x, np.float64).reshape(len(x), -1)
    except (TypeError, ValueError) as error:
        raise DataError(f"an array of {x.dtype} cannot be encoded ({error}): give a frame.") from error
    bad = np.isinf(flat)
    if bad.any():
        raise DataError(
            f"the records hold {int(bad.sum())} infinite numbers, first in row "
            f"{int(np.flatnonzero(bad.any(axis=1))[0]) + 1}: fill them in first."
        )
    return flat
