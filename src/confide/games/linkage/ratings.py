"""Ratings linked: names became random numbers; whose number is it of whom a few facts are known?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, Mechanism, Release, World
from confide.games.linkage.claims import Linkage, pseudonyms
from confide.knowledge.ratings import Facts
from confide.views.interactions import Interactions

LinkageWorld = World[Interactions, Facts, Interactions, Ints]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What the adversary knows about each target.

    Args:
        facts: so many items of his, each with its rating and day where there are such.
        wrong: so many of them are wrong: a random item that he does not have, with the rating and the day
            of a random interaction of somebody.
        within_days: each date of the others is off by a uniform number of days up to this.
        off_by: each rating of the others is off by so many stars, up or down (within the scale).
        beyond: facts are about items that are not among so many most common ones; 0 for any items.

    Raises:
        DataError: for numbers that leave no true fact, or below 0.
    """

    facts: int = 8
    wrong: int = 2
    within_days: float = 14.0
    off_by: float = 0.0
    beyond: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.wrong < self.facts:
            raise DataError(
                f"{self.wrong} of {self.facts} facts are wrong: let one be true, and none below 0."
            )
        if not all(0 <= x < float("inf") for x in (self.within_days, self.off_by, self.beyond)):
            raise DataError(f"dates within {self.within_days}, ratings off by {self.off_by}: give 0 or more.")

    def usable(self, records: Interactions) -> Bools:
        """bool[items]: may the adversary know facts about this item?"""
        found = np.ones(records.items, np.bool_)
        if self.beyond:
            found[np.argsort(-records.raters(), kind="stable")[: self.beyond]] = False
        return found

    def eligible(self, records: Interactions) -> Bools:
        """bool[n]: has the person enough items for the true facts, and lacks enough for the wrong?"""
        usable = self.usable(records)[records.item]
        counts = np.bincount(records.person[usable], minlength=records.people)
        return (counts >= self.facts - self.wrong) & (records.items >= records.counts() + self.wrong)

    def about(self, records: Interactions, people: Ints, *, rng: Rng) -> Interactions:
        """The facts about these (eligible) people, numbered in their order."""
        choosing, blurring, inventing = rng.spawn(3)
        own = records.take(people)
        usable = own.rows(self.usable(records)[own.item])
        order = np.lexsort((choosing.random(len(usable)), usable.person))
        place = np.arange(len(usable)) - usable.start[usable.person]
        true = usable.rows(np.sort(order[place < self.facts - self.wrong]))
        return _joined(
            self._blurred(true, records, rng=blurring), self._invented(records, own, rng=inventing)
        )

    def _blurred(self, true: Interactions, records: Interactions, *, rng: Rng) -> Interactions:
        rating, day = true.rating, true.day
        if rating is not None and records.rating is not None and self.off_by:
            moved = rating + self.off_by * rng.choice([-1, 1], len(true))
            rating = np.clip(moved, records.rating.min(), records.rating.max()).astype(np.float32)
        if day is not None:
            day = (day + rng.uniform(-1, 1, len(true)) * self.within_days).astype(np.float32)
        return replace(true, rating=rating, day=day)

    def _invented(self, records: Interactions, own: Interactions, *, rng: Rng) -> Interactions:
        """For each person `wrong` different items that he does not have, as anybody rated anything."""
        who = np.repeat(np.arange(own.people), self.wrong)
        taken = np.append(own.person.astype(np.int64) * own.items + own.item, np.iinfo(np.int64).max)
        item = np.zeros(len(who), np.int64)
        redo = np.ones(len(who), np.bool_)
        while redo.any():
            item[redo] = rng.integers(0, records.items, int(redo.sum()))
            pair = who * records.items + item
            redo = taken[np.searchsorted(taken, pair)] == pair
            order = np.argsort(pair, kind="stable")
            redo[order[1:]] |= pair[order[1:]] == pair[order[:-1]]
        somebodys = rng.integers(0, max(len(records), 1), len(who))
        return Interactions.of(
            who,
            item,
            people=own.people,
            items=records.items,
            rating=None if records.rating is None else records.rating[somebodys],
            day=None if records.day is None else records.day[somebodys],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingsLinkage(Linkage):
    """A release of ratings under random numbers, and an adversary who knows a few facts about each target.

    Each target is held out of the release by a fair coin. The facts come from his own, unprotected ratings;
    the adversary names a row of the release, or abstains.

    Args:
        mechanism: what is done to the ratings before they are published.
        records: everybody's ratings.
        targets: int64[t], the people who are asked about, each in one world.
        knowing: what the adversary knows of each.
        parts: the targets are spread over so many worlds, so that few are held out of each.
        released: what is published where that is already decided, people and items coded as in `records`; the
            mechanism is then applied to it.
        absent: bool[n], who is in no release for reasons of his own.
        coin: is each target held out by a fair coin? If not, the absent people are the control people.

    Source: Narayanan, Shmatikov 2008, section 4 (targets who are absent from the release: section 3).
    """

    mechanism: Mechanism[Interactions]
    records: Interactions
    targets: Ints
    knowing: Knowing = Knowing()
    parts: int = 1
    released: Interactions | None = None
    absent: Bools | None = None
    coin: bool = True

    @property
    def randomised(self) -> bool:
        """A fair coin decides for each target, unless the user's release has decided already."""
        return self.coin

    def deal(self, world: int, *, rng: Rng) -> LinkageWorld:
        coins, numbering, protecting, telling = rng.spawn(4)
        ids = self.targets[world % self.parts :: self.parts]
        absent = np.zeros(self.records.people, np.bool_) if self.absent is None else self.absent.copy()
        if self.coin:
            absent[ids[coins.random(len(ids)) < 0.5]] = True
        present, out = ~absent[ids], np.flatnonzero(absent)
        order, row = pseudonyms(self.records.people, out, rng=numbering)
        published = self.records if self.released is None else self.released
        release: Release[Any] = self.mechanism(published.take(order), rng=protecting)
        known = Facts(
            mechanism=self.mechanism,
            facts=self.knowing.facts,
            wrong=self.knowing.wrong,
            within_days=self.knowing.within_days,
            off_by=self.knowing.off_by,
        )
        facts = self.knowing.about(self.records, ids, rng=telling)
        promise = release.budget if release.budget and release.budget.unit == self.unit else None
        return World(Case(release.view, known, facts), row[ids], present, ids, promise)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FewerFacts(Linkage):
    """The worlds of `RatingsLinkage` once more, with the first few of each person's facts alone.

    Args:
        worlds: as they were dealt.
        rank: for each world int64[facts in it]: 0 for a person's first fact, 1 for his second, ...
        first: so many facts are shown; None shows all whose rank is not below 0.
    """

    worlds: tuple[LinkageWorld, ...]
    rank: tuple[Ints, ...]
    first: int | None = None

    def deal(self, world: int, *, rng: Rng) -> LinkageWorld:
        dealt, rank = self.worlds[world], self.rank[world]
        shown = (rank >= 0) & (rank < (np.inf if self.first is None else self.first))
        return replace(dealt, case=replace(dealt.case, targets=dealt.case.targets.rows(shown)))


def _joined(true: Interactions, wrong: Interactions) -> Interactions:
    def both(name: str) -> Any:
        first, second = getattr(true, name), getattr(wrong, name)
        return None if first is None else np.concatenate([first, second])

    person, item, rating, day = (both(name) for name in ("person", "item", "rating", "day"))
    return Interactions.of(person, item, people=true.people, items=true.items, rating=rating, day=day)
