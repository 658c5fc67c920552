"""Property inference in a recorded collaboration: do people with a property stand behind an update?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, World
from confide.games.attribute.updates import PropertyWorld
from confide.knowledge.client_training import ClientTraining
from confide.knowledge.properties import KnownProperty
from confide.views.records import Records
from confide.views.shared_round import SharedRound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenUpdates:
    """The updates of a round as a party saw them.

    Args:
        updates: one after another.
        labels: how many records of each class are behind each, int64[t, C].
    """

    updates: SharedRound
    labels: Ints

    def __call__(self, *, rng: Rng) -> tuple[SharedRound, Ints]:
        """As they were sent."""
        return self.updates, self.labels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeUpdates:
    """Updates that clients with these records would have sent in a round.

    Args:
        training: as clients of the round train.
        batches: the records of each.
        others: people from whom other clients of a sum have theirs; None where an update is of one client.
    """

    training: ClientTraining
    batches: tuple[Records, ...]
    others: Records | None = None

    def __call__(self, *, rng: Rng) -> tuple[SharedRound, Ints]:
        """Made now."""
        return self.training.shared(self.batches, self.others, rng=rng)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedRound:
    """The question about one round: which of these updates have people with the property behind them?

    Args:
        asked: the updates.
        present: bool[t], which of them have.
        ids: int64[t], whose update each is, the same number in each round.
        known: what the adversary knows, at the model of the round.

    Raises:
        DataError: if there is no update, or not one truth and one number each.
    """

    asked: SeenUpdates | MadeUpdates
    present: Bools
    ids: Ints
    known: KnownProperty

    def __post_init__(self) -> None:
        if not len(self.present) or self.present.shape != self.ids.shape:
            raise DataError(
                f"{self.present.shape} truths for {self.ids.shape} updates: say of each update, at least "
                "one, whether people with the property are behind it."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedProperty:
    """Rounds of a recorded collaboration, a world each, whose exposed updates have the property behind them.

    The updates are those of the clients, where it is known who of their people has the property; or they are
    made at the same models, of records that the adversary did not learn from. No person may be behind two
    updates of a round: intervals rest on updates, which say as much as their number only if their people are
    others. No promise is held against this game: a budget speaks of one party more or less, and here other
    people stand in its place.

    Args:
        rounds: at least one.

    Raises:
        DataError: if there is none.
    """

    rounds: tuple[AskedRound, ...]

    def __post_init__(self) -> None:
        if not self.rounds:
            raise DataError("there is no round to ask about: give at least one.")

    @property
    def unit(self) -> Unit:
        """What one client holds."""
        return Unit.client()

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about a run that was recorded."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later("what differs are the people of a client, and no client was left out by a coin")

    def deal(self, world: int, *, rng: Rng) -> PropertyWorld:
        """One round.

        Raises:
            EvidenceError: if there are not that many.
        """
        if world >= len(self.rounds):
            raise EvidenceError(f"world {world} of {len(self.rounds)} rounds: play as many worlds.")
        one = self.rounds[world]
        updates, labels = one.asked(rng=rng)
        return World(Case(updates, one.known, labels), one.present, one.present, ids=one.ids)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the claim is that the property is there, and the score says how surely."""
        return np.ones(len(secrets), np.bool_)
