"""Reconstruction from a shared gradient: which records, labels or words are in the batch?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.knowledge.updates import KnownInputs
from confide.measure.matching import Nearness
from confide.views.records import Records
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, eq=False)
class BatchRecords:
    """The records of a batch, and as many that were never used.

    Args:
        rows: [t, d] features, or words with -1 for none.
        labels: int64[t].
        exposed: bool[t], which were in the batch. Each side is matched with the claims as a whole.
    """

    rows: Array
    labels: Ints
    exposed: Bools

    def __len__(self) -> int:
        return len(self.rows)

    def by_side(self, judge: Callable[[Array, Ints], Bools]) -> Bools:
        """What the judge says of the records in the batch, and of the controls, each side by itself."""
        found = np.zeros(len(self), np.bool_)
        for side in (self.exposed, ~self.exposed):
            found[side] = judge(self.rows[side], self.labels[side])
        return found


UpdateWorld: TypeAlias = World[SharedGradient, Any, Ints, BatchRecords]


@dataclass(frozen=True, kw_only=True, eq=False)
class UpdateGame:
    """Base of the games: a batch of real records is shared as a gradient, beside controls never used.

    Every world draws a batch and as many controls from the records, without repetition. The claims are one
    set for all targets: a gradient has no order, so nobody can say whose record is which. They are held
    against the batch (exposed) and against the controls, each side matched as a whole. What fits controls as
    well is knowledge of the population, and no leak.

    Args:
        mechanism: shares the gradient of a batch.
        records: to draw from; twice the batch or more.
        batch: how many records are in it.
        known: the range and form of records, where the adversary knows them.

    Raises:
        DataError: if there are too few records.
    """

    mechanism: Mechanism[SharedGradient]
    records: Records
    batch: int
    known: KnownInputs | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= len(self.records) // 2:
            raise DataError(
                f"a batch of {self.batch} and as many controls out of {len(self.records)} records: give "
                "twice the batch or more."
            )

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """The size of the batch is fixed, so that records were not drawn by independent coins."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later("the batch has a fixed size, so that one record's place depends on the others")

    def deal(self, world: int, *, rng: Rng) -> UpdateWorld:
        """Draw a batch and controls, and share the gradient of the batch."""
        drawing, sharing = rng.spawn(2)
        asked = drawing.permutation(len(self.records))[: 2 * self.batch]
        exposed = np.arange(len(asked)) < self.batch
        # The order of targets must not say who was in.
        order = drawing.permutation(len(asked))
        asked, exposed = asked[order], exposed[order]
        release = self.mechanism(self.records.take(asked[exposed]), rng=sharing)
        some = self.records.take(asked)
        secrets = BatchRecords(np.asarray(some.x), np.asarray(some.y, np.int64), exposed)
        case = Case(release.view, self.known, np.arange(len(asked)))
        return World(case, secrets, exposed, asked, promise=release.budget)


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchRebuilding(UpdateGame):
    """The claim is a set of records: right about a record if the one that is matched to it is near enough.

    Args:
        mechanism, records, batch, known: as in `UpdateGame`; records are numbers.
        nearness: when a reconstruction is near enough.
    """

    nearness: Nearness = field(default_factory=Nearness)

    def hits(self, guess: Guess, secrets: BatchRecords) -> Bools:
        """bool[t]: the matched reconstruction is near enough."""
        return rebuilt_by(guess, secrets, nearness=self.nearness)


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchLabels(UpdateGame):
    """The claim is a count of each label: of n records of a class, the first counted ones are right.

    Labels are few, so that any count fits many controls: only the excess over them is a leak.
    """

    def hits(self, guess: Guess, secrets: BatchRecords) -> Bools:
        """bool[t]: a label that is counted is left for this record."""
        return counted_by(guess, secrets)


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchWords(UpdateGame):
    """The claim is a set of words: right about a record if it has all words of the record.

    An adversary that claims all words is right about controls too.
    """

    def hits(self, guess: Guess, secrets: BatchRecords) -> Bools:
        """bool[t]: every word of the record is claimed."""
        words = one_claim(guess)
        if words is None:
            return np.zeros(len(secrets), np.bool_)
        return np.array([bool((words[row[row >= 0]] > 0).all()) for row in secrets.rows], np.bool_)


def rebuilt_by(guess: Guess, secrets: BatchRecords, *, nearness: Nearness) -> Bools:
    """Whether the reconstruction that is matched to each record is near enough, bool[t]."""
    claims = one_claim(guess)
    if claims is None:
        return np.zeros(len(secrets), np.bool_)

    def near(rows: Array, labels: Ints) -> Bools:
        truth = rows.reshape(len(rows), -1).astype(np.float64)
        return nearness.near(claims[:, : truth.shape[1]], truth)

    return secrets.by_side(near)


def counted_by(guess: Guess, secrets: BatchRecords) -> Bools:
    """Whether a label that is counted is left for each record, bool[t]."""
    counts = one_claim(guess)
    if counts is None:
        return np.zeros(len(secrets), np.bool_)

    def right(rows: Array, labels: Ints) -> Bools:
        return np.array([(labels[:i] == y).sum() < counts[y] for i, y in enumerate(labels)], np.bool_)

    return secrets.by_side(right)


def one_claim(guess: Guess) -> Floats | None:
    """The claim that is the same about everybody; None if there is none."""
    return None if guess.value is None or not len(guess.value) else np.asarray(guess.value[0])
