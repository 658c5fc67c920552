"""Nin, Herranz, Torra: Rethinking Rank Swapping to Decrease Disclosure Risk (DKE 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._cells import Cells, Sums, mass
from confide.attacks.linkage.table._posterior import log_odds
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.knowledge.table_channel import channels
from confide.views.table import Table

PRESENT = 0.5
"""The chance that a target is in the release, before anything is seen: a coin decided."""
NEVER = 1e-9
"""Instead of a chance of 0, where no fact is wrong: of 0 there is no logarithm."""
TRANSPARENCY = Paper(
    authors="Jordi Nin and Javier Herranz and Vicenç Torra",
    title="Rethinking Rank Swapping to Decrease Disclosure Risk",
    venue="Data and Knowledge Engineering 64",
    year=2008,
    url="https://doi.org/10.1016/j.datak.2007.07.006",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transparency:
    """Transparency attack: weighs each row by what the mechanism, which is known, makes of true values.

    The adversary has the mechanism and its settings, and no secret of it. It runs it again on the release and
    counts what becomes of each value: a share stays, noise moves numbers by this much, a category turns into
    these others. So a cell that shows another value than the person's counts for them as far as the mechanism
    would show it. With T(r | v) the chance that v is shown as r, and w the share of wrong facts, column c
    counts w + (1 - w) T(r_c | v_c) / P(r_c) for a row; the ratio of a row is the product over columns. A
    column of ranges counts as in `FellegiSunter`. Where columns were changed together, as whole rows are
    swapped, the product is too sure.

    Score: the log-odds of the row's posterior, as in `FellegiSunter`, which knows only that cells may differ.
    """

    name: ClassVar[str] = "transparency"
    title: ClassVar[str] = later("Given how values were changed, which row may show the known facts?")
    paper: ClassVar[Paper] = TRANSPARENCY

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        facts = case.targets
        if not len(case.view):
            return Guess(np.full(len(facts), -1), np.zeros(len(facts)))
        cells = Cells.of(case.view.only(facts.names))
        sums = rows_by_channel(case, cells, rng=rng)
        claim, score = np.empty(len(facts), np.int64), np.empty(len(facts))
        for i, fact in enumerate(facts.low):
            log_ratio = sums.of(fact)
            best = int(log_ratio.argmax())
            claim[i] = cells.first[best]
            score[i] = log_odds(log_ratio, cells.count, cells.people, PRESENT)
        return Guess(claim, score)


def rows_by_channel(case: Case[Table, TableKnowledge, Table], cells: Cells, *, rng: Rng) -> Sums:
    """For the facts about a target: the log ratio of each distinct row of the known columns.

    Raises:
        KnowledgeError: if the mechanism cannot be rehearsed.
    """
    names, wrong = case.targets.names, case.known.wrong
    known = channels(case.view, case.known.mechanism, names, rng=rng)

    laws = {
        c: cells.law(c, size) for c, size in enumerate(case.targets.sizes.tolist()) if names[c] not in known
    }

    def worth(column: int, fact: int) -> Floats:
        low, high = cells.low[column], cells.high[column]
        if column in laws:
            lift = ((low <= fact) & (fact <= high)) / mass(laws[column], low, high)
            return np.log(np.maximum(wrong + (1 - wrong) * lift, NEVER))
        lift = known[names[column]].lift(fact)[low]
        # No lift is 0: what was never rehearsed has a small chance.
        return np.log(wrong + (1 - wrong) * lift)

    return Sums(cells, worth)
