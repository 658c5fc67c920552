"""Learners and models on encoded records, for references of unknown black boxes and for mixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Floats, Ints, Rng
from confide.learners.encoding import Encoder
from confide.learners.learner import GroupLearner, Keepable, KeptGroupLearner, Learner
from confide.learners.recipe import recipe_text
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class EncodedModel:
    """A model that encodes the records of a query and answers in the units of the records' values."""

    inner: BlackBox
    encoder: Encoder
    centre: float = 0.0
    scale: float = 1.0

    @property
    def task(self) -> Task:
        """The task of the inner model."""
        return self.inner.task

    def predict(self, x: Batch) -> Floats:
        """The logits float64[n, C], or values float64[n, 1]."""
        outputs = self.inner.predict(self.encoder(x))
        return outputs * self.scale + self.centre if self.task == "regression" else outputs

    def labels(self, x: Batch) -> Array:
        """The class codes int64[n], or values float64[n]."""
        answer = self.inner.labels(self.encoder(x))
        return answer * self.scale + self.centre if self.task == "regression" else answer


@dataclass(frozen=True, slots=True, eq=False)
class EncodedLearner:
    """A learner on matrices that gets records with any columns.

    Args:
        inner: a learner that trains on float32[n, d].
        encoder: fitted before, and the same for all models.
        centre, scale: they standardise the values of a regression; 0 and 1 in a classification.
    """

    inner: Learner
    encoder: Encoder
    centre: float = 0.0
    scale: float = 1.0

    @property
    def task(self) -> Task:
        """The task of the inner learner."""
        return self.inner.task

    def fit(self, records: Records, *, rng: Rng) -> BlackBox:
        """Train one model."""
        return self._shown(self.inner.fit(self.encoded(records), rng=rng))

    def encoded(self, records: Records) -> Records:
        """The encoded records, as the inner learner gets them."""
        y = (records.y - self.centre) / self.scale if self.task == "regression" else records.y
        return Records(self.encoder(records.x), y)

    def _shown(self, model: BlackBox) -> EncodedModel:
        return EncodedModel(model, self.encoder, self.centre, self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedGroupLearner(EncodedLearner):
    """An `EncodedLearner` around a learner that trains many models at once and can keep them."""

    inner: KeptGroupLearner

    @property
    def group(self) -> int:
        """The number of models to train together."""
        return self.inner.group

    def fit_group(self, records: Records, subsets: Sequence[Ints], *, rngs: Sequence[Rng]) -> list[BlackBox]:
        """Train one model for each subset."""
        models = self.inner.fit_group(self.encoded(records), subsets, rngs=rngs)
        return [self._shown(model) for model in models]

    def recipe(self) -> str:
        """The inner recipe and the encoding."""
        return f"{self.inner.recipe()} on {recipe_text(self.encoder)} y=({self.centre}, {self.scale})"

    def save(self, models: Sequence[BlackBox], path: Path) -> None:
        """Write the models to one file."""
        self.inner.save([m.inner for m in models if isinstance(m, EncodedModel)], path)

    def load(self, path: Path) -> list[BlackBox]:
        """Read models that `save` wrote."""
        return [self._shown(model) for model in self.inner.load(path)]


def encoded_learner(inner: Learner, encoder: Encoder, records: Records) -> EncodedLearner:
    """Build a learner on encoded records; it groups and keeps models if the inner learner does.

    In a regression the values are standardised by the mean and the standard deviation of `records`.
    """
    centre, scale = 0.0, 1.0
    if inner.task == "regression":
        # A constant value has no spread to divide by.
        centre, scale = float(np.mean(records.y)), float(np.std(records.y)) or 1.0
    # Two classes, because a pool asks by `isinstance` what a learner can do.
    if isinstance(inner, GroupLearner) and isinstance(inner, Keepable):
        return EncodedGroupLearner(inner, encoder, centre, scale)
    return EncodedLearner(inner, encoder, centre, scale)
