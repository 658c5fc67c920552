"""Full-domain generalisation: each column on one level of its hierarchy, optimal over the lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.keyed_table import Keyed, hierarchies_of
from confide.mechanisms.anonymize.lattice import Found, Lattice, best_node
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FullDomain:
    """Raises every column to one level of its hierarchy, the levels that lose least.

    Every value of a column is generalised in the same way, so the release is easy to analyse; it loses more
    than local recoding does. Rows of classes that fail are suppressed in all known columns, up to a share.
    The result is the optimum of the whole lattice. k-anonymity bounds no inference: people of one class can
    share the secret. So there is no promise.

    Args:
        known: the columns that an adversary may know, and that are generalised. Others stay as they are.
        rules: what every class keeps.
        hierarchies: of columns by their names; a column without one is kept or suppressed.
        suppress: the largest share of rows that may be suppressed.
        most_nodes: of the lattice: each takes about 40 bytes.
        seconds: CPU time that the search may take.

    Raises:
        PromiseError: for a share that is not from 0 to below 1.

    Source: Samarati, Protecting respondents' identities in microdata release (2001); LeFevre, DeWitt,
    Ramakrishnan, Incognito (2005); the loss as in ARX, Prasser, Kohlmayer (2015).

    >>> from confide.views.table import Domain
    >>> age = Domain("age", ("30", "31", "40", "41"), np.array([30.0, 31, 40, 41]))
    >>> tens = Hierarchy("age", np.array([[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]], np.int32),
    ...                  (age.labels, ("30-39", "40-49"), ("*",)))
    >>> anonymise = FullDomain(known=("age",), rules=Rules(k=2), hierarchies=(tens,))
    >>> view = anonymise(Table.of([age], np.array([[0], [1], [2], [2]])), rng=None).view
    >>> [view.cell(row, 0) for row in range(4)]
    ['30 to 31', '30 to 31', '40 to 41', '40 to 41']
    """

    known: tuple[str, ...]
    rules: Rules
    hierarchies: tuple[Hierarchy, ...] = ()
    suppress: float = 0.0
    most_nodes: int = 20_000_000
    seconds: float = 600.0

    def __post_init__(self) -> None:
        if not 0 <= self.suppress < 1:
            raise PromiseError(f"a share of {self.suppress:g} suppressed rows: give one from 0 to below 1.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release all rows in their order, the known columns generalised.

        Raises:
            DataError: for columns that are not there or are generalised already.
            PromiseError: if no node keeps the rules, or the lattice is too large.
        """
        return Release(self.recoded(data), None, "FullDomain")

    def recoded(self, data: Table, *, count: Ints | None = None) -> Table:
        """The same table with the known columns generalised.

        Args:
            data: one row a person, or one for several.
            count: int64[n], for how many people each row stands; None: for one.
        """
        keyed, levels, found = self._searched(data, count)
        low, high = np.empty_like(keyed.codes), np.empty_like(keyed.codes)
        for i, (hierarchy, level) in enumerate(zip(levels, found.node, strict=True)):
            group = hierarchy.group[level][keyed.codes[:, i]]
            low[:, i] = hierarchy.start[level][group]
            high[:, i] = hierarchy.stop[level][group] - 1
        low[found.suppressed] = 0
        high[found.suppressed] = keyed.sizes - 1
        return keyed.released(low, high)

    def search(self, data: Table) -> Found:
        """The best node, its loss, and how many nodes were counted."""
        return self._searched(data)[2]

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every class keeps the rules."""
        return self.rules.claims(view, self.known)

    def _searched(self, data: Table, count: Ints | None = None) -> tuple[Keyed, tuple[Hierarchy, ...], Found]:
        keyed = Keyed.of(data, self.known, self.rules, parts=self.suppress > 0, count=count)
        levels = hierarchies_of(data, self.known, self.hierarchies)
        most = math.floor(self.suppress * keyed.total + 1e-9)
        found = best_node(Lattice(keyed, levels, most), most_nodes=self.most_nodes, seconds=self.seconds)
        return keyed, levels, found
