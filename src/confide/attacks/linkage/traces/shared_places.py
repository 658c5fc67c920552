"""Jaccard 1901 and Spärck Jones 1972: the share of common places, the rarer the weightier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array, diags_array

from confide.attacks.linkage.traces._visits import ROWS, guess, nearest, visits
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.traces import MobilityKnowledge, as_released
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlaces:
    """Weighted Jaccard similarity: names the trace that shares most places with the target's earlier trace.

    People return to places. The adversary lists the places of the target's earlier trace as they are called
    in the release. It compares them with each new trace's places: the weight of the places in both, over the
    weight of those in either. Rare places weigh most: log(N / n), if n of the N new traces go there. Score:
    the lead of the best trace over the second. This is the simplest attack on traces, and often the
    strongest. Memory: 256 targets times all traces at once.
    """

    name: ClassVar[str] = "jaccard"
    title: ClassVar[str] = later("Which trace shares the most, and the rarest, places with the earlier one?")
    paper: ClassVar[Paper] = Paper(
        authors="Karen Spärck Jones",
        title="A statistical interpretation of term specificity and its application in retrieval",
        venue="Journal of Documentation",
        year=1972,
        url="https://doi.org/10.1108/eb026526",
    )

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        past = as_released(
            case.known.mechanism, case.known.need_earlier(self.name), release=case.view, rng=rng
        )
        places = max(case.view.places, past.places)
        there, then = visits(case.view, places), visits(past, places)
        there.data[:], then.data[:] = 1.0, 1.0  # been there or not; how often does not count
        visitors = np.bincount(there.indices, minlength=places)
        # A place that no new trace visits weighs as much as one with a single visitor.
        weight: Floats = np.log(case.view.people / np.maximum(visitors, 1))
        mine, theirs = then @ weight, there @ weight
        across = csr_array(there @ diags_array(weight)).T
        found = []
        for low in range(0, past.people, ROWS):
            both = (then[low : low + ROWS] @ across).toarray()
            # The weight of the union, by inclusion and exclusion.
            either = mine[low : low + ROWS, None] + theirs - both
            found.append(nearest(both / np.maximum(either, 1e-12)))
        return guess(found)
