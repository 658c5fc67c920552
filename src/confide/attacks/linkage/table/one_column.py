"""Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020), by one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._claims import COHEN_NISSIM, guess_of, rows_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.predicates import Predicate
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class OneColumn:
    """Singling out by one column: a value that only one row of the release has.

    The adversary looks for cells that no other row can share: of a value the only one, of a range the only
    one that reaches into it. It claims that exactly one person has this value. There are few such values, so
    most of the claims that it is asked for are not made; they have the score 0.
    """

    name: ClassVar[str] = "one-column"
    title: ClassVar[str] = later("Which values of a single column has only one person?")
    paper: ClassVar[Paper] = COHEN_NISSIM

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        view = rows_of(case)
        found: list[tuple[Predicate, float]] = []
        for column, size in enumerate(view.sizes.tolist()):
            low, high = view.low[:, column].astype(np.int64), view.high[:, column].astype(np.int64)
            # How many cells reach each code: each begins at its low and ends above its high.
            ends = np.bincount(high + 1, minlength=size + 1)
            reach = np.cumsum(np.bincount(low, minlength=size + 1) - ends)[:size]
            shared = np.append(0, np.cumsum(reach > 1))
            alone = np.flatnonzero(shared[high + 1] == shared[low])
            found += [(Predicate(((column, int(low[i]), int(high[i])),)), 1.0) for i in alone]
        kept = rng.permutation(len(found))[: len(case.targets)]
        return guess_of([found[i] for i in kept], len(case.targets))
