"""Reconstruction from answers: what is each person's secret bit, given sums over subsets of people?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers, AskedSubsets, Subsets

AnswersWorld: TypeAlias = World[Answers, AnswersKnowledge, Ints, Ints]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubsetReconstruction:
    """Answers to subset sums of a secret bit, and an adversary who says who has the secret.

    A fair coin decides for each target what their bit is in the data: 1 (exposed) or 0 (control). All other
    people keep theirs. The two data sets differ in what one person's secret is, which is what the mechanism's
    promise is about. The claim is "this person has the secret": P(claim | exposed) <= e^epsilon P(claim |
    control) + delta. The coins also part the secret from all that people could know of a target without the
    answers.

    The adversary knows everybody but for this bit, so it knows who is counted by which query, and the
    mechanism. It is not told the coins.

    Answers that exist already were made with everybody's own bit. Nobody can be held out of them, and no coin
    was tossed: then everybody is asked about, exposed if they have the secret.

    Args:
        subsets: the queries, public.
        bits: bool[n], everybody's secret.
        mechanism: answers the queries.
        secret: the secret's name.
        wording: as in `Answers`.
        released: answers that were made before, over the same subsets; None to make them.
        targets: for how many people a coin is tossed in each world, drawn each time; None for everybody.
        share: of the population that has the secret, as the adversary knows it; None if only the answers
            tell.

    Raises:
        DataError: if the parts do not fit together, or everybody has the same bit.
    """

    subsets: Subsets
    bits: Bools
    mechanism: Mechanism[Answers]
    secret: str = "secret"
    wording: Ints | None = None
    released: Answers | None = None
    targets: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if self.bits.shape != (self.subsets.people,):
            raise DataError(f"{len(self.bits)} secrets of {self.subsets.people} people: give one for each.")
        if self.bits.all() or not self.bits.any():
            raise DataError(f"{self.secret} is the same for everybody: there is nothing to reconstruct.")
        if not len(self.subsets):
            raise DataError("there are no queries: give one or more.")
        if self.targets is not None and not 1 <= self.targets <= len(self.bits):
            raise DataError(f"{self.targets} targets of {len(self.bits)} people: give 1 to all of them.")

    @property
    def unit(self) -> Unit:
        """What one person's secret is."""
        return Unit.cells([self.secret])

    @property
    def randomised(self) -> bool:
        """A fair coin decides about each target, unless the answers exist already."""
        return self.released is None

    @property
    def no_coin(self) -> str:
        """Why no coin was tossed, for the report."""
        return later("nobody can be held out of answers that exist") if self.released is not None else ""

    def deal(self, world: int, *, rng: Rng) -> AnswersWorld:
        """Toss the targets' coins, and answer."""
        choosing, coins, protecting = rng.spawn(3)
        people, bits = np.arange(len(self.bits)), self.bits
        known = AnswersKnowledge(mechanism=self.mechanism, share=self.share)
        if self.released is not None:
            source = AskedSubsets(subsets=self.subsets, bits=bits, wording=self.wording)
            # How these were made is only stated: where residuals say otherwise, they are believed.
            case = Case(self.released, replace(known, mechanism=None), people)
            return World(case, bits.astype(np.int64), bits, people, source=source)
        if self.targets is not None:
            people = np.sort(choosing.permutation(people)[: self.targets])
        bits = bits.copy()
        bits[people] = coins.random(len(people)) < 0.5
        source = AskedSubsets(subsets=self.subsets, bits=bits, wording=self.wording)
        release = self.mechanism(source, rng=protecting)
        case, exposed = Case(release.view, known, people), bits[people]
        return World(case, exposed.astype(np.int64), exposed, people, promise=release.budget, source=source)

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """All True: the only claim is "this person has the secret", and the score says how sure it is."""
        return np.ones(len(guess.score), np.bool_)
