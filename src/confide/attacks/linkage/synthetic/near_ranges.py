"""Cohen, Nissim: Towards Formalizing the GDPR's Notion of Singling Out (PNAS 2020), by ranges near a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._claims import COHEN_NISSIM, Codes, one_by_one, rows_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRanges:
    """Singling out near a row: ranges around its numbers, and its categories, that no other row has together.

    A file may move each number a little, so that no value in it is anybody's. The adversary therefore claims
    ranges. It takes rows of the file in random order. It adds the row's categories, and ranges around its
    numbers, column after column in random order, until no other row is in all of them. It claims that exactly
    one person is. Score: the fewer people are expected to match if columns were independent, the surer.

    Args:
        within: how far a range reaches to each side, as a share of the distance from the least to the largest
            number that the column may hold.
    """

    name: ClassVar[str] = "near-ranges"
    title: ClassVar[str] = later("Which ranges of several columns hold only one person together?")
    paper: ClassVar[Paper] = COHEN_NISSIM

    within: float = 0.05

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        view = rows_of(case)
        low, high = view.low.copy(), view.high.copy()
        for i, domain in enumerate(view.domains):
            if domain.numbers is not None and len(domain) > domain.missing:
                down, up = reach(domain, self.within)
                low[:, i], high[:, i] = down[low[:, i]], up[high[:, i]]
        return one_by_one(view, low, high, len(case.targets), rng=rng)


def reach(domain: Domain, within: float) -> tuple[Codes, Codes]:
    """The first and the last code that is as near to each code, int32[m] each; a missing value stays alone.

    >>> age = Domain("age", ("0", "4", "5", "10", ""), np.array([0.0, 4.0, 5.0, 10.0, np.nan]), missing=True)
    >>> down, up = reach(age, 0.1)
    >>> down.tolist(), up.tolist()
    ([0, 1, 1, 3, 4], [0, 2, 2, 3, 4])
    """
    assert domain.numbers is not None
    known = domain.numbers[: len(domain) - domain.missing]
    # Rounding must not leave out what is exactly as far away.
    far = within * (known[-1] - known[0]) * (1 + 1e-9)
    down, up = np.arange(len(domain), dtype=np.int32), np.arange(len(domain), dtype=np.int32)
    down[: len(known)] = np.searchsorted(known, known - far, side="left")
    up[: len(known)] = np.searchsorted(known, known + far, side="right") - 1
    return down, up
