"""Structural zeros: combinations of values that cannot be, such as a pregnant man."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.categories import Category, Key, Value, text_of
from confide.mechanisms.synthesize.columns.cells import read_cells
from confide.mechanisms.synthesize.columns.kinds import Column, Date, Numeric

Span: TypeAlias = tuple[int | float | date, int | float | date]
"""The first and the last value, both included."""


@dataclass(frozen=True, slots=True)
class Zero:
    """A combination that cannot be: no row has one of these values in each of these columns.

    Args:
        cells: column -> the values of a category, or the spans of numbers or days. None among them stands
            for an empty cell.

    >>> str(Zero({"sex": ("m",), "age": ((0, 14),)}))
    'never sex m, age 0 to 14 together'
    """

    cells: Mapping[str, tuple[Value | Span | None, ...]]

    def __str__(self) -> str:
        parts = [f"{name} {' or '.join(map(_said, values))}" for name, values in self.cells.items()]
        return f"never {', '.join(parts)} together"

    def check(self, columns: Mapping[str, Column]) -> None:
        """Refuse columns and values that the domain does not have.

        Raises:
            DataError: with what to correct.
        """
        if not self.cells:
            raise DataError("a zero names no column: write the columns whose values cannot stand together.")
        for name, values in self.cells.items():
            column = columns.get(name)
            if column is None or isinstance(column, Key):
                why = "is a key" if column is not None else f"is none of {', '.join(columns)[:200]}"
                raise DataError(f"a zero names {name!r:.60}, which {why}: correct it.")
            for value in values:
                _check_value(column, value)

    def impossible(self, frame: pl.DataFrame, columns: Mapping[str, Column]) -> Bools:
        """The rows with such a combination, bool[n]."""
        found = np.ones(len(frame), np.bool_)
        for name, values in self.cells.items():
            column = columns[name]
            assert not isinstance(column, Key)
            read = read_cells(column, frame[name])
            inside = np.zeros(len(frame), np.bool_)
            for value in values:
                if value is None:
                    inside |= read.empty
                    continue
                low, high = _ends(column, value)
                inside |= (read.at >= low) & (read.at <= high) & ~read.empty & ~read.outside
            found &= inside
        return found

    def covered(self, name: str, column: Category | Numeric, cuts: Bins | None) -> Bools:
        """The codes of a column of which every value is in this combination, bool[m]."""
        whole = np.zeros(len(column), np.bool_)
        for value in self.cells[name]:
            if value is None:
                whole[-1] |= column.nulls
                continue
            low, high = _ends(column, value)
            if cuts is None:
                whole[int(low)] = True
            else:
                whole[: len(cuts)] |= (cuts.starts >= low) & (cuts.ends <= high)
        return whole


def _said(value: Value | Span | None) -> str:
    if value is None:
        return "empty"
    return f"{value[0]} to {value[1]}" if isinstance(value, tuple) else str(value)


def _check_value(column: Category | Numeric, value: Value | Span | None) -> None:
    name = f"a zero of column {column.name!r:.60}"
    if value is None:
        if not column.nulls:
            raise DataError(
                f"{name} is about empty cells, and it has none: leave it out, or say nulls = true."
            )
    elif isinstance(column, Category):
        if isinstance(value, tuple) or text_of(value) not in column.labels:
            raise DataError(f"{name} names {_said(value)!r:.60}, which it does not list: correct it.")
    elif not isinstance(value, tuple):
        raise DataError(f"{name} names {value!r:.60}: give a span, first and last value.")
    elif isinstance(column, Date) != isinstance(value[0], date) or isinstance(value[1], date) != isinstance(
        value[0], date
    ):
        raise DataError(f"{name} goes from {value[0]} to {value[1]}: give values as its bounds are.")
    elif value[0] > value[1]:  # pyright: ignore[reportOperatorIssue]
        raise DataError(f"{name} goes from {value[0]} to {value[1]}: give the smaller first.")


def _ends(column: Category | Numeric, value: Value | Span) -> tuple[float, float]:
    if isinstance(column, Category):
        assert not isinstance(value, tuple)
        at = column.labels.index(text_of(value))
        return at, at
    assert isinstance(value, tuple)
    first: Any = value[0]  # of the type of the bounds, which was checked
    end: Any = value[1]
    return column.step_of(first), column.step_of(end, last=True)
