"""Reconstruction from updates of a collaboration that was recorded: which records are behind each?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, World
from confide.games.reconstruction.updates import BatchRecords, UpdateWorld
from confide.knowledge.updates import KnownInputs
from confide.views.records import Records
from confide.views.shared_gradient import SharedGradient


class Judging(Protocol):
    """Says of each record whether the claim about its batch is right about it, bool[t]."""

    def __call__(self, guess: Guess, secrets: BatchRecords) -> Bools: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedUpdates:
    """Updates as they were sent: one world each, whose exposed records are all that are behind the update.

    Beside them stand as many controls that nobody used, or all that there are. The claims are one set, held
    against the batch and against the controls, as in `BatchRebuilding`.

    Args:
        updates: as the adversary reads them.
        batches: the records behind each, in the same order.
        numbers: int64[batch] of each, the number of each record: one that is behind two updates has one.
        controls: records that nobody used.
        known: the range and form of records.
        right: says which claims are right.

    Raises:
        DataError: if there is no update, not one batch each, or no control.
    """

    updates: tuple[SharedGradient, ...]
    batches: tuple[Records, ...]
    numbers: tuple[Ints, ...]
    controls: Records
    known: KnownInputs
    right: Judging

    def __post_init__(self) -> None:
        if not self.updates or len(self.updates) != len(self.batches) or not len(self.controls):
            raise DataError(
                f"{len(self.updates)} updates, {len(self.batches)} batches and {len(self.controls)} "
                "controls: give at least one update, the batch of each, and controls."
            )

    @property
    def unit(self) -> Unit:
        """One record more or less."""
        return Unit.record()

    @property
    def randomised(self) -> bool:
        """Nobody tossed a coin about a run that was recorded."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later("the run was recorded, and no coin decided who took part")

    def deal(self, world: int, *, rng: Rng) -> UpdateWorld:
        """One update, with the records behind it and as many controls.

        Raises:
            EvidenceError: if there are not that many updates.
        """
        if world >= len(self.updates):
            raise EvidenceError(
                f"world {world} of {len(self.updates)} recorded updates: play as many worlds."
            )
        batch = self.batches[world]
        drawing, ordering = rng.spawn(2)
        some = np.sort(drawing.permutation(len(self.controls))[: len(batch)])
        both = Records.concat([batch, self.controls.take(some)])
        beyond = 1 + max(int(numbers.max()) for numbers in self.numbers)
        ids = np.concatenate([self.numbers[world], beyond + some])
        # The order of targets must not say who was in.
        order = ordering.permutation(len(both))
        exposed = order < len(batch)
        both = both.take(order)
        secrets = BatchRecords(np.asarray(both.x), np.asarray(both.y, np.int64), exposed)
        case = Case(self.updates[world], self.known, np.arange(len(both)))
        return World(case, secrets, exposed, ids=ids[order])

    def hits(self, guess: Guess, secrets: BatchRecords) -> Bools:
        """bool[t]: the claim is right about this record."""
        return self.right(guess, secrets)
