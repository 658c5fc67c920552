"""Linkage of ratings: names became random numbers, and the adversary knows a few facts about each target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.nouns import Case, Mechanism, World
from confide.games.linkage.claims import HoldsOut, Linkage, pseudonyms
from confide.knowledge.ratings import Knowing, RatingsKnowledge
from confide.views.interactions import Interactions

LinkageWorld = World[Interactions, RatingsKnowledge, Interactions, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingsLinkage(HoldsOut, Linkage):
    """A release of ratings under random numbers, and an adversary who knows a few facts about each target.

    A fair coin decides for each target whether they are held out of the release. The facts come from their
    own, unprotected ratings. The adversary names a row of the release, or abstains.

    Args:
        mechanism: protects the ratings before they are published.
        records: the ratings of all people.
        targets: int64[t], the people the adversary is asked about, each in one world.
        knowing: what the adversary knows about each of them.
        parts: the number of worlds that the targets are spread over. More worlds hold out fewer people each,
            so that the release stays nearly complete.
        released: a release that was already published, with people and items coded as in `records`; the
            mechanism is applied to it. None to publish `records`.
        absent: bool[n], the people who are in no release for reasons of their own.
        coin: whether a fair coin holds targets out. If not, the absent people are the control people.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.

    Source: Narayanan, Shmatikov 2008, section 4 (targets who are absent from the release: section 3).
    """

    mechanism: Mechanism[Interactions]
    records: Interactions
    targets: Ints
    knowing: Knowing = field(default_factory=Knowing)
    parts: int = 1
    released: Interactions | None = None
    absent: Bools | None = None
    coin: bool = True
    made_by: Mechanism[Interactions] | None = None

    def deal(self, world: int, *, rng: Rng) -> LinkageWorld:
        """Toss the coins of this world's targets, publish all other people, and draw the facts."""
        coins, numbering, protecting, telling = rng.spawn(4)
        ids = self.targets[world % self.parts :: self.parts]
        absent = np.zeros(self.records.people, np.bool_) if self.absent is None else self.absent.copy()
        if self.coin:
            absent[ids[coins.random(len(ids)) < 0.5]] = True
        present, out = ~absent[ids], np.flatnonzero(absent)
        order, row = pseudonyms(self.records.people, out, rng=numbering)
        published = self.records if self.released is None else self.released
        source = published.take(order)
        release = self.mechanism(source, rng=protecting)
        known = RatingsKnowledge(knowing=self.knowing, mechanism=self.made_by or self.mechanism)
        facts = self.knowing.about(self.records, ids, rng=telling)
        case = Case(release.view, known, facts)
        return World(case, row[ids], present, ids, promise=release.budget, source=source)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewerFacts(Linkage):
    """Worlds of `RatingsLinkage` that were dealt already, with only the first few facts about each person.

    Args:
        worlds: as they were dealt.
        rank: for each world int64[facts in it]: 0 for a person's first fact, 1 for the second, ...
        first: the number of facts that are shown; None shows all whose rank is not below 0.
    """

    worlds: tuple[LinkageWorld, ...]
    rank: tuple[Ints, ...]
    first: int | None = None

    def deal(self, world: int, *, rng: Rng) -> LinkageWorld:
        """The world as it was dealt, with fewer facts."""
        dealt, rank = self.worlds[world], self.rank[world]
        shown = (rank >= 0) & (rank < (np.inf if self.first is None else self.first))
        return replace(dealt, case=replace(dealt.case, targets=dealt.case.targets.rows(shown)))
