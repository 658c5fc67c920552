"""Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020), by several columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.linkage.table._claims import COHEN_NISSIM, one_by_one, rows_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyColumns:
    """Singling out by several columns: values that together only one row of the release has.

    The adversary takes rows in random order. It adds their cells, column after column in random order, until
    no other row of the release can have all of them. It claims that exactly one person has these values.
    Score: the fewer people are expected to match if columns were independent, the surer.
    """

    name: ClassVar[str] = "many-columns"
    title: ClassVar[str] = later("Which values of several columns together has only one person?")
    paper: ClassVar[Paper] = COHEN_NISSIM

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        view = rows_of(case)
        return one_by_one(view, view.low, view.high, len(case.targets), rng=rng)
