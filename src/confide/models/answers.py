"""A memory of models' answers: each model is queried once about the same records."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Floats
from confide.models.signals import Signal
from confide.views.records import Records


class Answers:
    """The answers of M models on one set of records, computed once and kept.

    Logits are kept as float32 up to a stated memory; signals are always kept.

    Args:
        models: M models.
        records: n records, the same for all models.
        keep_bytes: logits are kept up to this total memory; beyond it models are queried again.
    """

    def __init__(self, models: Sequence[BlackBox], records: Records, *, keep_bytes: int = 2**30) -> None:
        self.models = tuple(models)
        self.records = records
        self._room = keep_bytes
        self._kept: dict[int, np.ndarray] = {}
        self._signals: dict[tuple[int, Signal], Floats] = {}
        self._digests: dict[int, bytes] = {}

    def outputs(self, model: int) -> Floats:
        """The answer of model number `model`: float64[n, C]."""
        if model in self._kept:
            return self._kept[model].astype(np.float64)
        answer = self.models[model].predict(self.records.x)
        # First come, first kept: what does not fit is asked again each time it is needed.
        self.tell(model, answer)
        return self._kept[model].astype(np.float64) if model in self._kept else answer

    def tell(self, model: int, outputs: Floats) -> None:
        """Keep an answer that is known already: the model is not asked again."""
        # While it is at hand: an answer that takes too much room is not kept, and its digest is.
        self._digests[model] = sha256(np.ascontiguousarray(outputs, np.float32).data).digest()
        if outputs.size * 4 <= self._room:  # float32 takes 4 bytes
            self._room -= outputs.size * 4
            self._kept[model] = outputs.astype(np.float32)

    def digest(self, model: int) -> bytes:
        """The SHA-256 of the answer of model number `model`, as it is kept."""
        if model not in self._digests:
            self.outputs(model)
        return self._digests[model]

    def signal(self, signal: Signal, which: Sequence[int]) -> Floats:
        """A signal of the models `which` on every record: float64[len(which), n]."""
        for model in which:
            if (model, signal) not in self._signals:
                # A signal is one number a record, so it is kept even where logits are too large.
                self._signals[model, signal] = signal(self.outputs(model), self.records.y)
        if not which:
            return np.empty((0, len(self.records)))
        return np.stack([self._signals[model, signal] for model in which])
