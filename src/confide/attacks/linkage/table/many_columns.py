"""Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020), by several columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._claims import COHEN_NISSIM, expected, guess_of, rows_of, shares
from confide.core.arrays import Ints, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.predicates import BitSets, Predicate, counted
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyColumns:
    """Singling out by several columns: values that together only one row of the release has.

    The adversary takes rows in random order. It adds their cells, column after column in random order, until
    no other row of the release can have all of them. It claims that exactly one person has these values.
    Score: the fewer people are expected to match if columns were independent, the surer.
    """

    name: ClassVar[str] = "many-columns"
    title: ClassVar[str] = "Which values of several columns together has only one person?"
    paper: ClassVar[Paper] = COHEN_NISSIM

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        view, asked = rows_of(case), len(case.targets)
        bits, below = BitSets(view), shares(view)
        found: list[tuple[Predicate, float]] = []
        for row in rng.permutation(len(view)).tolist():
            predicate = _singling(bits, view, row, rng)
            if predicate is not None:
                found.append((predicate, expected(predicate, below, len(view))))
                if len(found) == asked:
                    break
        return guess_of(found, asked)


def _singling(bits: BitSets, view: Table, row: int, rng: Rng) -> Predicate | None:
    """The cells of a row, in random order, up to where it is alone; None if it never is."""
    ranges: list[tuple[int, int, int]] = []
    rows = bits.of(ranges)
    for column in rng.permutation(len(view.domains)).tolist():
        low, high = int(view.low[row, column]), int(view.high[row, column])
        ranges.append((column, low, high))
        rows = np.bitwise_and(rows, bits.of(ranges[-1:]))
        if counted(rows) == 1:
            return Predicate(tuple(sorted(ranges)))
    return None
