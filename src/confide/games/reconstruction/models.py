"""Reconstruction from a model: what is the one record that the adversary does not know?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.rebuilding import InformedRebuilding, KnownRest
from confide.measure.rebuilding import distances, usual_radius
from confide.models.linear_form import linear_form_of
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class TrueRecords:
    """The records that are to be rebuilt, and how near a claim must come.

    Args:
        rows: float64[t, d + 1], the features as the model sees them, and the label.
        radius: a claim within this Euclidean distance of the features is right; one for all, or one each.
    """

    rows: Floats
    radius: float | Floats

    def __len__(self) -> int:
        return len(self.rows)


RebuildingWorld: TypeAlias = World[WhiteBox, InformedRebuilding, Ints, TrueRecords]


class Rebuilding:
    """Base of the games of rebuilding: one record more or less, and the claim "this is the record".

    The claim about a target is right if it comes within `radius`, whether the target was in (exposed) or not
    (control): then the adversary knows all records that trained the model, and what it rebuilds is nobody's.
    Given the other records, "the claim is right" is a function of the model alone, so that the promise of
    differential privacy bounds the difference, and `measure.rebuilding_bound` the success.
    """

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    def hits(self, guess: Guess, secrets: TrueRecords) -> Bools:
        """bool[t]: the rebuilt features come within the radius of the true ones."""
        if guess.value is None:
            return np.zeros(len(secrets), np.bool_)
        return distances(guess.value[:, :-1], secrets.rows[:, :-1]) <= secrets.radius


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordRebuilding(Rebuilding):
    """Each world tosses a fair coin for each record, and trains a model on those whose coin fell heads.

    Args:
        mechanism: releases a white-box model of records.
        records: whose records may be in, float features.
        targets: how many records are asked about in a world, drawn each time; all of them by default.
        penalty: of the training, as the adversary knows it.
        radius: how near a claim must come; by default half the median distance to the nearest other record.
        base: records that train every model, and that every adversary knows.

    Raises:
        DataError: if all records are equal, or the radius is not above 0.
    """

    mechanism: Mechanism[WhiteBox]
    records: Records
    targets: int | None = None
    penalty: float = 0.0
    radius: float | None = None
    base: Records | None = None

    def __post_init__(self) -> None:
        _need_radius(self.radius)
        if self.targets is not None and not 1 <= self.targets <= len(self.records):
            raise DataError(f"{self.targets} targets of {len(self.records)} records: give 1 to all of them.")

    @property
    def randomised(self) -> bool:
        """A fair coin decides for each record, which certifies a bound only with one target in a world.

        The proofs of bounds from one run let one adversary guess all coins. Here the adversary about each
        record knows the others' coins, so that together they can be right or wrong at once, whatever the
        model: of one that depends on nobody an epsilon of .8 was "proved".
        """
        return self.targets == 1

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return "" if self.randomised else later("the adversary about each record knew which others were in")

    def deal(self, world: int, *, rng: Rng) -> RebuildingWorld:
        """Toss the coins, train, and ask about the targets."""
        choosing, coins, training = rng.spawn(3)
        n = len(self.records)
        asked = np.sort(choosing.permutation(n)[: n if self.targets is None else self.targets])
        member = coins.random(n) < 0.5
        everybody = self.records
        if self.base is not None:
            everybody = Records.concat([self.records, self.base])
            member = np.append(member, np.ones(len(self.base), np.bool_))
        release = self.mechanism(everybody.take(member), rng=training)
        secrets = true_records(release.view, self.records, self.radius)
        known = InformedRebuilding(
            rest=KnownRest(everybody, member, asked),
            penalty=self.penalty,
            promised=release.budget is not None,
        )
        case = Case(release.view, known, np.arange(len(asked)))
        rows = TrueRecords(secrets.rows[asked], secrets.radius)
        return World(case, rows, member[asked], asked, promise=release.budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleasedModel(Rebuilding):
    """The user's own model: one world, in which each record was in or was not; no coin was tossed.

    Each adversary lacks one training record, and what it rebuilds is held against that record (exposed) or
    against one that did not train the model (control). So both sides are judged by the same claims, as sure
    of themselves. Had the adversaries about control records all training records, they would all make one
    claim with one score, and where chance makes it right now and then, any spread of the others' scores
    around it would look like a leak.

    Args:
        view: the model, as a white box.
        records: members and others, in an order that says nothing.
        member: bool[n], who trained the model: all its training records are here.
        asked: int64[t], the records that are asked about.
        penalty, radius: as in `RecordRebuilding`.
        clip: the length that training shortened gradients to; None where it did not.
        free_intercept: whether the penalty left intercepts alone, where the model does not say.
        promise: under which the model was trained, if any.
    """

    view: WhiteBox
    records: Records
    member: Bools
    asked: Ints
    penalty: float = 0.0
    radius: float | None = None
    clip: float | None = None
    free_intercept: bool = False
    promise: Budget | None = None

    def __post_init__(self) -> None:
        _need_radius(self.radius)
        if self.member.shape != (len(self.records),):
            raise DataError(
                f"member is {self.member.shape} for {len(self.records)} records: give one truth each."
            )

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about who trained a model that exists."""
        return False

    @cached_property
    def secrets(self) -> TrueRecords:
        """All records as the model sees them, and how near a claim must come."""
        return true_records(self.view, self.records, self.radius)

    def deal(self, world: int, *, rng: Rng) -> RebuildingWorld:
        if world:
            raise EvidenceError(f"world {world} of one released model: there is world 0 only.")
        known = InformedRebuilding(
            rest=KnownRest(self.records, self.member, self.asked, self._left_out(rng)),
            penalty=self.penalty,
            promised=self.promise is not None,
            clip=self.clip,
            free_intercept=self.free_intercept,
        )
        case = Case(self.view, known, np.arange(len(self.asked)))
        rows = TrueRecords(self.secrets.rows[self.asked], self.secrets.radius)
        return World(case, rows, self.member[self.asked], self.asked, promise=self.promise)

    def _left_out(self, rng: Rng) -> Ints:
        """Which training record the adversary about each target lacks: its own, or that of a member asked."""
        inside = self.member[self.asked]
        lacking = self.asked.copy()
        # In random order, and again from the start where more others than members are asked about.
        members = rng.permutation(self.asked[inside])
        if len(members):
            lacking[~inside] = np.resize(members, int((~inside).sum()))
        return lacking


def true_records(view: object, records: Records, radius: float | None) -> TrueRecords:
    """The records as the model sees them: features behind a pipeline's other steps, and the label last.

    A model that is not linear shows no features of its own; then they are the records' numbers.

    Raises:
        DataError: if the records are not numbers, or are all equal.
    """
    form = linear_form_of(view)
    if form is not None:
        x = form.features(records.x)
    elif isinstance(records.x, np.ndarray):
        x = records.x.reshape(len(records), -1).astype(np.float64)
    else:
        raise DataError("a record that is rebuilt must be numbers: give arrays, or the encoded table.")
    near = usual_radius(x) if radius is None else radius
    return TrueRecords(np.column_stack([x, np.asarray(records.y, np.float64)]), near)


def _need_radius(radius: float | None) -> None:
    if radius is not None and not 0 < radius < np.inf:
        raise DataError(f"the radius is {radius}: give a distance above 0.")
