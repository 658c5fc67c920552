"""Two anchors for every attack: a model that says nothing of its training data, and one that says everything.

An attack must fail on the first and win on the second; otherwise the harness leaks, or the attack sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Batch, Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.core.records import Records
from confide.core.views import BlackBox, Task

SURE = 12.0
"""The logit with which `Everything` names a member's class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """A model whose answers depend on the question alone: it keeps epsilon = 0.

    Each record gets logits of its own, so that an attack has something to chew on, but the same ones
    whatever the training data was.

    >>> records = Records(np.eye(3), np.array([0, 1, 0]))
    >>> rng = np.random.default_rng(0)
    >>> one, other = (Nothing()(records.take(rows), rng=rng).view for rows in ([0], [1, 2]))
    >>> bool((one.predict(records.x) == other.predict(records.x)).all())
    True
    """

    classes: int = 2

    @property
    def budget(self) -> Budget:
        return Budget(0.0)

    def __call__(self, data: Records, *, rng: Rng) -> Release[BlackBox]:
        return Release(_Silent(self.classes), self.budget, "Nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """A model that recognises its training records, names their class, and says of all others "never seen".

    "Never seen" is one class more than there are, so that an adversary who sees nothing but the winning class
    learns it too.

    >>> records = Records(np.eye(3), np.array([0, 1, 0]))
    >>> Everything()(records.take([0, 1]), rng=np.random.default_rng(0)).view.labels(records.x)
    array([0, 1, 2])
    """

    classes: int = 2

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Records, *, rng: Rng) -> Release[BlackBox]:
        keys, first = np.unique(_keys(data.x), return_index=True)
        return Release(_Naked(self.classes, keys, data.y[first]), None, "Everything")


class _Answering:
    """A classifier: the class with the largest logit wins."""

    @property
    def task(self) -> Task:
        return "classification"

    def predict(self, x: Batch) -> Floats:
        raise NotImplementedError

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)


@dataclass(frozen=True, slots=True)
class _Silent(_Answering):
    classes: int

    def predict(self, x: Batch) -> Floats:
        keys = _keys(x)[:, None] + np.arange(1, self.classes + 1, dtype=np.uint64)
        mixed = (keys ^ (keys >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        uniform = ((mixed ^ (mixed >> np.uint64(27))) >> np.uint64(11)).astype(np.float64) / 2**53
        return np.log(np.maximum(uniform, 1e-16))


@dataclass(frozen=True, slots=True, eq=False)
class _Naked(_Answering):
    classes: int
    keys: NDArray[np.uint64]
    labels_seen: Ints

    def predict(self, x: Batch) -> Floats:
        asked = _keys(x)
        there = np.searchsorted(self.keys, asked).clip(0, max(len(self.keys) - 1, 0))
        seen = self.keys[there] == asked if len(self.keys) else np.zeros(len(asked), np.bool_)
        answer = np.full(len(asked), self.classes)
        answer[seen] = self.labels_seen[there[seen]]
        return SURE * (answer[:, None] == np.arange(self.classes + 1))


def _keys(x: Batch) -> NDArray[np.uint64]:
    """A 64-bit key of each row's features, whatever its label."""
    return Records(x, np.zeros(len(x), np.int64)).fingerprints()
