"""People of a table in which somebody may have several rows: whose rows they are, and one row of each."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.views.table import Table


def whose(table: Table) -> Ints:
    """The person of each row, numbered from 0 without a gap, int64[n]."""
    if table.people is None:
        return np.arange(len(table))
    return np.unique(table.people, return_inverse=True)[1].astype(np.int64)


def number_of_people(table: Table, rows: Array | None = None) -> int:
    """How many people have a row in the table, or among some rows (positions, or a mask).

    >>> from confide.views.table import Domain
    >>> visits = Table.of([Domain("sex", ("f", "m"))], np.zeros((3, 1)), people=np.array([4, 9, 4]))
    >>> number_of_people(visits), number_of_people(visits, np.array([0, 2]))
    (2, 1)
    """
    of = np.arange(len(table)) if table.people is None else table.people
    return len(np.unique(of if rows is None else of[rows]))


def all_rows_of(table: Table, rows: Ints) -> Bools:
    """All rows of the people who have one of these, bool[n]."""
    found = np.zeros(len(table), np.bool_)
    if table.people is None:
        found[rows] = True
        return found
    return np.isin(table.people, table.people[rows])


def rows_beside(table: Table, rows: Ints, place: Ints, *, none: int) -> Ints:
    """The places of all rows of the person of each of these rows.

    Args:
        rows: int64[t].
        place: int64[n], of each row of the table.
        none: stands where a person has fewer rows than others.

    Returns:
        int64[t, most rows of a person]; int64[t] where a row is a person.
    """
    if table.people is None:
        return place[rows]
    person = whose(table)
    count = np.bincount(person)
    order, first = np.argsort(person, kind="stable"), np.cumsum(count) - count
    asked, most = person[rows], int(count.max(initial=1))
    step = np.arange(most)
    there = step < count[asked][:, None]
    found = np.full((len(rows), most), none, np.int64)
    found[there] = place[order[(first[asked][:, None] + step)[there]]]
    return found


def one_row_each(table: Table, rows: Ints, *, rng: Rng) -> Ints:
    """The people who have one of these rows in random order, and of each person one of these, int64[people].

    Somebody with many rows comes no earlier than others.
    """
    order = rng.permutation(rows)
    if table.people is None:
        return order
    # The first of somebody's rows in a random order is each of them with the same chance.
    _, first = np.unique(table.people[order], return_index=True)
    return order[rng.permutation(first)]


def mean_of_people(each: Array, people: Ints | None) -> Floats:
    """The mean over people of what each of their rows has on average, float64[...]; NaN without anybody.

    Args:
        each: float64[n, ...].
        people: int64[n], whose row each is; None where a row is a person.

    >>> round(float(mean_of_people(np.array([1.0, 0.0, 0.0, 0.0]), np.array([3, 5, 5, 5]))), 9)
    0.5
    """
    if people is None or not len(each):
        return np.asarray(np.mean(each, axis=0) if len(each) else np.full(each.shape[1:], np.nan))
    _, person, count = np.unique(people, return_inverse=True, return_counts=True)
    return np.asarray(np.average(each, axis=0, weights=1 / count[person]))
