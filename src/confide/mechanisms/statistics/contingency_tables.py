"""Barak, Chaudhuri, Dwork, Kale, McSherry, Talwar: Privacy, Accuracy, and Consistency Too (PODS 2007)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.counts import count, count_view
from confide.mechanisms.statistics.noisy_sums import NoisySums
from confide.mechanisms.statistics.promise import IntegerLaw, Promise
from confide.views.statistics import Key, PersonRows, Statistics
from confide.views.table import Table

MOST = 5_000_000
"""Cells of all tables together, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTables(Promise):
    """Counts people in contingency tables over sets of columns, with noise; all tables share one budget.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* A row is in one cell of each of t tables, and the person has at most K rows after the cut. They
    move all counts together by at most K t in the L1 norm, and by at most K times the root of t in the L2
    norm, because each table moves by at most K in both. The noise is made for that. All cells that the
    public domains have are answered, empty ones too. Tables that share columns do not agree with each other
    after noise.

    *Conditions.* The values of the columns (their domains) are public, and so is `at_most`.

    Args:
        sets: the columns of each table, by name.

    >>> from confide.views.table import Domain
    >>> people = Table.of([Domain("sex", ("f", "m"))], np.zeros((900, 1), np.int64))
    >>> made = PrivateTables(epsilon=1.0, sets=(("sex",),), noise="rehearsal")
    >>> made(people, rng=np.random.default_rng(0)).view.keys
    ((('sex',), ('f',)), (('sex',), ('m',)))
    """

    sets: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if not self.sets or len(set(self.sets)) < len(self.sets):
            raise PromiseError(f"the tables are over {self.sets}: name at least one, and each once.")

    def __call__(self, data: Table, *, rng: Rng) -> Outcome[Statistics]:
        """Count and publish.

        Raises:
            DataError: if a column is not there, cells are ranges, or there are too many cells.
        """
        choosing, noising = rng.spawn(2)
        rows = PersonRows(rows=len(data), person=data.people, values=np.arange(len(data)))
        exact, keys = self.counted(data.take(np.asarray(self.cut(rows, choosing).values, np.int64)))
        return self.of_counts(exact, keys, rng=noising)

    def of_counts(self, exact: Sequence[int], keys: tuple[Key, ...], *, rng: Rng) -> Outcome[Statistics]:
        """Publish the cells of all tables, where a database has cut and counted the rows.

        Args:
            exact: m whole numbers, the rows of each cell of each table in `sets`; a row is in one cell of a
                table at most, and of each person at most `at_most` rows count.
            keys: m public keys of the cells.
            rng: of a rehearsal.
        """
        drawn = self.drawn(self.law_of_cells, len(exact), rng)
        noisy = tuple(n + int(k) for n, k in zip(exact, drawn, strict=True))
        view = count_view(keys, NoisySums(noisy, self.law_of_cells), self.most)
        return outcome(self.noise, view, self.budget, "PrivateTables")

    @property
    def law_of_cells(self) -> IntegerLaw:
        """The noise of each cell."""
        return self.law(l1=self.most * len(self.sets), l2_squared=self.most**2 * len(self.sets))

    def counted(self, data: Table) -> tuple[list[int], tuple[Key, ...]]:
        """The exact counts of all tables, and the columns and values of each cell."""
        if not data.precise:
            raise DataError("cells are sets of values: count a table whose cells are one value each.")
        places = [[data.at(name) for name in columns] for columns in self.sets]
        sizes = [[len(data.domains[i]) for i in at] for at in places]
        if sum(math.prod(size) for size in sizes) > MOST:
            raise DataError(f"the tables have more than {MOST:,} cells: take fewer columns.")
        exact: list[int] = []
        keys: list[Key] = []
        for columns, at, size in zip(self.sets, places, sizes, strict=True):
            cell = np.zeros(len(data), np.int64)
            for i, values in zip(at, size, strict=True):
                cell = cell * values + data.low[:, i]
            exact += count(cell, math.prod(size))
            keys += [(columns, labels) for labels in product(*(data.domains[i].labels for i in at))]
        return exact, tuple(keys)
