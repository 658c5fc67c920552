"""Sampling weights of a table: for how many people of a population each row stands."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.inputs.columns import named_rows, need
from confide.inputs.several_rows import SeveralRows, need_one_weight
from confide.inputs.tables import Table


def weights_of(table: Table, column: str, n: int, several: SeveralRows | None) -> Floats:
    """The sampling weight of each row, float64[n]; 1 for control people, who are in no release.

    Raises:
        DataError: if there is no such column, a weight is no number above 0, or rows of one person have
            different ones.
    """
    if column not in table.frame.columns:
        need(table.frame, [column], name=table.name)
    given = table.frame[column]
    if not given.dtype.is_numeric():
        raise DataError(f"{table.name}: the weights {column!r} are of type {given.dtype}: give numbers.")
    weights = given.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        raise DataError(
            f"{table.name}: the weights {column!r} are zero, negative or missing in "
            f"{named_rows(pl.Series(wrong))}: give numbers above 0."
        )
    given = np.append(weights, np.ones(n - len(weights)))
    need_one_weight(given, several, name=table.name, column=column)
    return given
