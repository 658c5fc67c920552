"""Background knowledge of an adversary that asks updates for a property: the protocol, and other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError, KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.records import Records
from confide.views.shared_gradient import SharedGradient
from confide.views.shared_round import SharedRound


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMix:
    """How a batch with the property and one without are put together.

    A batch with the property holds `inside` people who have it, and otherwise people who do not. A batch
    without holds nobody who has it. Where several parties are summed up, one of them has such a batch, and
    the others have people as they come.

    Args:
        batch: how many records one party has in its batch.
        inside: how many of them have the property, where the batch has it.
        parties: how many parties' batches are behind one update; more than one is a secure sum.

    Raises:
        DataError: if a number is below 1, or more people have the property than there are.
    """

    batch: int = 32
    inside: int = 16
    parties: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.inside <= self.batch or self.parties < 1:
            raise DataError(
                f"{self.inside} of {self.batch} people of {self.parties} parties: give at least 1 of each, "
                "and no more people with the property than the batch has."
            )

    @property
    def part(self) -> float:
        """The share of a batch with the property that has it."""
        return self.inside / self.batch

    @property
    def beside(self) -> float:
        """How many batches of others stand beside the one in question."""
        return self.parties - 1

    def fits(self, has: Bools) -> bool:
        """Whether there are enough people with and without the property to put batches together."""
        enough = has.sum() >= self.inside and (~has).sum() >= self.batch
        return bool(enough and len(has) >= self.batch * self.parties)

    def drawn(self, has: Bools, *, present: bool, rng: Rng) -> Ints:
        """Draw the people behind one update, without repetition.

        Args:
            has: bool[n], who has the property.
            present: whether the first party's batch has it.
            rng: draws the people.

        Returns:
            int64[parties * batch], rows of `has`; the first batch is that of the party in question.

        >>> mix, has = BatchMix(batch=2, inside=1), np.array([True, False, False])
        >>> sorted(mix.drawn(has, present=False, rng=np.random.default_rng(0)).tolist())
        [1, 2]
        """
        some = self.inside if present else 0
        parts = [
            rng.choice(np.flatnonzero(side), n, replace=False)
            for side, n in ((has, some), (~has, self.batch - some))
        ]
        own = np.concatenate(parts)
        if self.parties == 1:
            return own
        # A draw for all parties has enough left when the first party's people are taken out of it.
        others = rng.choice(len(has), self.batch * self.parties, replace=False)
        others = others[~np.isin(others, own)][: self.batch * (self.parties - 1)]
        return np.concatenate([own, others])


class MakesUpdates(Protocol):
    """Makes the updates of batches that the adversary puts together, as the protocol makes them."""

    @property
    def part(self) -> float:
        """The share of a batch with the property that has it."""
        ...

    @property
    def beside(self) -> float:
        """How many batches of others, of the same size, stand beside the one in question."""
        ...

    def fits(self, has: Bools) -> bool:
        """Whether there are enough people with and without the property to put batches together."""
        ...

    def __call__(self, people: Records, has: Bools, present: Bools, *, rng: Rng) -> SharedRound:
        """Put a batch together for each of `present`, with the property or without, and make its update."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownProperty:
    """The model of the round with its protocol, how batches are put together, and people of its own.

    Args:
        makes: makes updates at the model of the round, as the protocol does, of batches of either kind.
        people: auxiliary records, of nobody who takes part; None if it has none.
        has: bool[n], which of these people have the property.
    """

    makes: MakesUpdates
    people: Records | None = None
    has: Bools | None = None

    def need_people(self, attack: str) -> tuple[Records, Bools]:
        """The auxiliary records and who has the property, or an error that asks for them.

        Raises:
            KnowledgeError: if there are too few with the property, or without it.
        """
        if self.people is None or self.has is None or not self.makes.fits(self.has):
            raise KnowledgeError(
                keep(
                    "{attack} learns from people of its own, with the property and without: give it enough "
                    "of both to fill a batch.",
                    attack=attack,
                )
            )
        return self.people, self.has

    def made(self, attack: str, present: Bools, *, rng: Rng) -> SharedRound:
        """Updates that the adversary makes of its own people, at the same model.

        Args:
            attack: its name, for the error.
            present: bool[m], which of them have the property.
            rng: draws the people.

        Raises:
            KnowledgeError: as `need_people`.
        """
        people, has = self.need_people(attack)
        return self.makes(people, has, present, rng=rng)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedBatches:
    """Updates of batches of a given mix, by a protocol that shares gradients.

    Args:
        mix: how batches with and without the property are put together.
        share: the protocol of the round, at its model.
    """

    mix: BatchMix
    share: Mechanism[SharedGradient]

    @property
    def part(self) -> float:
        """That of the mix."""
        return self.mix.part

    @property
    def beside(self) -> float:
        """That of the mix."""
        return self.mix.beside

    def fits(self, has: Bools) -> bool:
        """Whether the mix fits."""
        return self.mix.fits(has)

    def __call__(self, people: Records, has: Bools, present: Bools, *, rng: Rng) -> SharedRound:
        """The updates of drawn batches."""
        return shared_by(self.share, self.mix, people, has, present, rng=rng)[0]


def shared_by(
    share: Mechanism[SharedGradient], mix: BatchMix, people: Records, has: Bools, present: Bools, *, rng: Rng
) -> tuple[SharedRound, Ints]:
    """Put batches together and share their gradients.

    The sum of equal batches' gradients at one model is the gradient of all their records: so the parties of
    one update share together.

    Args:
        share: the protocol of the round.
        mix: how batches are put together.
        people, has: records, and which of these people have the property.
        present: bool[m], which updates have the property.
        rng: draws the people, and what the protocol draws.

    Returns:
        the round, and how many records of each class are behind each update, int64[m, classes].
    """
    drawing, sharing = rng.spawn(2)
    updates, labels = list[SharedGradient](), list[Ints]()
    for one in present:
        rows = people.take(mix.drawn(has, present=bool(one), rng=drawing))
        updates.append(share(rows, rng=sharing).view)
        labels.append(np.bincount(rows.y, minlength=int(people.y.max()) + 1))
    return SharedRound.of(updates), np.stack(labels)
