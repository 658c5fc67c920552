"""Recodings of a table that is too large to hold: found on its distinct rows, and the same for every row."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.nouns import Release
from confide.mechanisms.anonymize.class_rules import verified
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.views.tally import Tally

RECODINGS = (Mondrian, LocalRecoding, FullDomain)
"""What looks at distinct rows and their numbers alone, and changes equal rows equally."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnTallies:
    """Recodes distinct rows as the recoding would all rows: it sees no difference between equal ones.

    Args:
        step: the recoding.

    >>> import numpy as np
    >>> from confide.mechanisms.anonymize.class_rules import Rules
    >>> from confide.views.table import Domain, Table
    >>> age = Domain("age", ("30", "31", "40", "41"), np.array([30.0, 31, 40, 41]))
    >>> people = Tally(Table.of([age], np.array([[0], [1], [2]])), np.array([1, 1, 2]))
    >>> view = OnTallies(step=Mondrian(known=("age",), rules=Rules(k=2)))(people, rng=None).view
    >>> [view.rows.cell(row, 0) for row in range(3)], view.count.tolist()
    (['30 to 31', '30 to 31', '40'], [1, 1, 2])
    """

    step: Mondrian | LocalRecoding | FullDomain

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Tally, *, rng: Rng | None) -> Release[Tally]:
        """Release the distinct rows in their order, the known columns generalised.

        Raises:
            ConfideError: as the recoding.
        """
        view = self.step.recoded(data.rows, count=data.count)
        return Release(Tally(view, data.count), None, type(self.step).__name__)

    def claims(self, view: Tally) -> tuple[Claim, ...]:
        """Every class keeps the rules."""
        return verified(view.rows, self.step.known, self.step.rules, count=view.count)
