"""Reconstruction of a class: what does the person look like whose pictures are this class of a model?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import ANY_NUMBER, Unit
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.pictures import PictureKnowledge
from confide.views.records import Records

Evaluator: TypeAlias = Callable[[Floats], Ints]
"""Pictures [n, h, w] -> whom each shows, int64[n]."""

ClassWorld: TypeAlias = World[WhiteBox, PictureKnowledge, Ints, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassInversion:
    """A model that recognises people, and an adversary that makes a picture of each class.

    A fair coin decides for each person whether the class of their name is trained on their own pictures
    (exposed), or on pictures dealt at random among all people whose coin fell tails (control): a class that
    says nothing of the person it is named after. The claim "this is what they look like" is right if every
    evaluator recognises the person. What evaluators recognise in a control class is chance, or a leak of the
    harness.

    Args:
        mechanism: trains a white-box model on pictures.
        records: the pictures float[n, h, w], and whom each shows, 0..C-1.
        known: what the adversary knows of pictures in general.
        evaluators: none of which saw any of the records.

    Raises:
        DataError: if the records are no grey pictures, or there is no evaluator.
    """

    mechanism: Mechanism[WhiteBox]
    records: Records
    known: PictureKnowledge
    evaluators: Sequence[Evaluator]

    def __post_init__(self) -> None:
        if np.ndim(self.records.x) != 3:
            raise DataError("the records are no grey pictures: give an array [n, height, width].")
        if not self.evaluators:
            raise DataError("nobody judges the pictures: give one evaluator or more.")

    @property
    def unit(self) -> Unit:
        """All pictures of one person."""
        return Unit.person("person", at_most=ANY_NUMBER)

    @property
    def randomised(self) -> bool:
        """No bound rests on the coins: one person's coin changes what other people's classes learn."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later(
            "people whose coin fell tails exchange pictures, so that one coin changes several classes"
        )

    def deal(self, world: int, *, rng: Rng) -> ClassWorld:
        """Toss the coins, deal the pictures of the tails among each other, and train."""
        coins, dealing, training = rng.spawn(3)
        people = np.arange(int(self.records.y.max()) + 1)
        own = coins.random(len(people)) < 0.5
        rows = np.flatnonzero(~own[self.records.y])
        labels = self.records.y.copy()
        labels[rows] = dealing.permutation(labels[rows])
        release = self.mechanism(Records(self.records.x, labels), rng=training)
        return World(Case(release.view, self.known, people), people, own, people, promise=release.budget)

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[t]: every evaluator recognises the person."""
        if guess.value is None:
            return np.zeros(len(secrets), np.bool_)
        pictures = guess.value.reshape(len(secrets), *self.known.shape)
        named = [evaluator(pictures) == secrets for evaluator in self.evaluators]
        return np.logical_and.reduce(named)
