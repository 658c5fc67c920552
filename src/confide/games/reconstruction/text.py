"""Extraction from a language model: how does a text go on that it was trained on?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.text import TextKnowledge
from confide.measure.extraction import least_log_likelihood
from confide.views.text import Continuations, Likelihoods

ContinuationWorld: TypeAlias = World[Likelihoods, TextKnowledge, Continuations, Bools]


@dataclass(frozen=True, kw_only=True)
class _Extracting:
    """What both games have in common: a claim is the suffix itself, which comes up among draws or does not.

    A claim about a held-out text can be right too: then the model foretells what anybody could.

    Args:
        samples: how many continuations the adversary draws.
        probability: with which the true one must be among them, for a text to count as extracted.
    """

    samples: int = 100
    probability: float = 0.5

    @property
    def unit(self) -> Unit:
        """One text more or less."""
        return Unit.record()

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """bool[n]: the true suffix comes up among the samples, with the probability that is asked for.

        The case holds the suffixes only so that their probabilities can be computed instead of drawn.
        """
        return guess.score >= least_log_likelihood(samples=self.samples, probability=self.probability)


@dataclass(frozen=True, kw_only=True, eq=False)
class TextExtraction(_Extracting):
    """Each world tosses a fair coin for each text, and trains on those whose coin fell heads.

    Args:
        mechanism: texts -> a language model.
        texts: in two parts.
    """

    mechanism: Mechanism[Likelihoods]
    texts: Continuations

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each text."""
        return True

    def deal(self, world: int, *, rng: Rng) -> ContinuationWorld:
        """Toss the coins, and train."""
        coins, training = rng.spawn(2)
        member = coins.random(len(self.texts)) < 0.5
        given = (self.texts.prefixes[i] + self.texts.suffixes[i] for i in np.flatnonzero(member))
        release = self.mechanism(tuple(given), rng=training)
        return World(Case(release.view, TextKnowledge(), self.texts), member, member, promise=release.budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleasedContinuations(_Extracting):
    """The user's own language model, with texts that trained it and texts that did not; no coin was tossed.

    Args:
        view: the model.
        texts: in two parts.
        member: bool[n], which of them trained the model.

    Raises:
        DataError: if there are not texts of both kinds.
    """

    view: Likelihoods
    texts: Continuations
    member: Bools

    def __post_init__(self) -> None:
        if self.member.shape != (len(self.texts),) or self.member.all() or not self.member.any():
            raise DataError("texts that trained the model and texts that did not are needed: give both.")

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about what trained a model that exists."""
        return False

    def deal(self, world: int, *, rng: Rng) -> ContinuationWorld:
        if world:
            raise EvidenceError(f"world {world} of one released model: there is world 0 only.")
        return World(Case(self.view, TextKnowledge(), self.texts), self.member, self.member)
