"""Values of a public table, `city -> state`, in the codes and steps of the column that they give."""

from __future__ import annotations

from confide.mechanisms.synthesize.columns.categories import Category
from confide.mechanisms.synthesize.columns.kinds import Integer, Real


def looked_up(target: Category | Integer | Real, value: str) -> float | None:
    """A value as the number of a category, or in the steps of a number; None if the column has no such value.

    >>> looked_up(Category("state", ("IL", "MA")), "MA"), looked_up(Integer("years", 0, 20), "13")
    (1, 13)
    """
    if isinstance(target, Category):
        return target.labels.index(value) if value in target.labels else None
    try:
        number = float(value)
    except ValueError:
        return None
    if not target.low <= number <= target.high:  # NaN too
        return None
    if not isinstance(target, Integer):
        return target.step_of(number, last=True)
    steps = number / target.step
    return int(steps) if steps.is_integer() else None
