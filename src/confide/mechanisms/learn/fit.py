"""Ordinary training as a mechanism, without a promise."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.nouns import Release
from confide.learners.learner import Learner
from confide.views.records import Records


@dataclass(frozen=True, slots=True)
class Fit:
    """Trains a model and publishes it as a black box.

    Args:
        learner: the recipe.
    """

    learner: Learner

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Records, *, rng: Rng) -> Release[BlackBox]:
        return Release(self.learner.fit(data, rng=rng), None, f"Fit({type(self.learner).__name__})")
