"""Background knowledge for a table: some columns of each target, a share of the cells wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What the adversary knows about each target.

    Args:
        wrong: The share of its cells that are wrong. A wrong cell holds the value of another row.

    Raises:
        DataError: if it is not from 0 to below 1.
    """

    wrong: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.wrong < 1:
            raise DataError(f"a share of {self.wrong} wrong cells: give one from 0 to below 1.")

    def about(self, table: Table, rows: Ints, *, rng: Rng) -> Table:
        """The facts about these rows of a precise table of the known columns, with wrong cells among them."""
        facts = table.low[rows].copy()
        wrong = rng.random(facts.shape) < self.wrong
        others = rng.integers(0, len(table), facts.shape)
        facts[wrong] = np.take_along_axis(table.low, others, axis=0)[wrong]
        return Table.of(table.domains, facts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableKnowledge:
    """The adversary's background in the games on tables.

    The facts about each target are the targets of the case: a precise `Table` with one row for each, whose
    columns are the known ones, under the domains of the original.

    Args:
        wrong: the share of wrong cells among the facts.
        population: a precise table of other people of the same law, or None. The adversary calibrates on it.
        secret: the column to be inferred; empty in linkage.
        mechanism: what made the release (Kerckhoffs' principle); None where it is not known.
        excluded: bool[targets, m], values of the secret known not to hold of each target; None if of none.
        everybody: a precise table of the known columns of all people that the release may be about, the
            targets among them, in an order that says nothing; None if the adversary has no such register.
        repeats: whether a person may be behind several rows of the release, as of a synthetic file. Then
            equal rows are not several people.
    """

    wrong: float
    population: Table | None = None
    secret: str = ""
    mechanism: Mechanism[Table] | None = None
    excluded: Bools | None = None
    everybody: Table | None = None
    repeats: bool = False
