"""Background knowledge for linkage of ratings: a few facts about each target, some of them wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What the adversary knows about each target: how many facts, and how exact they are.

    A fact is an item of the person, with its rating and its day where the data has them.

    Args:
        facts: The number of facts that the adversary knows about each person.
        wrong: How many of these facts are wrong. A wrong fact is a random item that the person does not have,
            with the rating and the day of a random row of the data.
        within_days: The true facts have a day that is off by a uniform number of days, up to this.
        off_by: The true facts have a rating that is off by this many stars, up or down, within the scale.
        beyond: Facts are never about this many most common items; 0 allows every item.

    Raises:
        DataError: if no fact would be true, or a setting is below 0.
    """

    facts: int = 8
    wrong: int = 2
    within_days: float = 14.0
    off_by: float = 0.0
    beyond: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.wrong < self.facts:
            raise DataError(
                f"{self.wrong} of {self.facts} facts are wrong: give 0 or more, and leave at least one "
                "true fact."
            )
        blur = {"within_days": self.within_days, "off_by": self.off_by, "beyond": self.beyond}
        for name, value in blur.items():
            if not 0 <= value < float("inf"):
                raise DataError(f"{name} is {value}: give a finite number of 0 or more.")

    def usable(self, records: Interactions) -> Bools:
        """bool[items]: may the adversary know facts about this item?"""
        found = np.ones(records.items, np.bool_)
        if self.beyond:
            # Stable, so that ties are cut in the same way in every run.
            found[np.argsort(-records.raters(), kind="stable")[: self.beyond]] = False
        return found

    def eligible(self, records: Interactions) -> Bools:
        """bool[n]: has the person enough items for the true facts, and lacks enough for the wrong ones?"""
        usable = self.usable(records)[records.item]
        counts = np.bincount(records.person[usable], minlength=records.people)
        return (counts >= self.facts - self.wrong) & (records.items >= records.counts() + self.wrong)

    def about(self, records: Interactions, people: Ints, *, rng: Rng) -> Interactions:
        """Draw the facts about these eligible people, who are numbered 0..n-1 in the order given."""
        choosing, blurring, inventing = rng.spawn(3)
        own = records.take(people)
        usable = own.rows(self.usable(records)[own.item])
        # Sorting by person and then by a random number shuffles each person's rows without a loop.
        order = np.lexsort((choosing.random(len(usable)), usable.person))
        place = np.arange(len(usable)) - usable.start[usable.person]
        true = usable.rows(np.sort(order[place < self.facts - self.wrong]))
        return _joined(
            self._blurred(true, records, rng=blurring), self._invented(records, own, rng=inventing)
        )

    def _blurred(self, true: Interactions, records: Interactions, *, rng: Rng) -> Interactions:
        rating, day = true.rating, true.day
        if rating is not None and records.rating is not None and self.off_by:
            # Clipped to the scale: a rating outside it would show that it is wrong.
            moved = rating + self.off_by * rng.choice([-1, 1], len(true))
            rating = np.clip(moved, records.rating.min(), records.rating.max()).astype(np.float32)
        if day is not None:
            day = (day + rng.uniform(-1, 1, len(true)) * self.within_days).astype(np.float32)
        return replace(true, rating=rating, day=day)

    def _invented(self, records: Interactions, own: Interactions, *, rng: Rng) -> Interactions:
        """Wrong facts: for each person `wrong` different items that they do not have.

        Rating and day come together from one random row of the data, so that a wrong fact looks plausible.
        """
        who = np.repeat(np.arange(own.people), self.wrong)
        # The sentinel at the end keeps every search inside the array.
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
class RatingsKnowledge:
    """The adversary's background in the ratings game: how good its facts are, and the mechanism.

    The facts themselves are the targets of the case: an `Interactions` with one person for each target, whose
    rows are the items, ratings and days that the adversary believes in.

    Args:
        knowing: the number of facts and their errors; a case may show fewer of them.
        mechanism: what made the release (Kerckhoffs' principle); None where it is not known.
    """

    knowing: Knowing
    mechanism: Mechanism[Interactions] | None = None

    def as_released(self, facts: Interactions) -> Interactions:
        """Facts with the values that the release would show for them, if nothing was drawn by chance."""
        for step in _single(self.mechanism):
            facts = step.recoded(facts) if isinstance(step, Recodes) else facts
        return facts

    def recodes(self, facts: Interactions) -> tuple[bool, bool]:
        """Whether the mechanism changes ratings, and whether it changes days, by a rule that is known."""
        made = self.as_released(facts)
        return (
            not _equal(made.rating, facts.rating),
            not _equal(made.day, facts.day),
        )

    @property
    def noise(self) -> tuple[Noise | None, Noise | None]:
        """The noise on ratings and on days; None where there is none."""
        noisy = [step for step in _single(self.mechanism) if isinstance(step, Noisy)]
        stars = [step.stars for step in noisy if step.stars is not None]
        days = [step.days for step in noisy if step.days is not None]
        return (stars[0] if stars else None), (days[0] if days else None)

    @property
    def kept(self) -> float:
        """The share of true facts that a random suppression has left in the release."""
        return float(np.prod([step.kept for step in _single(self.mechanism) if isinstance(step, Keeps)]))


class Noise(Protocol):
    """A law of noise around 0."""

    def cdf(self, x: Floats) -> Floats:
        """The chance that the noise is at most x."""
        ...


@runtime_checkable
class Recodes(Protocol):
    """A mechanism that changes ratings or days by a rule, each by itself and without chance."""

    def recoded(self, data: Interactions) -> Interactions:
        """The same interactions, with the values that the release shows."""
        ...


@runtime_checkable
class Noisy(Protocol):
    """A mechanism that adds noise to ratings or to days."""

    @property
    def stars(self) -> Noise | None: ...

    @property
    def days(self) -> Noise | None: ...


@runtime_checkable
class Keeps(Protocol):
    """A mechanism that keeps each row with the same chance."""

    @property
    def kept(self) -> float: ...


@runtime_checkable
class Steps(Protocol):
    """A composition of mechanisms, applied one after the other."""

    @property
    def steps(self) -> tuple[Mechanism[Interactions], ...]: ...


def _single(mechanism: Mechanism[Interactions] | None) -> tuple[Mechanism[Interactions], ...]:
    """The steps of a mechanism, and of the compositions among them."""
    if mechanism is None:
        return ()
    if not isinstance(mechanism, Steps):
        return (mechanism,)
    return tuple(single for step in mechanism.steps for single in _single(step))


def _equal(one: Array | None, other: Array | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def _joined(true: Interactions, wrong: Interactions) -> Interactions:
    return Interactions.of(
        np.concatenate([true.person, wrong.person]),
        np.concatenate([true.item, wrong.item]),
        people=true.people,
        items=true.items,
        rating=_both(true.rating, wrong.rating),
        day=_both(true.day, wrong.day),
    )


def _both(true: Array | None, wrong: Array | None) -> Array | None:
    return None if true is None or wrong is None else np.concatenate([true, wrong])
