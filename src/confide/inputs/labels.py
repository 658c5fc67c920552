"""Labels of records that are compared: of one type on every side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.inputs.arrays_given import as_labels
from confide.inputs.records import RawRecords


def same_labels(sheets: Sequence[RawRecords]) -> list[RawRecords]:
    """The records with labels of one type on every side: numbers, truth values or texts.

    Texts beside numbers are read as numbers.

    Raises:
        DataError: for a label that is missing, or of another type, or beside numbers no number.
    """
    plain = [replace(s, y=_plain_labels(s.y, s.name)) for s in sheets]
    texts = [s for s in plain if s.y.dtype.kind == "U"]
    if not texts or len(texts) == len(plain):
        return plain
    numbers = next(s.name for s in plain if s.y.dtype.kind != "U")
    return [replace(s, y=_numbers(s, numbers)) if s.y.dtype.kind == "U" else s for s in plain]


def _plain_labels(y: Array, name: str) -> Array:
    plain = as_labels(y, name=name)
    if plain.dtype.kind in "OT":
        return np.array(plain.tolist())
    return plain.astype(np.int64) if plain.dtype.kind == "b" else plain


def _numbers(sheet: RawRecords, other: str) -> Array:
    """Labels that are numbers in another file and were read as text in this one."""
    wrong: dict[str, int] = {}
    found: list[float] = []
    for text in sheet.y.tolist():
        try:
            found.append(float(text))
        except ValueError:
            wrong[text] = wrong.get(text, 0) + 1
    if wrong:
        shown = ", ".join(repr(text) for text in list(wrong)[:3])
        raise DataError(
            f"{sheet.name}: {sum(wrong.values())} labels are no numbers ({shown:.80}), while those of "
            f"{other} are: drop those rows, or write all labels in one way."
        )
    values = np.array(found)
    return values.astype(np.int64) if bool(np.all(values % 1 == 0)) else values
