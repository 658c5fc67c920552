"""A party's records for a joint computation, read and held against the plan before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.inputs.domain_cells import read_rows
from confide.mechanisms.share.joint.columns import on_grid
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import checked


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a party puts in.

    Args:
        columns: float64[n] each, by name; none for a helper.
        rows: float64[n, columns] in the order of the plan, where owners hold rows; None for others.
        identifiers: whose rows these are, where the plan brings them together by these.
    """

    columns: Mapping[str, Floats]
    rows: Floats | None = None
    identifiers: Sequence[str] = field(default=(), repr=False)

    def __len__(self) -> int:
        return max((len(values) for values in self.columns.values()), default=0)


def read_records(path: Path | None, plan: JointPlan, *, name: str) -> Held:
    """Read what a party puts in; a helper has nothing.

    A cell of a csv file is read by itself, as a number or as missing.

    Raises:
        DataError: for a file too much or too few, columns that are missing, or values beyond their bounds.
    """
    helper = plan.party(name).role == "helper"
    if path is None:
        if not helper:
            raise DataError(
                f"{name!r:.60} owns records by the plan: give them by --data, or name it in helpers of the "
                "plan."
            )
        return Held({})
    if helper:
        raise DataError(f"{name!r:.60} is a helper by the plan, without records: leave out --data.")
    frame = read_rows(path)
    names = [c.name for c in plan.columns if plan.split == "rows" or c.owner == name]
    found: dict[str, Array] = {}
    for column in names:
        if column not in frame.columns:
            raise DataError(f"{path} has no column {column!r:.60}: it has {', '.join(frame.columns):.200}.")
        found[column] = _numbers(frame[column], path)
    if plan.split == "columns":
        on_grid(found, plan, name=name)
        return Held(found)
    rows = checked(found, plan)
    _check_codes(rows, plan)
    return Held(found, rows)


def _numbers(given: pl.Series, path: Path) -> Floats:
    if given.dtype == pl.String and path.suffix.lower() == ".csv":
        given = given.str.strip_chars().cast(pl.Float64, strict=False)
    if not (given.dtype.is_numeric() or given.dtype == pl.Boolean):
        raise DataError(f"{path}: column {given.name!r:.60} holds {given.dtype}: give numbers.")
    return given.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _check_codes(rows: Floats, plan: JointPlan) -> None:
    """Refuse values between codes, where a computation counts codes."""
    coded = {"table": plan.columns, "logistic": plan.columns[-1:]}.get(plan.computation, ())
    for column in coded:
        values = rows[:, plan.columns.index(column)]
        if odd := int((values % 1 != 0).sum()):
            raise DataError(
                f"{odd:,} values of {column.name!r:.60} are no whole numbers, and {plan.computation} takes "
                "codes there: number its values."
            )
