"""Names of codes: categories, bins of numbers and of days, as reports show them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from confide.core.arrays import Array
from confide.mechanisms.synthesize.columns.bins import Bins
from confide.mechanisms.synthesize.columns.bounded import worth
from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.kinds import EPOCH, SECONDS, Date, Numeric
from confide.views.table import Domain

EMPTY = "(missing)"


def named_domain(name: str, column: Category | Numeric, cuts: Bins | None, *, apart: bool = False) -> Domain:
    """The codes of a column with their names, and numbers at the middle of each bin.

    Args:
        name: of the column of the model.
        column: of the file.
        cuts: its bins; None for categories.
        apart: whether it is a difference of two: of days, their number.
    """
    if cuts is None:
        assert isinstance(column, Category)
        return Domain(name, (*column.labels, *[EMPTY] * column.nulls), None, column.nulls)
    assert not isinstance(column, Category)
    plain = apart and isinstance(column, Date)
    ends = [_said(column, edge, plain=plain) for edge in (cuts.starts, cuts.ends)]
    labels = [low if low == high else f"{low} to {high}" for low, high in zip(*ends, strict=True)]
    numbers = np.asarray(cuts.middles if plain else worth(column, cuts.middles), np.float64)
    return Domain(
        name,
        (*labels, *[EMPTY] * column.nulls),
        np.append(numbers, [np.nan] * column.nulls),
        column.nulls,
    )


def _said(column: Numeric, steps: Array, *, plain: bool) -> list[str]:
    """Steps as text."""
    if isinstance(column, Date) and not plain:
        form, each = "%Y-%m-%d" if column.every == "day" else "%Y-%m-%d %H:%M:%S", SECONDS[column.every]
        return [(EPOCH + timedelta(seconds=step * each)).strftime(form) for step in steps.tolist()]
    values = steps if plain else worth(column, steps)
    return [str(int(value)) if value == int(value) else repr(value) for value in values.tolist()]
