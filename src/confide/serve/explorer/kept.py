"""Answers that the ledger keeps, given again in the place of a ledger that would charge."""

from __future__ import annotations

from dataclasses import dataclass

from confide.account.costs import Cost
from confide.account.ledger import Granted
from confide.account.terms import Terms
from confide.core.errors import BudgetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One answer in the place of a ledger: it is given for its own question, and nothing is ever charged.

    Args:
        terms: of the ledger that keeps it.
        question: its digest, which says that data, text, bins and price are the same.
        answer: as JSON.
    """

    terms: Terms
    question: str
    answer: str

    def charge(self, question: str, cost: Cost, *, analyst: str | None = None, asked: str = "") -> Granted:
        """The stored answer.

        Raises:
            BudgetError: for another question.
        """
        if question != self.question:
            raise BudgetError("what was asked is another question by now: ask it again.")
        return Granted(number=0, question=question, cost=Cost.nothing(), answer=self.answer)
