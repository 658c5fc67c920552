"""Reconstruction from a network's weights alone: is a record among those that were made from the weights?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.rebuilding import KnownRange
from confide.measure.rebuilding import cosines, nearest_cosine
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class SoughtRecords:
    """The records that are looked for among the candidates, seen from the mean of all records of the game.

    Args:
        rows: float64[t, d], less the mean.
        mean: float64[d].
        others: the cosine of the nearest other record with each, float64[t].
        classes: the class of each, int64[t].
    """

    rows: Floats
    mean: Floats
    others: Floats
    classes: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, claims: Floats) -> Floats:
        """The cosine of the nearest candidate with each record, float64[t]; -1 where there is none.

        Args:
            claims: float64[m, d + 1], candidates with their label last.
        """
        return cosines(self.rows, claims[:, :-1] - self.mean).max(axis=1, initial=-1.0)


CandidatesWorld: TypeAlias = World[WhiteBox, KnownRange, Ints, SoughtRecords]


class CandidateGame:
    """Base of the games: a claim is a set of candidates, the same for every record.

    The claim about a record is right if a candidate is much nearer to it than every other record of the game:
    both are seen from the mean of all as directions, and their squared distance is at most half of that to
    the nearest other record's. In many features the mean is nearer to a record than most records are, and a
    direction leaves it out. Many candidates come near by chance too, which the controls show. Which records
    candidates come near to is a function of the model alone, given the other records, so that the promise of
    differential privacy bounds how much more often they come near those that were in.
    """

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    def hits(self, guess: Guess, secrets: SoughtRecords) -> Bools:
        """bool[t]: a candidate is nearer by half than the nearest other record."""
        if guess.value is None or not len(secrets):
            return np.zeros(len(secrets), np.bool_)
        # Directions of length 1 have the squared distance 2 - 2 cosine.
        return 1 - secrets.nearest(guess.value[0]) <= (1 - secrets.others) / 2


@dataclass(frozen=True, kw_only=True, eq=False)
class CandidateRebuilding(CandidateGame):
    """Each world tosses a fair coin for each record, and trains a network on those whose coin fell heads.

    Args:
        mechanism: releases a white-box model of records.
        records: whose records may be in: numbers, with classes 0 and 1.
        known: what the adversary knows.
    """

    mechanism: Mechanism[WhiteBox]
    records: Records
    known: KnownRange

    @property
    def randomised(self) -> bool:
        """A fair, independent coin decides for each record."""
        return True

    @cached_property
    def secrets(self) -> SoughtRecords:
        """All records, as they are looked for."""
        return sought(self.records)

    def deal(self, world: int, *, rng: Rng) -> CandidatesWorld:
        """Toss the coins, and train."""
        coins, training = rng.spawn(2)
        member = coins.random(len(self.records)) < 0.5
        release = self.mechanism(self.records.take(member), rng=training)
        ids = np.arange(len(self.records))
        return World(Case(release.view, self.known, ids), self.secrets, member, ids, promise=release.budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleasedNetwork(CandidateGame):
    """The user's own network: one world, in which each record was in or was not; no coin was tossed.

    Args:
        view: the model, as a white box.
        records: members and others, in an order that says nothing.
        member: bool[n], who trained the model.
        asked: int64[t], the records that are looked for.
        known: what the adversary knows.
        promise: under which the model was trained, if any.
    """

    view: WhiteBox
    records: Records
    member: Bools
    asked: Ints
    known: KnownRange
    promise: Budget | None = None

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about who trained a model that exists."""
        return False

    @cached_property
    def secrets(self) -> SoughtRecords:
        """Those that are asked about, as they are looked for."""
        return sought(self.records, self.asked)

    def deal(self, world: int, *, rng: Rng) -> CandidatesWorld:
        if world:
            raise EvidenceError(f"world {world} of one released model: there is world 0 only.")
        case = Case(self.view, self.known, np.arange(len(self.asked)))
        return World(case, self.secrets, self.member[self.asked], self.asked, promise=self.promise)


def sought(records: Records, asked: Ints | None = None) -> SoughtRecords:
    """The records as they are looked for.

    Args:
        records: all of the game: what a candidate must be nearer than.
        asked: int64[t], which of them are looked for; all by default.

    Raises:
        DataError: if they are no numbers.
    """
    if not isinstance(records.x, np.ndarray):
        raise DataError("a record that is rebuilt must be numbers: give arrays, or the encoded table.")
    x = records.x.reshape(len(records), -1).astype(np.float64)
    mean, rows = x.mean(axis=0), np.arange(len(x)) if asked is None else asked
    seen = x - mean
    return SoughtRecords(seen[rows], mean, nearest_cosine(seen[rows], seen), np.asarray(records.y)[rows])
