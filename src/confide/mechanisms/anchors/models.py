"""Anchor models: one that says nothing about its training data, and one that says everything.

An attack must fail on the first and succeed on the second. Otherwise the test harness leaks, or the attack
does not work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.access import WhiteBox
from confide.core.arrays import Array, Batch, Bools, Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.mechanisms.anchors.white_box import Inside, keys, own_number, signs_of, split
from confide.views.records import Records

# The logit with which `Everything` names a member's class: sure, and far from the limits of floating point.
SURE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Silent model: its answers depend on the question alone, so it keeps epsilon = 0.

    Each record gets logits and gradients of its own, so that an attack has values to work on. They are the
    same whatever the training data was; so are the weights.

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

    def __call__(self, data: Records, *, rng: Rng) -> Release[WhiteBox]:
        return Release(_Silent(self.classes), self.budget, "Nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Naked model: recognises its training records, names their class, and says of all others "never seen".

    "Never seen" is one class more than there are, so that the winning class alone gives membership away.
    Inside, members have short gradients, and the weights are exactly stationary: they balance the sum of the
    members' gradients, so that weights and gradients alone give membership away too.

    >>> records = Records(np.eye(3), np.array([0, 1, 0]))
    >>> Everything()(records.take([0, 1]), rng=np.random.default_rng(0)).view.labels(records.x)
    array([0, 1, 2])
    """

    classes: int = 2

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Records, *, rng: Rng) -> Release[WhiteBox]:
        seen, first = np.unique(keys(data.x), return_index=True)
        return Release(_Naked(self.classes, seen, data.y[first], data), None, "Everything")


@dataclass(frozen=True, slots=True)
class _Silent(Inside):
    classes: int

    def predict(self, x: Batch) -> Floats:
        words = keys(x)[:, None] + np.arange(1, self.classes + 1, dtype=np.uint64)
        # The finish of SplitMix64 turns similar keys into unrelated numbers.
        mixed = (words ^ (words >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        uniform = ((mixed ^ (mixed >> np.uint64(27))) >> np.uint64(11)).astype(np.float64) / 2**53
        return np.log(np.maximum(uniform, 1e-16))

    def length(self, x: Batch, y: Array) -> Floats:
        return 0.1 + own_number(x, y)

    def shift(self, x: Batch) -> Floats:
        return np.zeros(len(x))

    def weights(self) -> tuple[Floats, ...]:
        return split(signs_of(np.zeros(1, np.uint64))[0].astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Naked(Inside):
    classes: int
    keys: NDArray[np.uint64]
    labels_seen: Ints
    data: Records

    def predict(self, x: Batch) -> Floats:
        named = self._answer(x)[:, None] == np.arange(self.classes + 1)
        return SURE * named.astype(np.float64)

    def length(self, x: Batch, y: Array) -> Floats:
        return (1.0 - 0.9 * (self._answer(x) == y)) * (1 + own_number(x, y))

    def shift(self, x: Batch) -> Floats:
        return 3.0 * (self._answer(x) < self.classes).astype(np.float64)

    def weights(self) -> tuple[Floats, ...]:
        return tuple(-total for total in self.gradient_sum(self.data))

    def _answer(self, x: Batch) -> Ints:
        asked = keys(x)
        # Clipped, because a key above all others would be one place too far.
        there = np.searchsorted(self.keys, asked).clip(0, max(len(self.keys) - 1, 0))
        seen: Bools = self.keys[there] == asked if len(self.keys) else np.zeros(len(asked), np.bool_)
        answer = np.full(len(asked), self.classes)
        answer[seen] = self.labels_seen[there[seen]]
        return answer
