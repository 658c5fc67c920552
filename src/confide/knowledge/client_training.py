"""Updates as clients of a recorded round make them, of batches that an adversary puts together itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.learners.local import LocalLearner
from confide.views.records import Records
from confide.views.shared_round import SharedRound

TOGETHER = 32
"""Models that are trained together: a learner stacks small ones."""
OTHERS = 200
"""Changes of other clients that are made once, and drawn from for each sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMix:
    """The records of a client with the property, and of one without it.

    Args:
        sizes: how many records clients have; a batch has one of these sizes.
        inside: the share of a client's people who have the property, where the client has it; another one has
            nobody who has it.
        clients: how many clients' changes are behind one update; more than one is a sum.

    Raises:
        DataError: if a number is out of range.

    >>> mix = ClientMix(sizes=(4,), inside=0.5)
    >>> has = np.array([True, False, False, True, False, False, False])
    >>> [int(has[mix.drawn(has, 4, present=p, rng=np.random.default_rng(0))].sum()) for p in (True, False)]
    [2, 0]
    """

    sizes: tuple[int, ...]
    inside: float = 0.5
    clients: int = 1

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1 or not 0 < self.inside <= 1 or self.clients < 1:
            raise DataError(
                f"{self.clients} clients of {self.sizes!s:.60} records, a share of {self.inside} with the "
                "property: give at least 1 of each, and a share above 0 and 1 at most."
            )

    def needs(self, size: int, *, present: bool) -> tuple[int, int]:
        """How many people with the property and without it a batch of this size takes."""
        some = max(1, round(self.inside * size)) if present else 0
        return some, size - some

    def fits(self, has: Bools) -> bool:
        """Whether there are enough people with and without the property for the largest batch."""
        most = max(self.sizes)
        return bool(has.sum() >= self.needs(most, present=True)[0] and (~has).sum() >= most)

    def drawn(self, has: Bools, size: int, *, present: bool, rng: Rng) -> Ints:
        """Draw the people of one batch, without repetition.

        Args:
            has: bool[n], who has the property.
            size: of the batch.
            present: whether it has the property.
            rng: draws the people.

        Returns:
            int64[size], rows of `has`.
        """
        parts = zip((has, ~has), self.needs(size, present=present), strict=True)
        return np.concatenate([rng.choice(np.flatnonzero(side), n, replace=False) for side, n in parts])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClientTraining:
    """Updates of batches by the clients' own local training, at the model that they were sent.

    Only the direction of an update is kept: clipping and rates of the server change its length, and no more.

    Args:
        learner: what clients train.
        start: the parameters that they were sent, float[p].
        sends: "update" for the change by local training, "gradient" for that of the mean loss.
        classes: how many the labels have.
        mix: how batches are put together.
    """

    learner: LocalLearner
    start: Array
    sends: Literal["update", "gradient"]
    classes: int
    mix: ClientMix

    @property
    def part(self) -> float:
        """The share of a batch with the property that has it."""
        return self.mix.inside

    @property
    def beside(self) -> float:
        """How many clients stand beside the one in question."""
        return self.mix.clients - 1

    def fits(self, has: Bools) -> bool:
        """Whether the mix fits."""
        return self.mix.fits(has)

    def __call__(self, people: Records, has: Bools, present: Bools, *, rng: Rng) -> SharedRound:
        """The updates of drawn batches; other clients of a sum have people as they come."""
        drawing, training = rng.spawn(2)
        sizes = drawing.choice(self.mix.sizes, len(present))
        batches = [
            people.take(self.mix.drawn(has, int(size), present=bool(one), rng=drawing))
            for size, one in zip(sizes, present, strict=True)
        ]
        return self.shared(batches, people, rng=training)[0]

    def shared(
        self, batches: Sequence[Records], others: Records | None, *, rng: Rng
    ) -> tuple[SharedRound, Ints]:
        """The updates of these batches.

        Args:
            batches: the records behind each.
            others: people from whom other clients of a sum have theirs, as they come; not needed for one.
            rng: draws them, and what local training draws.

        Returns:
            the round, and how many records of each class are behind each update, int64[m, classes].
        """
        own, beside = rng.spawn(2)
        changes, labels = self._changes(batches, rng=own), self._labels(batches)
        if self.mix.clients > 1 and others is not None:
            more, counted = self._others(others, len(batches), rng=beside)
            changes, labels = changes + more, labels + counted
        sizes = {len(one) for one in batches}
        records = sizes.pop() * self.mix.clients if len(sizes) == 1 else None
        return SharedRound(layers=(), gradients=directions(changes), records=records), labels

    def _others(self, people: Records, updates: int, *, rng: Rng) -> tuple[Floats, Ints]:
        """The summed changes of the other clients of each sum, and their labels.

        A sum draws them from changes that are made once: to train all other clients again for each sum would
        take as many times longer as there are clients.
        """
        size = min(int(np.mean(self.mix.sizes)), len(people))
        batches = [people.take(rng.permutation(len(people))[:size]) for _ in range(OTHERS)]
        changes, labels = self._changes(batches, rng=rng), self._labels(batches)
        drawn = rng.integers(OTHERS, size=(updates, self.mix.clients - 1))
        sums = np.stack([changes[some].sum(axis=0) for some in drawn])
        return sums, labels[drawn].sum(axis=1)

    def _changes(self, batches: Sequence[Records], *, rng: Rng) -> Floats:
        """How each batch changes the parameters, or would by its gradient, float64[m, p]."""
        found: list[Array] = []
        for k in range(0, len(batches), TOGETHER):
            some = batches[k : k + TOGETHER]
            starts = np.repeat(np.asarray(self.start, np.float32)[None], len(some), axis=0)
            if self.sends == "gradient":
                found.append(-self.learner.gradients(starts, some).astype(np.float64))
            else:
                ends = self.learner.train(starts, some, rngs=rng.spawn(len(some)))
                found.append(ends.astype(np.float64) - starts)
        return np.concatenate(found)

    def _labels(self, batches: Sequence[Records]) -> Ints:
        return np.stack([counts_of(one, self.classes) for one in batches])


def counts_of(records: Records, classes: int) -> Ints:
    """How many records have each class, int64[classes]; labels that name none are not counted."""
    labels = np.asarray(records.y)
    if labels.dtype.kind not in "iub":
        return np.zeros(classes, np.int64)
    return np.bincount(labels.astype(np.int64), minlength=classes)[:classes]


def directions(changes: Floats) -> Floats:
    """Changes as gradients of length 1: turned round, since a gradient goes the other way.

    >>> directions(np.array([[3.0, -4.0], [0.0, 0.0]])).tolist()
    [[-0.6, 0.8], [-0.0, -0.0]]
    """
    lengths = np.linalg.norm(changes, axis=1, keepdims=True)
    return -changes / np.where(lengths > 0, lengths, 1.0)
