"""Attribute inference from a model: what is the one unknown feature of a person, in its data or not?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.inferring import InferringKnowledge
from confide.views.records import Records

InferringWorld: TypeAlias = World[BlackBox, InferringKnowledge, Records, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelInference:
    """A model, and an adversary that knows all of a person but one feature, the label included.

    A fair coin decides for each person whether their record trains the model. About both, people in the data
    (exposed) and people held out (control), the claim "the secret is v" is right or wrong, and only right
    claims count. So the control rate is what the model teaches about everybody, and the difference is leakage
    about the individual, which epsilon bounds.

    Args:
        mechanism: trains a model.
        records: the people who are asked about.
        known: which feature is the secret, its values, and other people.

    Raises:
        DataError: if the secret is the same for everybody.
    """

    mechanism: Mechanism[BlackBox]
    records: Records
    known: InferringKnowledge

    def __post_init__(self) -> None:
        if len(np.unique(self.known.codes(self.records.x))) < 2:
            raise DataError(f"{self.known.secret!r} is the same for everybody: there is nothing to infer.")

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each person."""
        return True

    def deal(self, world: int, *, rng: Rng) -> InferringWorld:
        """Toss the coins, train, and take the secret out of what is shown."""
        coins, training = rng.spawn(2)
        member = coins.random(len(self.records)) < 0.5
        release = self.mechanism(self.records.take(member), rng=training)
        # One value for everybody: what stands in the secret's place says nothing.
        shown = Records(self.known.with_value(self.records.x, self.known.values[0]), self.records.y)
        secrets = self.known.codes(self.records.x)
        return World(Case(release.view, self.known, shown), secrets, member, promise=release.budget)

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: the value that is claimed is the person's, whether they trained the model or not."""
        return np.zeros(len(secrets), np.bool_) if guess.value is None else guess.value == secrets
