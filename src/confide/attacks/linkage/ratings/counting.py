"""Frankowski, Cosley, Sen, Terveen, Riedl: You Are What You Say (SIGIR 2006), set intersection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.ratings._scoring import blocks, likeness
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.ratings import RatingsKnowledge
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Set intersection: names the record that has most of the items known about a person.

    The adversary uses no weights, no ratings and no dates. It counts the known items in each record and names
    the record with the largest count. Score: how many more of them it has than the next record. What the
    other attacks find beyond this comes from the rarity of items, and from ratings and dates.
    """

    name: ClassVar[str] = "counting"
    title: ClassVar[str] = later("Which record has most of the known items?")
    paper: ClassVar[Paper] = Paper(
        authors="Dan Frankowski and Dan Cosley and Shilad Sen and Loren Terveen and John Riedl",
        title="You Are What You Say: Privacy Risks of Public Mentions",
        venue="ACM SIGIR Conference on Research and Development in Information Retrieval",
        year=2006,
        url="https://doi.org/10.1145/1148170.1148267",
    )

    def __call__(self, case: Case[Interactions, RatingsKnowledge, Interactions], *, rng: Rng) -> Guess:
        n = case.targets.people
        claim, score = np.full(n, -1), np.full(n, -np.inf)
        worth = likeness(case.view, case.targets, stars=None, days=None, weighted=False)
        for block, counts in blocks(case.view, case.targets, worth):
            # The two largest counts of each row; sorting whole rows would take most of the time.
            two = np.argpartition(-counts, min(1, counts.shape[1] - 1), axis=1)[:, :2]
            top = np.sort(np.take_along_axis(counts, two, axis=1), axis=1)
            some = top[:, -1] > 0
            claim[block] = np.where(some, counts.argmax(axis=1), -1)
            score[block] = np.where(some, top[:, -1] - (top[:, 0] if top.shape[1] > 1 else 0), -np.inf)
        return Guess(claim, score)
