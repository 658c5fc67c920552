"""Hidden counts beside published means: the mean of all is that of the groups, weighted by their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError

MOST = 200_000
"""Combinations of counts that are tried at most."""


class TooManyError(Exception):
    """More combinations of counts than are tried: what follows is not decided."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A group of people: its count or the range of it, and the mean of something over it as published.

    Args:
        low, high: the least and the greatest count.
        mean: as written, exactly; None where the group has none, or where it is not shown.
        rounding: the true mean is at most this far from it.
    """

    low: int
    high: int
    mean: Fraction | None
    rounding: Fraction = Fraction(0)

    @classmethod
    def of(cls, low: int, high: int, text: str) -> Counted:
        """A group whose mean is written with some decimals.

        >>> Counted.of(1, 4, "40.1")
        Counted(low=1, high=4, mean=Fraction(401, 10), rounding=Fraction(1, 20))
        """
        decimals = len(text.partition(".")[2])
        return cls(low, high, Fraction(text), Fraction(1, 2 * 10**decimals))


def counts_from_means(total: Counted, groups: Sequence[Counted]) -> list[tuple[int, int]] | None:
    """Reconstruction of hidden counts from published means.

    *Statement.* Let n_i people of group i have the mean m_i, and N = sum of n_i people together the mean M.
    Then sum of n_i m_i = N M. Means that are rounded by at most r_i and R leave |sum of n_i m_i - N M| <=
    sum of n_i r_i + N R. All whole counts in their ranges are tried, exactly, and the least and the
    greatest of each group is what follows: true counts are among those that fit.

    Args:
        total: all people of the groups together.
        groups: disjoint; together they are all people.

    Returns:
        the least and the greatest count of each group, and last of the total; None where nothing follows: a
        group that may hold people has no mean.

    Raises:
        DataError: if no counts fit.
        TooManyError: if there are too many combinations to try.

    >>> shown, hidden = Counted.of(97, 97, "50.3"), Counted.of(1, 4, "40.1")
    >>> counts_from_means(Counted.of(98, 101, "50.0"), [shown, hidden])
    [(97, 97), (2, 3), (99, 100)]
    >>> shown, hidden = Counted.of(97, 97, "50.31"), Counted.of(1, 4, "40.10")
    >>> counts_from_means(Counted.of(98, 101, "50.00"), [shown, hidden])
    [(97, 97), (3, 3), (100, 100)]
    """
    some = [group for group in groups if group.high > 0]
    if total.mean is None or any(group.mean is None for group in some):
        return None
    open_at = [i for i, group in enumerate(groups) if group.low < group.high]
    sizes = [groups[i].high - groups[i].low + 1 for i in open_at]
    if prod(sizes) > MOST:
        raise TooManyError
    counts = np.indices(sizes, np.int64).reshape(len(sizes), -1) if sizes else np.zeros((0, 1), np.int64)
    counts = counts + np.array([groups[i].low for i in open_at], np.int64).reshape(-1, 1)
    fits, number = _fitting(total, groups, open_at, counts)
    if not fits.any():
        raise DataError("no counts fit these means")
    ends = [(group.low, group.high) for group in groups]
    for row, i in enumerate(open_at):
        ends[i] = int(counts[row, fits].min()), int(counts[row, fits].max())
    return [*ends, (int(number[fits].min()), int(number[fits].max()))]


def _fitting(
    total: Counted, groups: Sequence[Counted], open_at: Sequence[int], counts: Ints
) -> tuple[Bools, Ints]:
    """Which of the counts fit, and how many people they are together."""
    assert total.mean is not None
    # Whole multiples of one unit: no comparison is rounded.
    held = [group for group in (*groups, total) if group.mean is not None]
    unit = 1
    for group in held:
        assert group.mean is not None
        unit = int(np.lcm.reduce([unit, group.mean.denominator, group.rounding.denominator], dtype=object))
    fixed = [group for i, group in enumerate(groups) if i not in open_at]
    number = sum(group.low for group in fixed) + counts.sum(axis=0)
    off = np.zeros(counts.shape[1], object)
    slack = np.zeros(counts.shape[1], object)
    for group in fixed:
        off, slack = (
            off + _times(group.mean, unit) * group.low,
            slack + _times(group.rounding, unit) * group.low,
        )
    for row, i in enumerate(open_at):
        each = counts[row].astype(object)
        off, slack = (
            off + _times(groups[i].mean, unit) * each,
            slack + _times(groups[i].rounding, unit) * each,
        )
    every = number.astype(object)
    off, slack = off - _times(total.mean, unit) * every, slack + _times(total.rounding, unit) * every
    inside = (number >= total.low) & (number <= total.high)
    return inside & (np.abs(off) <= slack).astype(np.bool_), number


def _times(value: Fraction | None, unit: int) -> int:
    # A group of nobody has no mean, and adds nothing.
    return 0 if value is None else int(value * unit)
