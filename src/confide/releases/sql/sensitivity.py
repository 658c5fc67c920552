"""Sensitivity of the sums of a query: how far one person can move them, as whole numbers.

Neighbours differ by one person: all their rows are there, or none, in every private table. A person has at
most k rows in the private table, and everything before the sums treats each row by itself: `where` looks at
one row, and each row meets at most one row of a joined table, found by its own values. So a person adds at
most k rows to what is summed, each in one group, and changes no other row. `docs/sql.md` has the proofs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from confide.releases.sql.query import Query
from confide.releases.sql.sums import Histogram, Inside, People, Present, Rows, Squares, Sum, Total, sums_of


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How far one person can move one sum, taken over all groups as a vector.

    Args:
        groups: entries that can change (L0).
        largest: the most that one entry can change (L-infinity).
        l1: the sum of all changes, at most.
        l2_squared: the sum of their squares, at most. A whole number, so that nothing is rounded.
    """

    groups: int
    largest: int
    l1: int
    l2_squared: int

    @property
    def l2(self) -> float:
        """The L2 norm, rounded up."""
        root = math.isqrt(self.l2_squared)
        if root * root == self.l2_squared:
            up = float(root)
            return up if int(up) >= root else math.nextafter(up, math.inf)
        # The float64 of a root is off by less than one step, and so the next one is above.
        return math.nextafter(math.sqrt(self.l2_squared), math.inf)


def sensitivities(query: Query) -> dict[Sum, Sensitivity]:
    """The sensitivity of each sum of a query, in the order of `sums_of`.

    >>> from confide.releases.sql import Column, PrivateTable, Schema, parse
    >>> columns = {"user": Column(kind="integer"), "age": Column(kind="integer")}
    >>> visits = PrivateTable(name="visits", columns=columns, unit="user", at_most=3)
    >>> query = parse("select sum(clip(age, 0, 100)), count(*) from visits", Schema(visits))
    >>> [s.l1 for s in sensitivities(query).values()]
    [300, 3]
    """
    return {one: _of(one, query) for one in sums_of(query)}


def sensitivity_of_histogram(query: Query, histogram: Histogram) -> Sensitivity:
    """The sensitivity of the counts of all groups and codes of a histogram: a row is in one of them."""
    codes = histogram.grid.highest - histogram.grid.lowest + 1
    cells = _groups(query) * codes
    return _of_rows(1, query.at_most, min(query.at_most, cells))


def _of(one: Sum, query: Query) -> Sensitivity:
    """Each row adds at most `reach` to one entry; a person is counted once in each group that they are in."""
    rows, groups = query.at_most, _groups(query)
    match one:
        case People():
            return Sensitivity(groups, 1, groups, groups)
        case Rows() | Present() | Inside():
            return _of_rows(1, rows, groups)
        case Total():
            return _of_rows(one.grid.reach, rows, groups)
        case Squares():
            return _of_rows(one.grid.reach**2, rows, groups)


def _of_rows(reach: int, rows: int, groups: int) -> Sensitivity:
    """All rows of a person in one group is the worst case of every norm."""
    most = reach * rows
    return Sensitivity(groups, most, most, most**2)


def _groups(query: Query) -> int:
    """Groups that one person can be in."""
    if not query.groups:
        return 1
    return query.at_most if query.keys is None else min(query.at_most, len(query.keys))
