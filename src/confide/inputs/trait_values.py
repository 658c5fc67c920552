"""Values of a trait: what kind it is, its classes, and whether there are enough people of each."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import HELD_BY_PYTHON, coded, numbers
from confide.knowledge.likes import Kind

FEW_VALUES = 20
"""A column of numbers with more distinct values than this is taken for a number, not for classes."""


def trait_values(
    frame: pl.DataFrame, trait: str, kind: str, having: str | None, *, name: str
) -> tuple[Floats, Kind, tuple[str, ...]]:
    """The trait of each person, what kind it is, and the classes' names."""
    column = as_text(frame[trait], trait, name=name)
    distinct = column.n_unique()
    if having is None and (
        kind == "number" or (kind == "auto" and column.dtype.is_numeric() and distinct > FEW_VALUES)
    ):
        return numbers(frame, trait, name=name), "number", (trait,)
    found = coded(column)
    labels = tuple(found.labels.cast(pl.String))
    if having is not None:
        if having not in labels:
            raise DataError(f"nobody has {trait} {having!r}: choose one of {', '.join(labels[:FEW_VALUES])}.")
        yes = found.codes == labels.index(having)
        return (
            yes.astype(np.float64),
            "binary",
            (
                t("{trait} other than {value}", trait=trait, value=having),
                f"{trait} {having}",
            ),
        )
    if kind == "binary" and distinct > 2:
        raise DataError(
            f"{trait} has {distinct} values: say which one counts (`having`), or ask for classes."
        )
    if distinct > 2 or kind == "classes":
        return found.codes.astype(np.float64), "classes", labels
    # The rarer value is claimed: finding it says more about a person.
    rarer = int(found.codes.mean() <= 0.5)
    names = tuple(f"{trait} {labels[code]}" for code in (1 - rarer, rarer)[:distinct])
    return (found.codes == rarer).astype(np.float64), "binary", names


def need_enough(value: Floats, kind: Kind, labels: tuple[str, ...], *, trait: str, parts: int) -> None:
    """Check that there is something to infer, and enough of it in each part.

    Raises:
        DataError: if everybody has the same trait, or too few have one of its values.
    """
    # With one value every claim is right without any adversary.
    if len(np.unique(value)) < 2:
        raise DataError(
            f"everybody has the same {trait}, so there is nothing to infer: choose another trait."
        )
    code = value > np.median(value) if kind == "number" else value.astype(np.int64)
    count = np.bincount(code, minlength=2)
    rarest = int(count.argmin())
    if count[rarest] < parts:
        which = (
            f"{trait} {'above' if rarest else 'not above'} the middle, {np.median(value):g}, is true of"
            if kind == "number"
            else f"{labels[rarest]!r} is true of"
            if kind == "binary"
            else f"{trait} {labels[rarest]!r} is true of"
        )
        raise DataError(
            f"{which} {count[rarest]} {'person' if count[rarest] == 1 else 'people'}, and each of the "
            f"{parts} parts of a cross-validation needs one: leave such people out, merge small classes, or "
            "ask for fewer folds."
        )


def as_text(column: pl.Series, trait: str, *, name: str) -> pl.Series:
    """Times as text, so that their names can be shown; other values as they are.

    Raises:
        DataError: for a column whose values are no classes and no numbers, such as lists.
    """
    kind = column.dtype
    if kind.is_numeric() or kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null):
        return column
    if kind in (pl.Date, pl.Time, pl.Datetime):
        if kind == pl.Time or _in_years(column):
            return column.cast(pl.String)
        raise DataError(f"{name}: column {trait!r} has times outside of the years 1 to 9999: correct them.")
    raise DataError(f"{name}: column {trait!r} is of type {kind}: give a trait as text or numbers.")


def _in_years(column: pl.Series) -> bool:
    # Asked for the year of other times, polars panics.
    return column.dt.timestamp("ms").is_between(*HELD_BY_PYTHON).fill_null(True).all()
