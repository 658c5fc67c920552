"""de Montjoye, Hidalgo, Verleysen, Blondel: Unique in the Crowd (Scientific Reports 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.traces import MobilityKnowledge, pieces
from confide.views.points import PointIndex
from confide.views.traces import Traces

# As `claims.NOBODY` of the games: no row is claimed.
NO_CLAIM = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class UniquePoints:
    """Unicity: claims the trace that alone goes through all points known of a person.

    The adversary saw the target at a few places and times: a photo with a date, a receipt, a meeting. It
    looks up which traces of the release were at all of them, and claims the trace if there is exactly one.
    With exact points there is no guessing: a claim about a person who is in the release is right unless the
    release is inexact.

    The adversary knows how the release was made, and looks for the points as they stand in it: in their cells
    and bins, and without those that were left out. Where traces are cut in parts, it looks for the part that
    says most. Score: 1 / |S|, where S is the set of traces that hold all points, times the share of the
    points that stand in the release together. Nobody (-1) is claimed unless |S| = 1. Time: one search in a
    sorted index for each candidate, from the rarest point on.
    """

    name: ClassVar[str] = "unicity"
    title: ClassVar[str] = later("Does one trace alone go through all the points known of this person?")
    paper: ClassVar[Paper] = Paper(
        authors="Yves-Alexandre de Montjoye and César A. Hidalgo and Michel Verleysen and Vincent D. Blondel",
        title="Unique in the Crowd: The privacy bounds of human mobility",
        venue="Scientific Reports",
        year=2013,
        url="https://doi.org/10.1038/srep01376",
    )

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        known = case.known.need_points(self.name)
        n = case.targets.people
        parts, owner = pieces(case.known.mechanism, case.targets, release=case.view, rng=rng)
        index = PointIndex.of(case.view)
        query, row = index.holders(
            parts.person.astype(np.int64), index.key(parts.place.astype(np.int64), parts.time)
        )
        size = np.bincount(query, minlength=parts.people)
        holder = np.full(parts.people, NO_CLAIM)
        holder[query] = row
        # Where the release drops or splits points, a match on few of them says less.
        together = np.bincount(parts.person, minlength=parts.people) / known
        certain = together / np.maximum(size, 1)
        held = np.flatnonzero(size > 0)
        best = held[np.lexsort((-certain[held], owner[held]))]  # each target's best part comes first
        best = best[np.append(True, owner[best][1:] != owner[best][:-1])[: len(best)]]
        claim, score = np.full(n, NO_CLAIM), np.zeros(n)
        score[owner[best]] = certain[best]
        claim[owner[best]] = np.where(size[best] == 1, holder[best], NO_CLAIM)
        return Guess(claim, score)
