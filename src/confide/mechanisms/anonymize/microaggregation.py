"""Domingo-Ferrer, Mateo-Sanz: Practical Data-Oriented Microaggregation (TKDE 2002)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.anonymize.correlated_noise import complete_numbers
from confide.mechanisms.anonymize.suppression import company, counted, refuse_no_columns
from confide.mechanisms.randomize.bounds import numbered
from confide.mechanisms.randomize.columns import replaced
from confide.views.table import Table
from confide.views.table_people import number_of_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Microaggregation:
    """Microaggregation by MDAV: forms groups of k to 2k - 1 near rows, and gives all of a group its means.

    In these columns every row is then like at least k - 1 others, and the columns' means are as before. Where
    somebody has several rows, a group takes near rows until they are of k people. There
    is no promise: rows of a group share what is not averaged, such as a secret that all of them have, and a
    person far from all others pulls the means of a group towards them.

    Distances are Euclidean over numbers in deviations of their column. Time grows with the square of the
    rows, over k.

    Args:
        columns: columns of numbers.
        k: the fewest people of a group.

    Raises:
        PromiseError: if a setting is refused.

    Source: Domingo-Ferrer, Torra, Ordinal, Continuous and Heterogeneous k-Anonymity through Microaggregation
    (DMKD 2005), algorithm MDAV-generic.
    """

    columns: tuple[str, ...]
    k: int = 10

    def __post_init__(self) -> None:
        refuse_no_columns(self.columns)
        if self.k < 2:
            raise PromiseError(f"k is {self.k}, and a group of one is its row: give 2 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table with the means of groups in these columns.

        Raises:
            DataError: if a column is missing, holds no numbers, ranges or missing values, or there are fewer
                than k people.
        """
        x = complete_numbers(data, self.columns)
        if (people := number_of_people(data)) < self.k:
            raise DataError(f"the table has {people} {counted(data)} and a group {self.k}: give a smaller k.")
        deviation = x.std(0)
        group = mdav((x - x.mean(0)) / np.where(deviation > 0, deviation, 1.0), self.k, people=data.people)
        size, view = np.bincount(group), data
        for column, numbers in zip(self.columns, x.T, strict=True):
            # Rounded to 12 digits, as a mean of equal numbers should be that number.
            means = [float(f"{mean:.12g}") for mean in np.bincount(group, weights=numbers) / size]
            view = replaced(view, column, [numbered(column, np.array(means)[group])])
        return Release(view, None, "Microaggregation")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every row has the numbers of at least k people."""
        fewest = int(company(view, self.columns).min(initial=self.k))
        named = ", ".join(map(repr, self.columns))
        text = f"every row has its values of {named} with at least {self.k} {counted(view)}"
        return (Claim(text, fewest >= self.k),)


def mdav(x: Floats, k: int, *, people: Ints | None = None) -> Ints:
    """The group of each row, int64[n]: the maximum distance to average vector heuristic.

    While 3k rows are left: r is the row furthest from the mean of those left, s the one furthest from r; r
    and the k - 1 rows nearest to it become a group, then s and the k - 1 nearest to it. Of 2k to 3k - 1 rows
    the one furthest from the mean forms a last group so, and the others are one group. Of several equally
    far one is taken by a fixed rule.

    Where somebody has several rows, "k rows" means rows of k people: a group takes the nearest ones until it
    has k people. It takes away k people at most, so that what is left keeps enough for the last group.

    Args:
        x: float64[n, d], with at least k rows.
        people: int64[n], whose row each is, of at least k people; None where a row is a person.
    """
    left = _Left(x, people)
    while len(left) >= 3 * k:
        far = left.furthest(left.mean())
        r, s = left.point(far), left.point(left.furthest(left.point(far)))
        left.take(r, k)
        left.take(s, k)
    if len(left) >= 2 * k:
        left.take(left.point(left.furthest(left.mean())), k)
    return left.rest()


class _Left:
    """The rows that have no group yet: their columns one after the other, which distances run through."""

    def __init__(self, x: Floats, people: Ints | None) -> None:
        self._columns, self._row = np.ascontiguousarray(x.T), np.arange(len(x))
        self._group, self._groups = np.full(len(x), -1, np.int64), 0
        self._sum, self._n = x.sum(0), len(x)
        self._distance, self._part = np.empty(len(x)), np.empty(len(x))
        self._whose = None if people is None else np.unique(people, return_inverse=True)[1].astype(np.int64)
        self._rows_of = None if self._whose is None else np.bincount(self._whose)

    def __len__(self) -> int:
        """How many people are left."""
        return self._n if self._rows_of is None else int((self._rows_of > 0).sum())

    def mean(self) -> Floats:
        return self._sum / self._n

    def point(self, at: int) -> Floats:
        return self._columns[:, at].copy()

    def furthest(self, point: Floats) -> int:
        return int(self._squares(point).argmax())

    def take(self, point: Floats, k: int) -> None:
        """Make a group of the rows of k people nearest to a point."""
        squares = self._squares(point)
        if self._whose is not None:
            self._taken(self._of_people(squares, k, self._whose))
            return
        cut = squares[np.argpartition(squares, k - 1)[:k]].max()
        nearer = np.flatnonzero(squares < cut)
        # Of those as far as the last one only as many as there is room for.
        self._taken(np.append(nearer, np.flatnonzero(squares == cut)[: k - len(nearer)]))

    def _of_people(self, squares: Floats, k: int, whose: Ints) -> Ints:
        """The nearest rows, up to the first one of the k-th person."""
        many = 2 * k
        while True:
            many = min(many, len(squares))
            near = np.argpartition(squares, many - 1)[:many]
            near = near[np.lexsort((self._row[near], squares[near]))]
            first = np.sort(np.unique(whose[self._row[near]], return_index=True)[1])
            if len(first) >= k:
                return near[: first[k - 1] + 1]
            many *= 2

    def _taken(self, at: Ints) -> None:
        """Make a group of these rows."""
        self._group[self._row[at]] = self._groups
        self._groups += 1
        if self._rows_of is not None and self._whose is not None:
            self._rows_of -= np.bincount(self._whose[self._row[at]], minlength=len(self._rows_of))
        self._sum -= self._columns[:, at].sum(1)
        self._without(at)

    def rest(self) -> Ints:
        """Make a group of all that are left, and give the group of each row."""
        self._group[self._row[: self._n]] = self._groups
        return self._group

    def _squares(self, point: Floats) -> Floats:
        """The squared distances of the rows left, float64[n]."""
        found, part = self._distance[: self._n], self._part[: self._n]
        found[:] = 0.0
        for column, worth in zip(self._columns, point, strict=True):
            np.subtract(column[: self._n], worth, out=part)
            np.multiply(part, part, out=part)
            np.add(found, part, out=found)
        return found

    def _without(self, at: Ints) -> None:
        """Rows from the end take the places of those that go: nothing else has to move."""
        n = self._n - len(at)
        holes, gone = at[at < n], np.zeros(len(at), np.bool_)
        gone[at[at >= n] - n] = True
        fill = n + np.flatnonzero(~gone)
        self._columns[:, holes] = self._columns[:, fill]
        self._row[holes] = self._row[fill]
        self._n = n
