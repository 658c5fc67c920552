"""Rows to be scored: the columns of the plan, within its bound, as numbers."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.inputs.columns import listed
from confide.releases.outsourcing.plan_file import OutsourcePlan


def rows_of(frame: pl.DataFrame, planned: OutsourcePlan, *, name: str) -> Floats:
    """The rows of a table, float64[n, inputs], in the order of the model's inputs.

    Args:
        frame: the table. Where the plan names columns, others are left out.
        planned: whose model is asked.
        name: of the table, for messages, which show no value.

    Raises:
        DataError: if columns are missing, hold no numbers, or leave the declared bound.
    """
    plan, columns = planned.plan, planned.columns or tuple(frame.columns)
    if missing := [column for column in columns if column not in frame.columns]:
        raise DataError(f"{name} lacks {listed(missing)}: the plan's model takes {listed(columns)}.")
    if len(columns) != plan.inputs:
        raise DataError(
            f"{name} has {len(columns)} columns, and the model takes {plan.inputs}: leave the others out, or "
            "make a plan that names them (--columns)."
        )
    rows = np.empty((frame.height, plan.inputs))
    for place, column in enumerate(columns):
        given = frame[column]
        if not (given.dtype.is_numeric() or given.dtype == pl.Boolean):
            raise DataError(
                f"{name}: column {column!r:.60} is of type {given.dtype}: encode it as numbers, as for the "
                "training of the model."
            )
        rows[:, place] = given.cast(pl.Float64).fill_null(np.nan).to_numpy()
    _check_bound(rows, columns, plan.bound, name)
    return rows


def _check_bound(rows: Floats, columns: tuple[str, ...], bound: float, name: str) -> None:
    gaps, outside = ~np.isfinite(rows), np.abs(rows) > bound
    for wrong, what, todo in (
        (gaps, "no number", "fill or drop these rows"),
        (outside, f"beyond the plan's bound of {bound:g}", "clip them, or plan with a larger --bound"),
    ):
        if wrong.any():
            counts = wrong.sum(axis=0)
            first = int(np.flatnonzero(counts)[0])
            more = int((counts > 0).sum()) - 1
            beside = f" (and of {more} more columns)" if more else ""
            column = f"column {columns[first]!r:.60}{beside}"
            raise DataError(f"{name}: in {counts[first]:,} rows the value of {column} is {what}: {todo}.")
