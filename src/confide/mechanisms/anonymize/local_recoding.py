"""Local recoding: each class of people is made as fine as its own company allows, down the hierarchies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Bools, Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.keyed_table import Keyed, hierarchies_of
from confide.mechanisms.anonymize.specialising import specialised
from confide.views.hierarchy import Hierarchy
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalRecoding:
    """Splits classes of people down the hierarchies, as long as the rules are kept.

    All people begin in one class, which covers everything. A class is split by the column by which its
    people win most: those in groups that keep the rules move down one level, the others stay, with one such
    group as company if they need it. So two people of one age may be shown at different levels, and much
    less is lost than if whole columns were generalised. There is no promise: k-anonymity bounds no inference,
    and from how little was generalised an adversary can undo some of it (downcoding).

    Args:
        known: the columns that an adversary may know, and that are generalised. Others stay as they are.
        rules: what every class keeps.
        hierarchies: of columns by their names; a column without one is kept or suppressed.
        suppress: the largest share of rows that may be wholly suppressed. More are suppressed only if there
            is no way to split the first class without them.

    Raises:
        PromiseError: for a share that is not from 0 to below 1.

    Source: Fung, Wang, Yu, Top-down specialization (2005), for classes of their own as in Xu et al.,
    Utility-based anonymization using local recoding (2006). Downcoding: Cohen, Attacks on deidentification's
    defenses (2022).

    >>> from confide.views.table import Domain
    >>> age = Domain("age", ("30", "31", "40", "41"), np.array([30.0, 31, 40, 41]))
    >>> tens = Hierarchy("age", np.array([[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]], np.int32),
    ...                  (age.labels, ("30-39", "40-49"), ("*",)))
    >>> anonymise = LocalRecoding(known=("age",), rules=Rules(k=2), hierarchies=(tens,))
    >>> view = anonymise(Table.of([age], np.array([[0], [1], [2], [2]])), rng=None).view
    >>> [view.cell(row, 0) for row in range(4)]
    ['30 to 31', '30 to 31', '40', '40']
    """

    known: tuple[str, ...]
    rules: Rules
    hierarchies: tuple[Hierarchy, ...] = ()
    suppress: float = 0.0

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
            PromiseError: if more rows would have to be suppressed than is allowed.
        """
        return Release(self.recoded(data), None, "LocalRecoding")

    def recoded(self, data: Table, *, count: Ints | None = None) -> Table:
        """The same table with the known columns generalised.

        Args:
            data: one row a person, or one for several.
            count: int64[n], for how many people each row stands; None: for one.
        """
        keyed = Keyed.of(data, self.known, self.rules, parts=self.suppress > 0, count=count)
        levels = hierarchies_of(data, self.known, self.hierarchies)
        most = math.floor(self.suppress * keyed.total + 1e-9)
        low, high = specialised(keyed, levels, most)
        view = keyed.released(low, high)
        hidden = int(keyed.rows[_wholly(low, high, keyed.sizes)].sum())
        if hidden > most:
            raise PromiseError(
                f"{hidden:,} rows find no company below the root of all hierarchies, and {most:,} may be "
                f"suppressed: allow a share of {math.ceil(hidden / keyed.total * 1000) / 1000:g}, or lower k."
            )
        return view

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every class keeps the rules."""
        return self.rules.claims(view, self.known)


def _wholly(low: Array, high: Array, sizes: Array) -> Bools:
    if not (sizes > 1).any():
        return np.zeros(len(low), np.bool_)
    return ((low == 0) & (high == sizes - 1)).all(axis=1)
