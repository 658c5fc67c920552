"""Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020), against k-anonymity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._cells import Cells
from confide.attacks.linkage.table._claims import COHEN_NISSIM, expected, guess_of, repeats, rows_of, shares
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.predicates import Predicate
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPredicate:
    """Singling out within a class: the ranges that m rows share, and a random predicate of weight 1/m.

    k-anonymity makes rows equal in the known columns. What is left says: m people have values in these
    ranges, and few others do. A hash of the whole record, which the adversary need not know, is below 1/m of
    its range for exactly one of these m people with the chance (1 - 1/m)^(m-1), which is above 1/e for every
    m. So k-anonymity does not stop singling out, whatever k is. The hash cannot separate
    people whose records are equal. So the adversary keeps to the half of the classes in which the fewest are
    expected to be, with several predicates for each if more claims are asked for. Of a release without ranges
    the classes are equal rows.
    """

    name: ClassVar[str] = "class-predicate"
    title: ClassVar[str] = later(
        "In which class of equal rows does a random predicate hold for only one person?"
    )
    paper: ClassVar[Paper] = COHEN_NISSIM

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        view, asked = rows_of(case), len(case.targets)
        if not len(view):
            return guess_of([], asked)
        ranged = [name for i, name in enumerate(view.names) if (view.low[:, i] != view.high[:, i]).any()]
        cells = Cells.of(view.only(ranged or view.names))
        below, at = shares(view), [view.at(name) for name in ranged or view.names]
        low, high = view.low[cells.first].astype(np.int64), view.high[cells.first].astype(np.int64)
        equal = np.ones(len(low))
        for c in at:
            equal *= repeats(c, low[:, c], high[:, c], below)
        order = np.argsort((cells.count - 1) * equal, kind="stable")
        # Equal rows of a precise release are named once. In a class each salt makes a claim of its own.
        best = order[: -(-len(order) // 2)] if ranged else order
        found: list[tuple[Predicate, float]] = []
        for i in range(asked if ranged else min(asked, len(best))):
            one = best[i % len(best)]
            box = tuple((c, int(low[one, c]), int(high[one, c])) for c in at)
            claim = Predicate(box, float(cells.count[one]), int(rng.integers(2**62)))
            found.append((claim, expected(claim, below, len(view))))
        return guess_of(found, asked)
