"""Whose rows are whose: records or persons as what is sampled, clipped and accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch import Tensor

from confide.core.arrays import Array, Ints
from confide.core.budget import Unit
from confide.core.errors import DataError, PromiseError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The rows of each unit, one unit after the other.

    Args:
        rows: int64[m], row numbers of the records, those of one unit beside each other.
        first: int64[units + 1], where each unit's rows begin in `rows`.
        trimmed: how many rows were left out, because their person has more than they may.
    """

    rows: Ints
    first: Ints
    trimmed: int = 0

    @property
    def count(self) -> int:
        """The number of units."""
        return len(self.first) - 1

    @property
    def most(self) -> int:
        """The rows of the unit with most of them."""
        return int(np.diff(self.first).max(initial=1))

    @property
    def single(self) -> bool:
        """Whether each unit is one row."""
        return len(self.rows) == self.count

    def rows_of(self, units: Ints) -> tuple[Tensor, Tensor | None]:
        """The row numbers of some units, and the place of each row's unit among them (None if all single)."""
        if self.single:
            return torch.from_numpy(self.rows[units]), None
        many = self.first[units + 1] - self.first[units]
        owner = np.repeat(np.arange(len(units)), many)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(many) - many, many)
        return torch.from_numpy(self.rows[self.first[units][owner] + within]), torch.from_numpy(owner)


def people_of(records: Records, unit: Unit, people: Array | None) -> tuple[Records, People]:
    """The units of a promise, and the records without the column that names persons.

    Of a person with more rows than the unit allows, the first ones are kept, in the order of the records:
    another person more or less changes nobody else's.

    Args:
        records: all of them.
        unit: `Unit.record()` or `Unit.person(column, at_most=...)`.
        people: who each row belongs to, [n]; None to take the column of the records' frame.

    Raises:
        PromiseError: for another unit.
        DataError: if it is not known whose rows are whose.
    """
    n = len(records)
    if unit.kind == "record":
        if people is not None:
            raise DataError(
                "it is said whose rows are whose, and the promise hides a record: give the budget the unit "
                "Unit.person(column, at_most=...)."
            )
        return records, People(np.arange(n), np.arange(n + 1))
    if unit.kind != "person":
        raise PromiseError(
            f"DP-SGD hides a record or a person, not {unit}: give Unit.record() or Unit.person(...)."
        )
    column, most = str(unit.column), unit.at_most or 1
    if people is None:
        if not (isinstance(records.x, pl.DataFrame) and column in records.x.columns):
            raise DataError(
                f"it is not known whose rows are whose: give people=..., one id for each row, or records as "
                f"a frame with the column {column!r}."
            )
        people = records.x[column].to_numpy()
        records = Records(records.x.drop(column), records.y)
    ids = np.asarray(people)
    if ids.shape != (n,):
        raise DataError(f"people has shape {ids.shape}, and there are {n:,} rows: give one id for each row.")
    if any(i is None or i != i for i in ids.tolist()):
        raise DataError("an id in people is missing: give each row one, or leave the row out.")
    return records, _grouped(ids, most)


def _grouped(ids: Array, most: int) -> People:
    _, code = np.unique(ids, return_inverse=True)
    order = np.argsort(code, kind="stable")
    many = np.bincount(code)
    first = np.cumsum(many) - many
    kept = np.arange(len(order)) - first[code[order]] < most
    left = np.minimum(many, most)
    return People(order[kept], np.concatenate([[0], np.cumsum(left)]), int((~kept).sum()))
