"""Training on encoded records: reference models of a foreign black box, and baselines on mixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Floats, Ints, Rng
from confide.learners.encoding import Encoder
from confide.learners.learner import GroupLearner, Keepable, Learner
from confide.learners.recipe import recipe_text
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class EncodedModel:
    """A model that is asked about encoded records, and answers in the units of the records' values."""

    inner: BlackBox
    encoder: Encoder
    centre: float = 0.0
    scale: float = 1.0

    @property
    def task(self) -> Task:
        """That of the model inside."""
        return self.inner.task

    def predict(self, x: Batch) -> Floats:
        """Logits float64[n, C], or values float64[n, 1]."""
        outputs = self.inner.predict(self.encoder(x))
        return outputs * self.scale + self.centre if self.task == "regression" else outputs

    def labels(self, x: Batch) -> Array:
        """Class codes int64[n], or values float64[n]."""
        answer = self.inner.labels(self.encoder(x))
        return answer * self.scale + self.centre if self.task == "regression" else answer


@dataclass(frozen=True, slots=True, eq=False)
class EncodedLearner:
    """A learner of matrices, given records of any columns.

    Args:
        inner: trains on float32[n, d].
        encoder: fitted beforehand, the same for all models.
        centre, scale: a regression's values are standardised by these; 0 and 1 in a classification.
    """

    inner: Learner
    encoder: Encoder
    centre: float = 0.0
    scale: float = 1.0

    @property
    def task(self) -> Task:
        """That of the learner inside."""
        return self.inner.task

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model."""
        return self._shown(self.inner.fit(self.encoded(records), rng=rng))

    def encoded(self, records: Records) -> Records:
        """The records as the learner inside sees them."""
        y = (records.y - self.centre) / self.scale if self.task == "regression" else records.y
        return Records(self.encoder(records.x), y)

    def _shown(self, model: BlackBox) -> EncodedModel:
        return EncodedModel(model, self.encoder, self.centre, self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedGroupLearner(EncodedLearner):
    """An `EncodedLearner` around one that trains many models at once and can keep them."""

    inner: Any

    @property
    def group(self) -> int:
        """How many models to train together."""
        return self.inner.group

    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        """One model for each subset."""
        models = self.inner.fit_group(self.encoded(records), subsets, rngs=rngs)
        return [self._shown(model) for model in models]

    def recipe(self) -> str:
        """The recipe inside, and the encoding."""
        return f"{self.inner.recipe()} on {recipe_text(self.encoder)} y=({self.centre}, {self.scale})"

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file."""
        self.inner.save([m.inner for m in models if isinstance(m, EncodedModel)], path)

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote."""
        return [self._shown(model) for model in self.inner.load(path)]


def encoded_learner(inner: Learner, encoder: Encoder, records: Records) -> EncodedLearner:
    """A learner of these records by way of an encoding; as able as the one inside.

    In a regression the values are standardised by the mean and deviation of `records`.
    """
    centre, scale = 0.0, 1.0
    if inner.task == "regression":
        centre, scale = float(np.mean(records.y)), float(np.std(records.y)) or 1.0
    able = isinstance(inner, GroupLearner) and isinstance(inner, Keepable)
    return (EncodedGroupLearner if able else EncodedLearner)(inner, encoder, centre, scale)
