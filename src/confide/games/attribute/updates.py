"""Property inference from updates: do a batch's people have something that no feature tells?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.properties import BatchMix, KnownProperty, SharedBatches, shared_by
from confide.views.records import Records
from confide.views.shared_gradient import SharedGradient
from confide.views.shared_round import SharedRound

PropertyWorld: TypeAlias = World[SharedRound, KnownProperty, Ints, Bools]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchProperty:
    """One round of a collaboration, and the question of each update: does its batch have the property?

    A fair coin decides for each update whether its batch holds people with the property (exposed) or nobody
    with it (control). The property is no label, and need not be a feature: the adversary knows it of people
    of its own. It also knows of each update how many records of each class are behind it, as parties often
    tell that; what these counts give away is the blind baseline, and no fault of the update.

    No promise is held against this game: a budget speaks of one party more or less, and here its people are
    exchanged.

    Args:
        round: draws the model of a round, and gives the protocol by which every party shares at it.
        records: the people of the parties, with classes 0..C-1.
        has: bool[n], which of them have the property.
        mix: how batches are put together.
        asked: how many updates a round has.
        people: the adversary's own records; None if it has none.
        people_have: bool[m], which of them have the property.

    Raises:
        DataError: if there are too few people with the property or without it, or truths are missing.
    """

    round: Callable[[Rng], Mechanism[SharedGradient]]
    records: Records
    has: Bools
    mix: BatchMix = field(default_factory=BatchMix)
    asked: int = 200
    people: Records | None = None
    people_have: Bools | None = None

    def __post_init__(self) -> None:
        known = (self.people is None) == (self.people_have is None)
        if self.has.shape != (len(self.records),) or not known:
            raise DataError(
                f"{self.has.shape} truths for {len(self.records)} people: say of each person, and of each "
                "of the adversary's, whether they have the property."
            )
        if self.people_have is not None and self.people_have.shape != (len(self.people or ()),):
            raise DataError("the adversary's people: say of each whether they have the property.")
        if not self.mix.fits(self.has) or self.asked < 1:
            raise DataError(
                f"{int(self.has.sum())} people with the property, {int((~self.has).sum())} without and "
                f"{self.asked} updates: give enough of both to fill {self.mix.parties} batches of "
                f"{self.mix.batch}, and at least one update."
            )

    @property
    def unit(self) -> Unit:
        """What one party holds."""
        return Unit.client()

    @property
    def randomised(self) -> bool:
        """A coin decides what a party holds, and not whether it takes part."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later("the coin exchanges the people of a party, and no party is left out")

    def deal(self, world: int, *, rng: Rng) -> PropertyWorld:
        """Draw the model, toss the coins, and share the batches."""
        modelling, coins, sharing = rng.spawn(3)
        share, present = self.round(modelling), coins.random(self.asked) < 0.5
        sent, labels = shared_by(share, self.mix, self.records, self.has, present, rng=sharing)
        makes = SharedBatches(mix=self.mix, share=share)
        known = KnownProperty(makes=makes, people=self.people, has=self.people_have)
        # Every world asks about other batches.
        ids = world * self.asked + np.arange(self.asked)
        return World(Case(sent, known, labels), present, present, ids=ids)

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the claim is that the batch has the property, and the score says how surely."""
        return np.ones(len(secrets), np.bool_)
