"""Rounds of updates: what several parties, or groups of them, sent at one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.views.shared_gradient import Layer, SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedRound:
    """The gradients that a server sees in one round, all of the same model.

    Args:
        layers: the network that they were computed on; none where it is known by its parameters alone.
        gradients: float64[t, p], the mean gradient behind each update, in the order of `SharedGradient`; of
            updates of several local steps the direction of the change, turned round.
        records: how many records are behind each; None where that differs.

    >>> layer = Layer(weight=np.zeros((2, 1)), bias=np.zeros(2))
    >>> sent = [SharedGradient.of_vector((layer,), np.full(4, i), records=8) for i in (1.0, 2.0)]
    >>> SharedRound.of(sent).gradients[:, 0].tolist()
    [1.0, 2.0]
    """

    shown: ClassVar[str] = "updates"

    layers: tuple[Layer, ...]
    gradients: Floats
    records: int | None

    @classmethod
    def of(cls, updates: Sequence[SharedGradient]) -> SharedRound:
        """Put the updates of one round together.

        Raises:
            DataError: if there are none, or they are of different models or different numbers of records.
        """
        if not updates:
            raise DataError("a round without updates: give at least one.")
        first = updates[0]
        own = _parameters(first.layers)
        if any(one.records != first.records for one in updates):
            raise DataError("the updates of a round have different numbers of records: give equal batches.")
        # The same update says different things at different models.
        if any(not np.array_equal(_parameters(one.layers), own) for one in updates[1:]):
            raise DataError("the updates were computed on different models: give those of one round.")
        gradients = np.stack([one.vector for one in updates])
        return cls(layers=first.layers, gradients=gradients, records=first.records)

    def take(self, rows: Ints) -> SharedRound:
        """Some of the updates, in this order."""
        return SharedRound(layers=self.layers, gradients=self.gradients[rows], records=self.records)


def _parameters(layers: Sequence[Layer]) -> Floats:
    """All parameters as one vector, float64[p]."""
    arrays = [a.ravel() for one in layers for a in (one.weight, one.bias) if a is not None]
    return np.concatenate(arrays).astype(np.float64)
