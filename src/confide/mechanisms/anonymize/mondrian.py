"""Mondrian: people are cut into boxes at medians, as long as both halves keep the rules."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Ints, Rng
from confide.core.claims import Claim
from confide.core.nouns import Release
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.keyed_table import Keyed
from confide.mechanisms.anonymize.median_cuts import boxes
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Mondrian:
    """Cuts the people into boxes, each time at the median of the column of the widest range.

    A cut runs between two values, so that no value is on both sides (strict). Where the halves do not keep
    the rules, the next widest column is tried. Each box then shows the range of its own people in each
    column: no hierarchy is needed, and much detail stays. There is no promise: k-anonymity bounds no
    inference.

    Args:
        known: the columns that an adversary may know, and that are generalised. Others stay as they are.
        rules: what every class keeps.

    Source: LeFevre, DeWitt, Ramakrishnan, Mondrian multidimensional k-anonymity (2006).

    >>> import numpy as np
    >>> from confide.views.table import Domain
    >>> age = Domain("age", ("30", "31", "40", "41"), np.array([30.0, 31, 40, 41]))
    >>> people = Table.of([age], np.array([[0], [1], [2], [2]]))
    >>> view = Mondrian(known=("age",), rules=Rules(k=2))(people, rng=None).view
    >>> [view.cell(row, 0) for row in range(4)]
    ['30 to 31', '30 to 31', '40', '40']
    """

    known: tuple[str, ...]
    rules: Rules

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release all rows in their order, the known columns generalised.

        Raises:
            DataError: for columns that are not there or are generalised already.
            PromiseError: if there is no cut at all that keeps the rules.
        """
        return Release(self.recoded(data), None, "Mondrian")

    def recoded(self, data: Table, *, count: Ints | None = None) -> Table:
        """The same table with the known columns generalised.

        Args:
            data: one row a person, or one for several.
            count: int64[n], for how many people each row stands; None: for one.
        """
        keyed = Keyed.of(data, self.known, self.rules, count=count)
        box, low, high = boxes(keyed)
        return keyed.released(low, high, box)

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every class keeps the rules."""
        return self.rules.claims(view, self.known)
